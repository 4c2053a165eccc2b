//! Refusals of selected images, with all images named.

use anyhow::Result;

use super::selection::Selection;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::service::Target;
use crate::workflows::run::context::{self, Context};

/// Refuses unless all images are our own: only its owner can `change`, or deregister, an image.
pub async fn owned(chosen: &[(Target, Image)], change: &str) -> Result<()> {
    let Some((target, foreign)) = chosen.iter().find(|(_, image)| !image.own) else { return Ok(()) };
    // Without the caller's account the owner cannot be compared.
    target.account().await?;
    let owner = foreign.owner.as_ref().map_or("another account", |owner| owner.as_str());
    let message = format!("{} belongs to {owner}, not to {}", foreign.label(), target.place().await);
    Err(Failure::new(Kind::Failed, "AuthFailure", message).hint(format!("only its owner can {change} an image")).into())
}

/// Prints the places that could not be read before a refusal: they may be the reason.
pub fn unless<T>(context: &Context, chosen: &Selection, result: Result<T>) -> Result<T> {
    if result.is_err() {
        context::tell_errors(context, &chosen.errors);
    }
    result
}

/// Refuses all images if one is refused. The first refusal gives the exit code and the hint.
pub fn all_or_nothing(refused: Vec<Failure>) -> Result<()> {
    let mut rest = refused.into_iter();
    let Some(first) = rest.next() else { return Ok(()) };
    let mut messages = vec![first.message];
    let count = rest.len() + 1;
    messages.extend(rest.take(NAMED - 1).map(|failure| failure.message));
    if count > NAMED {
        messages.push(format!("{} more", count - NAMED));
    }
    Err(Failure { message: messages.join("; "), ..first }.into())
}

/// The number of images that a refusal names before it counts the others.
pub const NAMED: usize = 5;
