//! The users of revoked images, and the aliases that name them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::ways_back::{self, NamedBy};
use crate::domain::alias::AliasParameter;
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::reason::named;
use crate::domain::region::Region;
use crate::domain::report::Warning;
use crate::domain::revocation::RevokeReason;
use crate::domain::usage::accounts::outside_account;
use crate::domain::usage::source::{ALIAS, Usage, UseVerdict};
use crate::service::Target;
use crate::service::usage::sources::Scope;
use crate::workflows::run::concurrency::{self, PLACES};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::problem;
use crate::workflows::select::selection::Selection;
use crate::workflows::usage::refuse::refuse_used;
use crate::workflows::usage::selection;
use crate::workflows::usage::unread::unread;

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
    pub refused: BTreeMap<ImageId, (Region, Problem)>,
}

/// Whether the images are marked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// They are.
    Set,
    /// They would be.
    Tried,
}

impl Marks {
    fn words(self) -> &'static str {
        match self {
            Self::Set => "which is revoked",
            Self::Tried => "which would be revoked",
        }
    }
}

/// Reads who uses the images, in all accounts of the run.
pub async fn read(context: &Context, chosen: &Selection, reason: &RevokeReason, marks: Marks) -> Result<Users> {
    let mut users = Users::default();
    let mut aliases: BTreeMap<(AliasParameter, usize, Option<usize>), NamedBy> = BTreeMap::new();
    for place in selection::usage_of(context, chosen, &Scope::default(), false).await? {
        users.unread.extend(unread(&place.target, &place.usage).await);
        for image in &place.images {
            users.add(&place.target, image, &place.usage, marks).await;
            let own = place.usage.aliases(&image.id).unwrap_or_default();
            let own = own.into_iter().map(|parameter| (parameter.to_owned(), place.target.clone()));
            let mut found: Vec<_> = own.collect();
            found.extend(elsewhere(chosen, &place.target, image, &place.usage).await);
            for (parameter, target) in found {
                let Some(alias) = AliasParameter::of(&parameter) else { continue };
                users.names(&alias, &target, image, marks).await;
                let owner = (!target.same_account(&place.target)).then(|| place.target.clone());
                let key = (alias, target.key().0, owner.as_ref().map(|owner| owner.key().0));
                let entry = aliases.entry(key).or_default();
                for (places, one) in [(&mut entry.places, Some(target)), (&mut entry.owners, owner)] {
                    let new = one.filter(|one| !places.iter().any(|known| known.is(one)));
                    places.extend(new);
                }
            }
        }
    }
    let revoked: BTreeSet<ImageId> = chosen.images.iter().map(|(_, image)| image.id.clone()).collect();
    let revoked = &revoked;
    let each = concurrency::each(PLACES, aliases, |((alias, ..), by)| async move {
        ways_back::find(context, &alias, &by, revoked, reason).await
    });
    for ways in context.unless_stopped(async { Ok(each.await) }).await? {
        users.rollbacks.extend(ways.lines);
        users.warnings.extend(ways.warnings);
    }
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

impl Users {
    /// Notes who uses an image, and whether it may be disabled.
    async fn add(&mut self, target: &Target, image: &Image, usage: &Usage, marks: Marks) {
        if let UseVerdict::InUse(by) = usage.verdict(&image.id) {
            let message = format!("{}, {}, is in use by {}", image.label(), marks.words(), named(by));
            self.warnings.push(target.error(Problem { code: "RevokedInUse".to_owned(), message }).await);
        }
        // Disabled images are not launched any more.
        if image.state != State::Disabled
            && let Err(error) = refuse_used([image], usage)
        {
            self.refused.insert(image.id.clone(), (image.region.clone(), problem(&error)));
        }
    }

    async fn names(&mut self, alias: &AliasParameter, target: &Target, image: &Image, marks: Marks) {
        let message = format!("the alias {alias} names {}, {}", image.label(), marks.words());
        self.warnings.push(target.error(Problem { code: "RevokedAlias".to_owned(), message }).await);
    }

    /// Why an image may not be disabled.
    pub fn refusal(&self, image: &ImageId) -> Option<&Problem> {
        self.refused.get(image).map(|(_, problem)| problem)
    }
}
