//! Selection by references, in every account and region of the run.

use std::collections::BTreeMap;

use anyhow::{Error, Result};

use super::refusals::NAMED;
use super::resolve;
use super::selection::{Gaps, Selection};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::reference::ImageRef;
use crate::domain::revocation::Revocation;
use crate::service::Target;
use crate::service::session::places::Places;
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::{self, Context};
use crate::workflows::run::diagnostics::problem;

/// The number of places an error names: if they must be distinguished, all in most runs; else some.
const TOLD_APART: usize = 20;
const MISSED: usize = 5;

/// The images of each reference in one place.
type Found = (Target, Vec<Result<Vec<Image>>>);

/// Which versions of a family a reference to it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Versions {
    /// The newest that is available and neither deprecated nor revoked.
    Newest,
    /// The same, revoked or not.
    RevokedToo,
    /// All.
    Every,
}

/// What a search for references found.
struct Looked {
    chosen: Selection,
    /// Named places without an image.
    absent: Vec<String>,
    /// Ids that no place has, each with the error.
    gone: Vec<(ImageId, Error)>,
}

/// Searches every place for every reference. Each must exist somewhere; an unreadable place is reported and does not
/// hide the others. Named places without an image are reported too.
pub async fn choose(
    context: &Context,
    references: &[ImageRef],
    every_version: bool,
    copies: bool,
) -> Result<Selection> {
    let versions = if every_version { Versions::Every } else { Versions::Newest };
    let mut chosen = expected(context, references, versions).await?.0;
    for (_, image) in chosen.images.iter().filter(|(_, image)| image.revoked()).take(NAMED) {
        let why = Revocation::of(image).map(|mark| mark.told()).unwrap_or_default();
        context.printer.say(format!("warning: {} in {} is revoked{why}", image.label(), image.place()));
    }
    if copies {
        context
            .unless_stopped(async {
                chosen.follow().await;
                Ok(())
            })
            .await?;
    }
    Ok(chosen)
}

/// As [`choose`], for marks: without copies, without a word about images that are revoked, and of a family the newest
/// version counts also where it is revoked. Ids that no place has come back with the error, as what came of them may be
/// there.
pub async fn to_mark(context: &Context, references: &[ImageRef]) -> Result<(Selection, Vec<(ImageId, Error)>)> {
    expected(context, references, Versions::RevokedToo).await
}

async fn expected(
    context: &Context,
    references: &[ImageRef],
    versions: Versions,
) -> Result<(Selection, Vec<(ImageId, Error)>)> {
    let Looked { chosen, absent, gone } = look(context, references, versions).await?;
    absent.iter().for_each(|message| context.printer.say(format!("left out: {message}")));
    Ok((chosen, gone))
}

/// The one image that a reference names, in any place. An error if several places have one.
pub async fn one(context: &Context, reference: &ImageRef) -> Result<Selection> {
    let chosen = all(context, reference).await?;
    match chosen.images.len() {
        0 | 1 => Ok(chosen),
        _ => Err(ambiguous(context, reference, &chosen).await),
    }
}

/// The images that a reference names in all places. It need not name one in each.
pub async fn all(context: &Context, reference: &ImageRef) -> Result<Selection> {
    Ok(look(context, std::slice::from_ref(reference), Versions::Newest).await?.chosen)
}

/// The error for a reference that names several images.
pub async fn ambiguous(context: &Context, reference: &ImageRef, chosen: &Selection) -> Error {
    let images = &chosen.images;
    let (mut found, mut accounts, mut regions) = (Vec::new(), false, false);
    for (target, image) in images {
        found.push(format!("{} in {}", image.label(), target.place().await));
        accounts |= !target.same_account(&images[0].0);
        regions |= target.region != images[0].0.region;
    }
    let options: Vec<_> = [(accounts, "one --role-arn"), (regions, "one --region")]
        .into_iter()
        .filter_map(|(differ, option)| differ.then_some(option))
        .collect();
    context::tell_errors(context, &chosen.errors);
    let message = format!("'{reference}' names {} images: {}", images.len(), some(&found, TOLD_APART));
    Failure::new(Kind::Failed, "AmbiguousReference", message)
        .hint(format!("name the one you mean by its id, or give {}", options.join(" and ")))
        .into()
}

/// The first `n` places, and the number of the others.
fn some(places: &[String], n: usize) -> String {
    let named = places[..places.len().min(n)].join("; ");
    match places.len().saturating_sub(n) {
        0 => named,
        more => format!("{named}; and {more} more"),
    }
}

/// Searches every place for every reference, and returns the named places without one.
async fn look(context: &Context, references: &[ImageRef], versions: Versions) -> Result<Looked> {
    references.iter().try_for_each(|reference| resolve::check(context, reference))?;
    let session = context.session().await?;
    let entered = context.unless_stopped(async { Ok(session.places().await.some()?) }).await?;
    let unentered = entered.unentered();
    let Places { targets, mut errors, several, .. } = entered;
    let each = concurrency::each(LOOKUPS, &targets, |target| async {
        let mut found = Vec::new();
        for reference in references {
            found.push(match versions {
                Versions::Every => resolve::versions(context, target, reference).await,
                Versions::Newest => resolve::image(context, target, reference).await.map(|image| vec![image]),
                Versions::RevokedToo => resolve::revoked_too(context, target, reference).await.map(|image| vec![image]),
            });
        }
        (target.clone(), found)
    });
    let spinner = context.printer.bars().spinner("looking for images");
    let found: Vec<Found> = context.unless_stopped(async { Ok(each.await) }).await?;
    drop(spinner);
    let (mut unread, mut gaps) = (None, Gaps::default());
    let mut missing: Vec<Vec<(Target, Error)>> = references.iter().map(|_| Vec::new()).collect();
    let mut seen: Vec<bool> = vec![false; references.len()];
    let mut absent: Vec<String> = Vec::new();
    let mut images: Vec<(Target, Image)> = Vec::new();
    let mut at: BTreeMap<ImageId, usize> = BTreeMap::new();
    for (target, mut answers) in found {
        // If one reference cannot be read in a place, nothing is done for the others either: a later run for the rest
        // might resolve a family to another image.
        let lost = |answer: &Result<Vec<Image>>| answer.as_ref().is_err_and(|error| !resolve::is_missing(error));
        if let Some(Err(error)) = answers.iter().position(lost).map(|at| answers.swap_remove(at)) {
            if error.downcast_ref::<Failure>().is_some() {
                return Err(error);
            }
            errors.push(target.error(problem(&error)).await);
            unread.get_or_insert(error);
            gaps.unread.push(target);
            continue;
        }
        for (n, answer) in answers.into_iter().enumerate() {
            match answer {
                Ok(some) => {
                    seen[n] = true;
                    for image in some {
                        match at.get(&image.id) {
                            // Found by an account it is shared with: only the owner can change it.
                            Some(before) if image.own => images[*before] = (target.clone(), image),
                            Some(_) => {}
                            None => {
                                at.insert(image.id.clone(), images.len());
                                images.push((target.clone(), image));
                            }
                        }
                    }
                }
                Err(error) => {
                    // An id exists in one place, and `--region all` is a search: only names are expected in every named
                    // place.
                    if session.names(&target.region) && !matches!(references[n], ImageRef::Id(_)) {
                        absent.push(error.to_string());
                    }
                    missing[n].push((target.clone(), error));
                }
            }
        }
    }
    let mut gone = Vec::new();
    for ((seen, missing), reference) in seen.into_iter().zip(missing).zip(references) {
        if seen {
            continue;
        }
        let missing = match (nowhere(missing).await, reference) {
            (Some(error), ImageRef::Id(id)) if versions == Versions::RevokedToo => {
                gone.push((id.clone(), error));
                continue;
            }
            (missing, _) => missing,
        };
        // A single error ends the run, and is not printed twice.
        if missing.is_some() || errors.len() > 1 {
            context::tell_errors(context, &errors);
        }
        return Err(match (missing, unread) {
            (Some(error), _) | (None, Some(error)) => error,
            (None, None) => Failure::new(Kind::Failed, "NoPlace", "no region could be read").into(),
        });
    }
    gaps.named = images.len();
    Ok(Looked { chosen: Selection { images, errors, unentered, targets, several, gaps }, absent, gone })
}

/// The error for a reference found in none of these places: the first error, naming the other places too.
pub async fn nowhere(missing: Vec<(Target, Error)>) -> Option<Error> {
    let mut missing = missing.into_iter();
    let (_, first) = missing.next()?;
    let mut others = Vec::new();
    for (target, _) in missing {
        others.push(target.place().await);
    }
    Some(match first.downcast::<Failure>() {
        Ok(failure) if others.is_empty() => failure.into(),
        Ok(failure) => {
            Failure { message: format!("{}; nor in {}", failure.message, some(&others, MISSED)), ..failure }.into()
        }
        Err(error) => error,
    })
}
