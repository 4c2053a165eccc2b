//! The resolution of a reference to an image in one place.

use std::collections::BTreeSet;

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::domain::alias::parameter_of;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::naming::Family;
use crate::domain::order::newest_first;
use crate::domain::reference::{ImageRef, Unresolved, members, nearest};
use crate::domain::text::image_ids;
use crate::service::client::target::Target;
use crate::service::images::{self, Query};
use crate::service::parameters;
use crate::workflows::run::context::Context;

const NOT_FOUND: &str = "InvalidAMIID.NotFound";
/// Longer texts are not mistyped ids.
const QUOTED: usize = 30;

/// The one image that `reference` names.
///
/// An id may name any image the account can see. A name is looked up only among the account's own images: anyone can
/// give a public image any name.
pub async fn image(context: &Context, target: &Target, reference: &ImageRef) -> Result<Image> {
    let mut image = ungrouped(context, target, reference, ImageRef::pick).await?;
    image.group_by(&context.families);
    Ok(image)
}

/// As [`image`], but of a family the newest version counts also where it is revoked.
pub async fn revoked_too(context: &Context, target: &Target, reference: &ImageRef) -> Result<Image> {
    let mut image = ungrouped(context, target, reference, ImageRef::pick_revoked_too).await?;
    image.group_by(&context.families);
    Ok(image)
}

type Pick = fn(&ImageRef, Vec<Image>, DateTime<Utc>) -> Result<Image, Unresolved>;

async fn ungrouped(context: &Context, target: &Target, reference: &ImageRef, pick: Pick) -> Result<Image> {
    match reference {
        ImageRef::Id(id) => by_id(target, reference, id).await,
        ImageRef::Alias(family, alias) => by_parameter(context, target, reference, &parameter_of(family, alias)).await,
        ImageRef::Parameter(name) => by_parameter(context, target, reference, name.as_str()).await,
        ImageRef::Name(_) | ImageRef::Latest(_) | ImageRef::Version(..) | ImageRef::Word(_) => {
            let found = candidates(context, target, reference).await?;
            match pick(reference, found, context.now) {
                Ok(image) => Ok(image),
                Err(unresolved) => Err(explain(context, target, reference, unresolved).await.into()),
            }
        }
    }
}

/// The own images that a reference may name. Names decide, unless a family pattern may have found the family: then all
/// images are read.
async fn candidates(context: &Context, target: &Target, reference: &ImageRef) -> Result<Vec<Image>> {
    check(context, reference)?;
    let named = images::find(target, &Query::own().filter("name", reference.name_patterns())).await?;
    let of_amictl = |word: &str| named.iter().any(|image| image.family().is_some_and(|family| family.word == word));
    match reference.family_word() {
        Some(word) if !context.families.is_empty() && !of_amictl(word) => {
            let mut all = images::find(target, &Query::own()).await?;
            all.iter_mut().for_each(|image| image.group_by(&context.families));
            Ok(all)
        }
        _ => Ok(named),
    }
}

/// Refuses a reference that can name no image, whatever there is.
pub fn check(context: &Context, reference: &ImageRef) -> Result<()> {
    Ok(reference.check(&context.families).map_err(|error| Failure::usage(error.to_string()))?)
}

/// All versions of the family that `reference` names, newest first.
pub async fn versions(context: &Context, target: &Target, reference: &ImageRef) -> Result<Vec<Image>> {
    let Some(word) = reference.family_word() else {
        return Err(Failure::usage(format!("'{reference}' names one image, not a family"))
            .hint("give the family alone, e.g. web")
            .into());
    };
    if context.families.is_empty() {
        word.parse::<Family>()?;
    }
    let mut found = match members(word, candidates(context, target, reference).await?) {
        Ok(found) => found,
        Err(unresolved) => return Err(explain(context, target, reference, unresolved).await.into()),
    };
    found.sort_by(newest_first);
    match found.is_empty() {
        true => Err(explain(context, target, &ImageRef::Latest(word.parse()?), Unresolved::Nothing).await.into()),
        false => Ok(found),
    }
}

/// Whether the error says that no such image exists here.
pub fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.code == NOT_FOUND)
}

async fn by_id(target: &Target, reference: &ImageRef, id: &ImageId) -> Result<Image> {
    match images::by_id(target, id).await? {
        Some(image) => Ok(image),
        None => Err(missing(reference, &format!("no image {id} that the account can see"), &target.place().await)
            .hint("it may be in another region (--region), deregistered, or not shared with this account")
            .into()),
    }
}

/// The image that a parameter names, whatever surrounds the id: a line feed, quotes, an ARN.
async fn by_parameter(context: &Context, target: &Target, reference: &ImageRef, name: &str) -> Result<Image> {
    let Some(text) = parameters::value(target, name).await? else {
        let hint = match reference {
            ImageRef::Parameter(_) => {
                "a parameter belongs to one account and region: check its name and --region".to_owned()
            }
            _ => match suggestions(context, target, reference).await {
                close if close.is_empty() => "see what there is with: amictl list".to_owned(),
                close => format!("did you mean {}? An alias is the SSM parameter {name}", close.join(", ")),
            },
        };
        let failure = missing(reference, &format!("no SSM parameter {name}"), target.place().await);
        return Err(failure.hint(hint).into());
    };
    let ids: BTreeSet<ImageId> = image_ids(&text.value).collect();
    let wrong = |why: String| {
        let code = if matches!(reference, ImageRef::Alias(..)) { "InvalidAlias" } else { "UnresolvedParameter" };
        let place = format!("SSM parameter {name} in {}", target.region);
        Failure::new(Kind::Failed, code, format!("{place}: {why}"))
            .hint("the parameter must be a String with the id of one image")
    };
    let mut named = ids.iter();
    match (named.next(), named.next()) {
        (Some(id), None) => by_id(target, reference, id).await,
        (Some(one), Some(two)) => {
            Err(wrong(format!("it names {} images, {one} and {two} among them", ids.len())).into())
        }
        (None, _) if text.secret => Err(wrong("it is a SecureString, which names no image".to_owned()).into()),
        (None, _) => Err(wrong(valued(&text.value)).into()),
    }
}

/// The error of a value. It is quoted only if it looks like an image id: another parameter may contain a password.
fn valued(value: &str) -> String {
    match value.trim() {
        "" => "its value is blank".to_owned(),
        id if id.starts_with("ami-") && id.len() <= QUOTED && id.is_ascii() => format!("'{id}' is not an image id"),
        _ => "its value has no image id in it".to_owned(),
    }
}

fn missing(reference: &ImageRef, looked_for: &str, place: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::Failed, NOT_FOUND, format!("nothing is called '{reference}': {looked_for} in {place}"))
}

async fn explain(context: &Context, target: &Target, reference: &ImageRef, unresolved: Unresolved) -> Failure {
    let place = target.place().await;
    match unresolved {
        Unresolved::Nothing => {
            let failure = missing(reference, "no own image of that name", place);
            match suggestions(context, target, reference).await {
                close if close.is_empty() => failure.hint("see what there is with: amictl list"),
                close => failure.hint(format!("did you mean {}?", close.join(", "))),
            }
        }
        Unresolved::NoneUsable(images) => {
            let states: Vec<_> = images.iter().take(5).map(|i| format!("{} is {}", i.label(), state(i))).collect();
            Failure::new(
                Kind::Failed,
                NOT_FOUND,
                format!("'{reference}' has no available version in {place}: {}", states.join(", ")),
            )
            .hint("to use it anyway, name the image by its id")
        }
        Unresolved::SeveralFamilies(patterns) => {
            let patterns: Vec<_> = patterns.iter().map(|pattern| format!("'{pattern}'")).collect();
            let message =
                format!("'{reference}' is a family of {} family patterns: {}", patterns.len(), patterns.join(", "));
            Failure::new(Kind::Failed, "AmbiguousReference", message).hint("name the image by its id")
        }
        Unresolved::Several(images) => {
            let labels: Vec<_> = images.iter().take(5).map(Image::label).collect();
            Failure::new(
                Kind::Failed,
                "AmbiguousReference",
                format!("'{reference}' names {} images in {place}: {}", images.len(), labels.join(", ")),
            )
            .hint("name the one you mean by its id")
        }
    }
}

fn state(image: &Image) -> String {
    match image.state.as_str() {
        "available" if image.revoked() => "revoked".to_owned(),
        "available" => "deprecated".to_owned(),
        state => state.to_owned(),
    }
}

/// Names and families similar to the reference. Read only for an error.
async fn suggestions(context: &Context, target: &Target, reference: &ImageRef) -> Vec<String> {
    let Ok(mut own) = images::find(target, &Query::own()).await else { return Vec::new() };
    own.iter_mut().for_each(|image| image.group_by(&context.families));
    let families = own.iter().filter_map(|image| Some(image.family()?.word));
    match reference {
        ImageRef::Latest(family) => nearest(family.as_str(), families),
        ImageRef::Version(family, _) | ImageRef::Alias(family, _) => {
            let versions = own.iter().filter(|i| i.parsed_name.as_ref().is_some_and(|n| n.family() == family));
            let mut versions: Vec<_> = versions.collect();
            versions.sort_by(|a, b| newest_first(a, b));
            let names: Vec<&str> = versions.into_iter().filter_map(|i| i.name.as_deref()).take(3).collect();
            if names.is_empty() { nearest(family.as_str(), families) } else { names }
        }
        other => {
            let names = own.iter().filter_map(|image| image.name.as_deref());
            nearest(&other.to_string(), names.chain(families))
        }
    }
    .into_iter()
    .map(str::to_owned)
    .collect()
}
