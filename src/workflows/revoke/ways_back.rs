//! The ways back of the aliases that name revoked images: lines for `rollback`, where there is one.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::alias::AliasParameter;
use crate::domain::alias_history::WayBack;
use crate::domain::command_line::{CommandLine, amictl};
use crate::domain::ids::ImageId;
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::domain::report::Warning;
use crate::domain::revocation::RevokeReason;
use crate::service::Target;
use crate::workflows::aliases::past::{self, Past};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::problem;

/// The places of one account where an alias names revoked images of one owner.
#[derive(Default)]
pub struct NamedBy {
    /// The places.
    pub places: Vec<Target>,
    /// The places of the images, where another account owns them.
    pub owners: Vec<Target>,
}

/// What there is to do about an alias.
#[derive(Default)]
pub struct WaysBack {
    /// The lines that take it back.
    pub lines: Vec<String>,
    /// Where it has no image to go back to, or where that is not known.
    pub warnings: Vec<Warning>,
}

/// Reads where an alias can go back to. Each line is one that works: its places go back to images of one name.
///
/// Other accounts do not see what the owner revoked. Its role makes them see it; where the owner is the caller itself,
/// without a role, the line names the image, which is checked here.
pub async fn find(
    context: &Context,
    alias: &AliasParameter,
    named: &NamedBy,
    revoked: &BTreeSet<ImageId>,
    reason: &RevokeReason,
) -> WaysBack {
    let mut found = WaysBack::default();
    let Some(first) = named.places.first() else { return found };
    let role = named.owners.first().and_then(Target::role);
    let blind = !named.owners.is_empty() && role.is_none();
    let by_owner = |line: CommandLine| match role {
        Some(role) => line.word("--from-role-arn").word(role),
        None => line,
    };
    let back = || by_owner(amictl("rollback").word(alias).word("--reason").word(reason));
    let mut by_name: BTreeMap<Option<String>, BTreeSet<Region>> = BTreeMap::new();
    for (place, way) in ways(context, alias, named, revoked).await {
        match way {
            Ok(Way::To(id, _)) if blind => {
                let line = amictl("rollback").word(alias).word("--to").word(&id).word("--reason").word(reason);
                found.lines.push(line.options(place.options()).to_string());
            }
            Ok(Way::To(_, name)) => drop(by_name.entry(Some(name)).or_default().insert(place.region.clone())),
            Ok(Way::None(why)) => {
                // Without the owner's role a family is looked for among the account's own images.
                let good = if blind { "AMI-ID" } else { alias.family().as_str() };
                let line = amictl("promote").word(good).word("--to").word(alias.alias().as_str());
                let line = by_owner(line).options(place.options());
                let message = format!("{why}; once there is a good version, promote it: {line}");
                found.warnings.push(place.error(Problem { code: "NoWayBack".to_owned(), message }).await);
            }
            // The line finds out itself, and goes to nothing that is revoked.
            Err(_) if !blind => drop(by_name.entry(None).or_default().insert(place.region.clone())),
            Err(Problem { code, message }) => {
                let message = format!(
                    "where the alias {alias} can go back to is not known: {message}; name an image that is not revoked \
                     with 'amictl rollback {alias} --to REF'"
                );
                found.warnings.push(place.error(Problem { code, message }).await);
            }
        }
    }
    found.lines.extend(by_name.values().map(|regions| back().options(first.options_in(regions)).to_string()));
    found
}

/// Where an alias goes in one place.
enum Way {
    /// To this image, of this name.
    To(ImageId, String),
    /// Nowhere, for this reason.
    None(String),
}

async fn ways<'n>(
    context: &Context,
    alias: &AliasParameter,
    named: &'n NamedBy,
    revoked: &BTreeSet<ImageId>,
) -> Vec<(&'n Target, Result<Way, Problem>)> {
    let mut pasts = match past::of_places(&named.places, alias, &named.owners).await {
        Ok(pasts) => pasts,
        Err(error) => return named.places.iter().map(|place| (place, Err(problem(&error)))).collect(),
    };
    let way = |past: &Past| {
        if let Some(problem) = &past.problem {
            return Err(problem.clone());
        }
        let nothing = |what: &str| format!("the alias {alias} has no image to go back to: {what}");
        Ok(match past.way_back(context.now) {
            WayBack::To(id) => {
                let name = past.images.get(&id).and_then(|image| image.name.clone());
                Way::To(id.clone(), name.unwrap_or_else(|| id.to_string()))
            }
            WayBack::Nothing => Way::None(nothing("it has named no other image that can be used")),
            WayBack::Forgotten => {
                Way::None(nothing("of what it named before, SSM remembers no image that can be used"))
            }
        })
    };
    pasts.iter_mut().for_each(|past| past.pass_over(revoked));
    named.places.iter().zip(&pasts).map(|(place, past)| (place, way(past))).collect()
}
