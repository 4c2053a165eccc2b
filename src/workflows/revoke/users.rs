//! The users of revoked images, and the aliases that name them, with the lines that take those back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;

use crate::domain::alias::AliasParameter;
use crate::domain::command_line::amictl;
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::reason::named;
use crate::domain::region::Region;
use crate::domain::report::Warning;
use crate::domain::revocation::RevokeReason;
use crate::domain::usage::accounts::{NOT_ACTIVE, outside_account};
use crate::domain::usage::source::{ALIAS, SourceStatus, Usage, UseVerdict};
use crate::service::Target;
use crate::service::usage::sources::Scope;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::problem;
use crate::workflows::select::selection::Selection;
use crate::workflows::usage::refuse::refuse_used;
use crate::workflows::usage::selection;

/// Who uses the images.
#[derive(Default)]
pub struct Users {
    /// Each use, and each alias, in words.
    pub warnings: Vec<Warning>,
    /// The lines that take the aliases back.
    pub rollbacks: Vec<String>,
    /// Sources that could not be read.
    pub unread: Vec<PlaceError>,
    /// Why an image may not be disabled.
    refused: HashMap<ImageId, Problem>,
}

/// An alias in one account: the account, the regions in which it names revoked images, and the role of their owner.
type NamedBy = (Target, BTreeSet<Region>, Option<String>);

/// Reads who uses the images, in all accounts of the run.
pub async fn read(context: &Context, chosen: &Selection, reason: &RevokeReason) -> Result<Users> {
    let mut users = Users::default();
    let mut aliases: BTreeMap<(String, usize), NamedBy> = BTreeMap::new();
    for place in selection::usage_of(context, chosen, &Scope::default(), false).await? {
        users.unread(&place.target, &place.usage).await;
        for image in &place.images {
            users.add(&place.target, image, &place.usage).await;
            let own = place.usage.aliases(&image.id).unwrap_or_default();
            let own = own.into_iter().map(|parameter| (parameter.to_owned(), place.target.clone()));
            let mut found: Vec<_> = own.collect();
            found.extend(elsewhere(chosen, &place.target, image, &place.usage).await);
            for (parameter, target) in found {
                users.names(&parameter, &target, image).await;
                let owner = (!target.same_account(&place.target)).then(|| place.target.role().map(ToString::to_string));
                let alias = AliasParameter::of(&parameter).map_or(parameter, |alias| alias.to_string());
                let entry = aliases.entry((alias, target.key().0));
                let (_, regions, _) = entry.or_insert_with(|| (target.clone(), BTreeSet::new(), owner.flatten()));
                regions.insert(target.region.clone());
            }
        }
    }
    users.rollbacks = aliases.into_iter().map(|((alias, _), by)| line(&alias, &by, reason)).collect();
    users.rollbacks.sort();
    Ok(users)
}

/// The aliases by which other accounts of the run name an image.
async fn elsewhere(chosen: &Selection, here: &Target, image: &Image, usage: &Usage) -> Vec<(String, Target)> {
    let references = usage.references(&image.id).into_iter().filter(|reference| reference.kind == ALIAS);
    let outside = references.filter_map(|reference| Some((reference.id.clone(), outside_account(reference)?)));
    let mut found = Vec::new();
    for (parameter, account) in outside {
        for target in chosen.targets.iter().filter(|target| target.region == here.region) {
            if target.account().await.is_ok_and(|id| id.as_str() == account) {
                found.push((parameter.clone(), target.clone()));
            }
        }
    }
    found
}

/// The line that takes an alias back where it names a revoked image. Other accounts do not see what the owner revoked.
fn line(alias: &str, (target, regions, owner): &NamedBy, reason: &RevokeReason) -> String {
    let line = amictl("rollback").word(alias).word("--reason").word(reason);
    let line = match owner {
        Some(role) => line.word("--from-role-arn").word(role),
        None => line,
    };
    line.options(target.options_in(regions)).to_string()
}

impl Users {
    async fn unread(&mut self, target: &Target, usage: &Usage) {
        for state in usage.failed() {
            if let SourceStatus::Failed(problem) = &state.status
                && problem.code != NOT_ACTIVE
            {
                let message = format!("{}: {}", state.source, problem.message);
                self.unread.push(target.error(Problem { message, ..problem.clone() }).await);
            }
        }
    }

    /// Notes who uses an image, and whether it may be disabled.
    async fn add(&mut self, target: &Target, image: &Image, usage: &Usage) {
        if let UseVerdict::InUse(by) = usage.verdict(&image.id) {
            let message = format!("{}, which is revoked, is in use by {}", image.label(), named(by));
            self.warnings.push(target.error(Problem { code: "RevokedInUse".to_owned(), message }).await);
        }
        // Disabled images are not launched any more.
        if image.state != State::Disabled
            && let Err(error) = refuse_used([image], usage)
        {
            self.refused.insert(image.id.clone(), problem(&error));
        }
    }

    async fn names(&mut self, parameter: &str, target: &Target, image: &Image) {
        let alias = AliasParameter::of(parameter).map_or_else(|| parameter.to_owned(), |alias| alias.to_string());
        let message = format!("the alias {alias} names {}, which is revoked", image.label());
        self.warnings.push(target.error(Problem { code: "RevokedAlias".to_owned(), message }).await);
    }

    /// Why an image may not be disabled.
    pub fn refusal(&self, image: &ImageId) -> Option<&Problem> {
        self.refused.get(image)
    }
}
