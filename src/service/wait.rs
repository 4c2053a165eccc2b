//! Waits for EC2 states, with progress.
//!
//! The SDK's waiters fail fast on one bad state only and show no progress.

use anyhow::Result;
use tokio::time::Instant;

use super::client::error::ApiError;
use super::client::patience::{Patience, Pauses, Progress, UNKNOWN_AT_FIRST, Watch, out_of_sight};
use super::client::target::Target;
use super::{images, snapshots};
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State};
use crate::domain::permissions::copy_access;
use crate::domain::region::Region;

/// The number of volumes listed one by one.
const MOST_TOLD: usize = 4;

/// Waits until the image is available; `fresh` for an id that EC2 has just given out.
///
/// A state from which it cannot become available ends the wait at once, with EC2's reason.
pub async fn image_available(
    target: &Target,
    id: &ImageId,
    fresh: bool,
    patience: &Patience,
    watch: Option<Watch<'_>>,
) -> Result<Image> {
    image(target, id, fresh, patience, watch, |state| *state == State::Available).await
}

/// Waits until a restored image is available or disabled, as before.
pub async fn image_back(target: &Target, id: &ImageId, patience: &Patience) -> Result<Image> {
    image(target, id, true, patience, None, |state| matches!(state, State::Available | State::Disabled)).await
}

/// Waits until EC2 shows a new image, whatever its state.
pub async fn image_visible(target: &Target, id: &ImageId, patience: &Patience) -> Result<Image> {
    image(target, id, true, patience, None, |_| true).await
}

async fn image(
    target: &Target,
    id: &ImageId,
    fresh: bool,
    patience: &Patience,
    watch: Option<Watch<'_>>,
    enough: fn(&State) -> bool,
) -> Result<Image> {
    let began = Instant::now();
    let mut pauses = Pauses::new(patience);
    let resume = amictl("wait").word(id).options(target.options()).to_string();
    let mut doing = "pending".to_owned();
    loop {
        let unknown_yet = fresh && began.elapsed() < UNKNOWN_AT_FIRST;
        let what = |doing: &str| format!("{id} in {} is {doing}", target.region);
        match patience.unless_over(look(target, id)).await.map_err(|over| over.failure(&what(&doing), &resume))? {
            Ok(Some(image)) if enough(&image.state) => return Ok(image),
            Ok(Some(image)) if image.state.may_become_available() => {
                if let Some(watch) = watch
                    && let Ok(progress) = patience.unless_over(progress(target, &image)).await
                {
                    watch(progress);
                }
                doing = image.state.to_string();
            }
            Ok(Some(image)) => return Err(ended(target, &image).into()),
            Ok(None) if unknown_yet => {}
            Ok(None) => return Err(gone(id, &target.region).into()),
            Err(error) => {
                let what = format!("{id} in {} was {doing}", target.region);
                return Err(out_of_sight(&error, &what, &resume).into());
            }
        }
        pauses.pause().await.map_err(|over| over.failure(&what(&doing), &resume))?;
    }
}

async fn look(target: &Target, id: &ImageId) -> Result<Option<Image>, ApiError> {
    match images::by_ids(target, std::slice::from_ref(id)).await {
        Err(error) if error.is("InvalidAMIID.NotFound") => Ok(None),
        other => Ok(other?.pop()),
    }
}

/// The progress of an image from its snapshots: EC2 has no percentage for the image itself.
async fn progress(target: &Target, image: &Image) -> Progress {
    let ids: Vec<_> = image.snapshots.iter().map(|s| s.id.clone()).collect();
    let found = if ids.is_empty() { Vec::new() } else { snapshots::existing(target, &ids).await.unwrap_or_default() };
    let total: i64 = found.iter().map(|s| s.size_gib.max(1)).sum();
    let made: i64 = found.iter().map(|s| s.size_gib.max(1) * i64::from(s.percent)).sum();
    Progress {
        percent: (total > 0).then(|| u8::try_from(made / total).unwrap_or(100)),
        doing: format!("{}{}", image.state, sizes(image)),
    }
}

/// The sizes of the volumes that EC2 reports so far.
fn sizes(image: &Image) -> String {
    let snapshots = image.snapshots.iter().map(|snapshot| snapshot.size_gib);
    let all: Vec<_> =
        snapshots.chain(image.blank_volumes.iter().map(|v| v.size_gib)).map(|size| size.to_string()).collect();
    match all.len() {
        0 => String::new(),
        1..=MOST_TOLD => format!(", {} GiB", all.join(" + ")),
        volumes => format!(", {} GiB in {volumes} volumes", image.size_gib),
    }
}

fn ended(target: &Target, image: &Image) -> Failure {
    let reason = image.state_reason.as_deref().unwrap_or("EC2 gives no reason");
    let over_key = copy_access::is_about_keys(reason);
    let code = if over_key { copy_access::KEY_NOT_USABLE } else { "ImageNotAvailable" };
    let message = format!("{} in {} is {}: {reason}", image.label(), image.region, image.state);
    let failure = Failure::new(Kind::Failed, code, message);
    let remove = amictl("deregister").word(&image.id).options(target.options()).to_string();
    match (&image.state, &image.owner) {
        (State::Failed | State::Error, Some(owner)) if over_key => {
            failure.hint(copy_access::key_hint(owner.as_str(), &remove)).first(remove)
        }
        (State::Failed | State::Error, _) => {
            failure.hint(format!("it still holds its name; remove it with: {remove}")).first(remove)
        }
        (State::Disabled, _) => failure.hint("enable it first"),
        (
            State::Pending
            | State::Available
            | State::Invalid
            | State::Deregistered
            | State::Transient
            | State::Unknown(_),
            _,
        ) => failure,
    }
}

fn gone(id: &ImageId, region: &Region) -> Failure {
    Failure::new(Kind::Failed, "InvalidAMIID.NotFound", format!("image {id} does not exist in {region}"))
        .hint("it was deregistered, or is in another region or account")
}

#[cfg(test)]
#[path = "wait_tests.rs"]
mod tests;
