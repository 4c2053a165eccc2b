//! The source of a copy: which image it is, who owns it, and which accounts may copy it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Error, Result};

use super::access::with_owner;
use super::job::{CopyJob, CopySource};
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::lineage;
use crate::domain::permissions::copy_access;
use crate::domain::reference::ImageRef;
use crate::domain::region::Region;
use crate::domain::tags::name_tags;
use crate::service::client::error::{ApiError, codes};
use crate::service::{Target, images};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics;
use crate::workflows::select::resolve;

/// An account, and the image that the reference names in it.
type Looked = (Target, Result<Image>);

/// Finds the image to copy, in the account of `role` or else in the copying accounts, and whether each of these may
/// copy it. An error ends the whole run.
pub async fn find(
    context: &Context,
    targets: Vec<Target>,
    reference: &ImageRef,
    role: Option<&str>,
) -> Result<Vec<CopySource>> {
    let several = targets.len() > 1;
    if let Some(role) = role {
        let (owner, image) = of_owner(context, reference, role).await?;
        let asked = targets.into_iter().map(|target| (target, None)).collect();
        return with_owner(context, &owner, &image, asked).await;
    }
    let each = concurrency::each(LOOKUPS, targets, |target| async {
        let seen = look(context, &target, reference, several).await;
        (target, seen)
    });
    let looked: Vec<Looked> = each.await;
    let Some((finder, image)) = origin(reference, &looked).await? else {
        return Err(nobody(context, reference, looked).await);
    };
    let missed = |seen: Result<Image>| seen.err().filter(|error| !resolve::is_missing(error));
    if image.own {
        let asked = looked.into_iter().map(|(target, seen)| (target, missed(seen))).collect();
        return with_owner(context, &finder, &image, asked).await;
    }
    let by_id = &ImageRef::Id(image.id.clone());
    let each = concurrency::each(LOOKUPS, looked, |(target, seen)| {
        let image = image.clone();
        async move {
            let seen = match seen {
                Ok(seen) if seen.id == image.id => Ok(seen),
                Err(error) if !resolve::is_missing(&error) => Err(error),
                Ok(_) | Err(_) => resolve::image(context, &target, by_id).await,
            };
            match seen {
                Ok(image) => CopySource { target, image: named(image), owner: None, refusal: None },
                Err(error) => {
                    let refusal = Some(perhaps_not_shared(&target, by_id, error).await);
                    CopySource { target, image, owner: None, refusal }
                }
            }
        }
    });
    Ok(each.await)
}

/// With several accounts, checks first that each can be entered.
async fn look(context: &Context, target: &Target, reference: &ImageRef, several: bool) -> Result<Image> {
    if several {
        target.account().await?;
    }
    resolve::image(context, target, reference).await
}

/// The image, and the account in which it was found: its owner, if among them.
async fn origin(reference: &ImageRef, looked: &[Looked]) -> Result<Option<(Target, Image)>> {
    let mut found: Vec<(&Target, &Image)> = Vec::new();
    for (target, seen) in looked {
        match seen {
            Ok(image) => match found.iter_mut().find(|(_, other)| other.id == image.id) {
                Some(before) if image.own => *before = (target, image),
                Some(_) => {}
                None => found.push((target, image)),
            },
            Err(error) => match error.downcast_ref::<Failure>() {
                // Two images with one name, or a dead alias: the reference is ambiguous.
                Some(failure) if !resolve::is_missing(error) => return Err(failure.clone().into()),
                Some(_) | None => {}
            },
        }
    }
    if found.len() > 1 {
        found = originals(found).await;
    }
    match found.as_slice() {
        [] => Ok(None),
        [(target, image)] => Ok(Some(((*target).clone(), (*image).clone()))),
        several => Err(ambiguous(reference, several).await.into()),
    }
}

/// The images that are not copies of others found: copies by an earlier run have the name of their source. If that
/// leaves none, or cannot be read, all remain.
async fn originals<'a>(found: Vec<(&'a Target, &'a Image)>) -> Vec<(&'a Target, &'a Image)> {
    let origin = |image: &Image| {
        let origin = lineage::origin(image)?;
        Some((origin.region.unwrap_or_else(|| image.region.clone()), origin.id))
    };
    let mut origins: BTreeMap<Region, BTreeSet<ImageId>> = BTreeMap::new();
    for (region, id) in found.iter().filter_map(|(_, image)| origin(image)) {
        origins.entry(region).or_default().insert(id);
    }
    let places = found.iter().flat_map(|(target, _)| origins.iter().map(move |(region, ids)| (*target, region, ids)));
    let each = concurrency::each(LOOKUPS, places, |(target, region, ids)| async move {
        let ids: Vec<_> = ids.iter().cloned().collect();
        let own = images::own_by_ids(&target.in_region(region), &ids).await.unwrap_or_default();
        own.into_iter().map(move |image| (target, image.id)).collect::<Vec<_>>()
    });
    let own = each.await;
    let given = |target: &Target, image: &Image| {
        let origin = origin(image);
        let is_it = |(owner, id): &(&Target, ImageId)| {
            !owner.same_account(target) && origin.as_ref().is_some_and(|(_, origin)| origin == id)
        };
        own.iter().flatten().any(is_it)
    };
    let left: Vec<_> = found.iter().copied().filter(|(target, image)| !given(target, image)).collect();
    if left.is_empty() { found } else { left }
}

async fn ambiguous(reference: &ImageRef, found: &[(&Target, &Image)]) -> Failure {
    let mut places = Vec::new();
    for (target, image) in found {
        places.push(format!("{} in {}", image.label(), target.place().await));
    }
    let message = format!("'{reference}' names {} images: {}", found.len(), places.join("; "));
    Failure::new(Kind::Failed, "AmbiguousReference", message)
        .hint("name the one you mean by its id, or its owner with --from-role-arn")
}

/// No account has such an image: prints the reason of each.
async fn nobody(context: &Context, reference: &ImageRef, looked: Vec<Looked>) -> Error {
    let (several, mut first) = (looked.len() > 1, None);
    for (target, seen) in looked {
        let Err(error) = seen else { continue };
        let error = perhaps_not_shared(&target, reference, error).await;
        if several {
            let whose = target.whose().await.unwrap_or_default();
            diagnostics::tell_failed(context, &format!("account {whose}"), &error);
        }
        first.get_or_insert(error);
    }
    first.unwrap_or_else(|| Failure::new(Kind::Failed, "NoPlace", "no account could be read").into())
}

/// Tags of another account's image are not visible; its name implies some of them.
fn named(mut image: Image) -> Image {
    if !image.own
        && let Some(name) = &image.parsed_name
    {
        let seen = std::mem::take(&mut image.tags);
        image.tags = name_tags(name);
        image.tags.extend(seen);
    }
    image
}

/// A missing image may be another account's that is not shared: EC2 does not distinguish the two.
async fn perhaps_not_shared(target: &Target, reference: &ImageRef, error: Error) -> Error {
    match (reference, error.downcast_ref::<Failure>(), target.account().await) {
        (ImageRef::Id(id), Some(failure), Ok(account)) if resolve::is_missing(&error) => {
            let share = copy_access::let_copy(id.as_str(), account.as_str(), &format!("--region {}", target.region));
            let hint = format!(
                "if it belongs to another account, its owner shares it with: {share}; else it is deregistered, or in \
                 another region (--region)"
            );
            failure.clone().hint(hint).into()
        }
        _ => error,
    }
}

/// The image, and its owner, entered with the role.
async fn of_owner(context: &Context, reference: &ImageRef, role: &str) -> Result<(Target, Image)> {
    let owner = context.target_as(role).await?;
    let theirs = match owner.account().await {
        Ok(account) => account.clone(),
        Err(error) => return Err(not_assumed(role, error)),
    };
    let image = resolve::image(context, &owner, reference).await?;
    if image.own {
        return Ok((owner, image));
    }
    let to = image.owner.as_ref().map_or("another account".to_owned(), |owner| format!("account {owner}"));
    let message = format!("{} belongs to {to}, and the role {role} leads to account {theirs}", image.label());
    Err(Failure::new(Kind::Failed, "AuthFailure", message)
        .hint("give a role in the account that owns the image, or leave --from-role-arn out")
        .into())
}

fn not_assumed(role: &str, error: ApiError) -> Error {
    let message = format!("the role {role} of --from-role-arn cannot be assumed");
    if !error.is(codes::CREDENTIALS) {
        return Error::from(error).context(message);
    }
    Failure::new(Kind::Failed, codes::CREDENTIALS, format!("{message}: {}", error.message))
        .hint("the role must exist, its trust policy must admit you, and you need sts:AssumeRole on it")
        .into()
}

/// Refuses images that cannot be copied. With several accounts, the owner's gets no copy in the image's own region.
pub fn check(context: &Context, copies: &mut CopyJob) -> Result<()> {
    let source = &copies.source;
    if source.state != State::Available {
        let message =
            format!("{} in {} is {}: only available images are copied", source.label(), source.region, source.state);
        let failure = Failure::new(Kind::Failed, "InvalidAMIID.Unavailable", message);
        let wait = amictl("wait").word(&source.id).options(copies.target.options());
        return Err(if source.state == State::Pending {
            failure.hint(format!("wait for it with: {wait}"))
        } else {
            failure
        }
        .into());
    }
    if !source.own || !copies.to.contains(&source.region) || source.name.as_ref() != Some(&copies.name) {
        return Ok(());
    }
    let message = format!("{} is in {} already, under that name", source.label(), copies.at(&source.region));
    if copies.whose.is_none() {
        return Err(Failure::usage(message).hint("give the copy another name with --name").into());
    }
    context.printer.say(format!("{message}: it is the source, and is left as it is"));
    copies.to.remove(&source.region);
    Ok(())
}
