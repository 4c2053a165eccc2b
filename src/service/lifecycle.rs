//! Reversible changes to an image: deprecation, disabling, protection, tags.
//!
//! Each can be repeated without harm, so a lost answer is resolved by reading the image.

use std::time::Duration;

use aws_sdk_ec2::types::Tag;
use aws_smithy_types::DateTime as Timestamp;

use super::client::error::{ApiError, api, dry_run};
use super::client::target::Target;
use super::{images, tags};
use crate::domain::change::Change;
use crate::domain::image::Image;
use crate::domain::problem::{NOT_SEEN, Problem};

/// The pauses in seconds in which EC2 may still show the image as before a change.
pub(super) const SEEN_PAUSES: [u64; 6] = [0, 1, 2, 4, 8, 15];

/// EC2's codes for a resource whose state does not allow the call.
pub(super) const STATE: [&str; 3] = ["InvalidAMIID.Unavailable", "IncorrectState", "InvalidState"];

/// Asks EC2 whether the change is allowed; changes nothing.
pub async fn check(target: &Target, image: &Image, change: &Change) -> Result<(), ApiError> {
    for call in change.calls(image).iter().filter(|call| !call.holds(image)) {
        send(target, image, call, true).await?;
    }
    Ok(())
}

/// A change that failed, or whose effect EC2 does not show.
pub struct NotMade {
    /// EC2's error, or the missing effect.
    pub problem: Problem,
    /// Whether EC2 refused it. An earlier attempt may have taken effect all the same.
    pub refused: bool,
}

impl NotMade {
    fn refused(problem: Problem) -> Self {
        Self { problem, refused: true }
    }

    fn unclear(problem: Problem) -> Self {
        Self { problem, refused: false }
    }
}

/// Makes the change and reads the image until EC2 shows it. Returns the image.
pub async fn make(target: &Target, image: &Image, change: &Change) -> Result<Image, Problem> {
    attempt(target, image, change).await.map_err(|failed| failed.problem)
}

/// As [`make`], but distinguishes a refusal from a change that may still take effect.
pub async fn attempt(target: &Target, image: &Image, change: &Change) -> Result<Image, NotMade> {
    let mut now = image.clone();
    for call in change.calls(image) {
        if !call.holds(&now) {
            now = make_one(target, &now, &call).await?;
        }
    }
    Ok(now)
}

async fn make_one(target: &Target, image: &Image, change: &Change) -> Result<Image, NotMade> {
    let (refused, pauses) = match send(target, image, change, false).await {
        Ok(()) => (None, &SEEN_PAUSES[..]),
        Err(error) if error.answer_lost => (Some(error), &SEEN_PAUSES[..]),
        // The answer to a first attempt may be lost, and the next one refused because the change is done.
        Err(error) if STATE.contains(&error.code.as_str()) => (Some(error), &SEEN_PAUSES[..1]),
        Err(error) => return Err(NotMade::refused(error.problem())),
    };
    let not_seen = |message| NotMade::unclear(Problem { code: NOT_SEEN.to_owned(), message });
    let unclear = |error: &ApiError| NotMade::unclear(error.problem());
    for pause in pauses {
        tokio::time::sleep(Duration::from_secs(*pause)).await;
        let found = images::by_ids(target, std::slice::from_ref(&image.id)).await.map_err(|error| match &refused {
            Some(refused) => unclear(refused),
            None => not_seen(format!("EC2 accepted the call, but the image cannot be read: {error}")),
        })?;
        if let Some(now) = found.into_iter().find(|now| change.holds(now)) {
            return Ok(now);
        }
    }
    Err(match refused {
        None => not_seen(format!("EC2 accepted the call, but does not show the image as {}", change.verb().done())),
        Some(error) if error.answer_lost => unclear(&error),
        Some(error) => NotMade::refused(error.problem()),
    })
}

/// Makes one call; setting and removing tags takes two.
async fn send(target: &Target, image: &Image, change: &Change, try_only: bool) -> Result<(), ApiError> {
    let (ec2, id) = (&target.ec2, image.id.as_str());
    let region = &target.region;
    let (call, answer) = match change {
        Change::Deprecate(at) => {
            let at = Timestamp::from_secs(at.timestamp());
            let answer = ec2.enable_image_deprecation().image_id(id).deprecate_at(at).dry_run(try_only).send().await;
            let call = "EnableImageDeprecation";
            (call, answer.map(drop).map_err(api(call, region)))
        }
        Change::CancelDeprecation => {
            let call = "DisableImageDeprecation";
            let answer = ec2.disable_image_deprecation().image_id(id).dry_run(try_only).send().await;
            (call, answer.map(drop).map_err(api(call, region)))
        }
        Change::Disable => {
            let call = "DisableImage";
            (call, ec2.disable_image().image_id(id).dry_run(try_only).send().await.map(drop).map_err(api(call, region)))
        }
        Change::Enable => {
            let call = "EnableImage";
            (call, ec2.enable_image().image_id(id).dry_run(try_only).send().await.map(drop).map_err(api(call, region)))
        }
        Change::Protect { cooldown } => {
            let call = "EnableImageDeregistrationProtection";
            let request = ec2.enable_image_deregistration_protection().image_id(id).with_cooldown(*cooldown);
            (call, request.dry_run(try_only).send().await.map(drop).map_err(api(call, region)))
        }
        Change::Unprotect => {
            let call = "DisableImageDeregistrationProtection";
            let request = ec2.disable_image_deregistration_protection().image_id(id);
            (call, request.dry_run(try_only).send().await.map(drop).map_err(api(call, region)))
        }
        Change::Tag { set, remove } => {
            if !set.is_empty() {
                let answer = tags::send(target, &[id], set, try_only).await;
                if try_only { dry_run("CreateTags", region, answer)? } else { answer? }
            }
            if remove.is_empty() {
                return Ok(());
            }
            let call = "DeleteTags";
            // Without a value EC2 removes the tag, whatever its value.
            let keys = remove.iter().map(|key| Tag::builder().key(key).build()).collect();
            let request = ec2.delete_tags().resources(id).set_tags(Some(keys)).dry_run(try_only);
            (call, request.send().await.map(drop).map_err(api(call, region)))
        }
    };
    if try_only { dry_run(call, region, answer) } else { answer }
}
