//! The wait until the snapshots of an image are begun: from then on its instance may run.
//!
//! A snapshot holds its volume as it was when the snapshot was begun, also while it is pending. CreateImage answers
//! before that, and an image that is being made may not show all its snapshots yet. So the instance stays stopped until
//! each of its volumes has a snapshot of this image, or the image is available, or failed.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::ids::ImageId;
use crate::domain::image::State;
use crate::domain::instance::Instance;
use crate::domain::snapshot::Snapshot;
use crate::service::client::patience::{Over, Patience, Pauses};
use crate::service::client::stop::Stop;
use crate::service::{Target, images, instance_states, snapshots};

/// The time for which a stop signal waits: an instance that starts too early spoils the image.
const SOON: Duration = Duration::from_secs(60);

/// Waits until the snapshots are begun. Otherwise gives the reason for which it is not known that they are.
pub async fn begun(target: &Target, image: &ImageId, stopped: &Instance, patience: &Patience) -> Result<(), String> {
    let soon = Patience { until: patience.until.min(Instant::now() + SOON), stop: Stop::never() };
    let mut why = match wait(target, image, stopped, &soon).await {
        Ok(()) => return Ok(()),
        Err(why) => why,
    };
    if !patience.stop.asked() && Instant::now() < patience.until {
        why = match wait(target, image, stopped, patience).await {
            Ok(()) => return Ok(()),
            Err(why) => why,
        };
    }
    Err(match patience.stop.asked() {
        true => format!("interrupted: {why}"),
        false => why,
    })
}

/// What somebody else did with the instance until its snapshots were begun, or that it is not known.
pub async fn disturbed(target: &Target, stopped: &Instance) -> Option<String> {
    match instance_states::look(target, &stopped.id).await {
        Ok(seen) if seen.state == "stopped" && seen.launched_at == stopped.launched_at => None,
        Ok(seen) if seen.state == "stopped" => Some("was started and stopped meanwhile".to_owned()),
        Ok(seen) => Some(format!("was started meanwhile by somebody else, and is {}", seen.state)),
        Err(error) => Some(format!("may have been started meanwhile ({error})")),
    }
}

async fn wait(target: &Target, image: &ImageId, stopped: &Instance, patience: &Patience) -> Result<(), String> {
    let mut pauses = Pauses::new(patience);
    loop {
        let mut why = match patience.unless_over(look(target, image, stopped)).await {
            Ok(Ok(None)) => return Ok(()),
            Ok(Ok(Some(why)) | Err(why)) => why,
            Err(Over::Interrupted | Over::TimedOut) => return Err("EC2 did not answer in time".to_owned()),
        };
        if pauses.pause().await.is_err() {
            why.push_str(" when the time was over");
            return Err(why);
        }
    }
}

/// What is not begun yet, if anything.
async fn look(target: &Target, id: &ImageId, stopped: &Instance) -> Result<Option<String>, String> {
    let found = images::by_ids(target, std::slice::from_ref(id)).await;
    let image = match found {
        Ok(mut found) => found.pop(),
        Err(error) if error.is("InvalidAMIID.NotFound") => None,
        Err(error) => return Err(error.to_string()),
    };
    let Some(image) = image else { return Ok(Some(format!("{id} could not be seen yet"))) };
    if !image.state.may_become_available() || image.state == State::Available {
        return Ok(None);
    }
    let listed: Vec<_> = image.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect();
    let mut all = snapshots::existing(target, &listed).await.map_err(|error| error.to_string())?;
    // An image may list its snapshots later than EC2 does.
    if !covers(&all, stopped) {
        let described = snapshots::speaking_of(target, std::slice::from_ref(id)).await;
        all.extend(described.map_err(|error| error.to_string())?);
    }
    let lacking = || format!("not every volume of {} had a snapshot", stopped.id);
    Ok((!covers(&all, stopped)).then(lacking))
}

fn covers(all: &[Snapshot], stopped: &Instance) -> bool {
    let has = |volume: &String| all.iter().any(|snapshot| snapshot.volume_id.as_ref() == Some(volume));
    !stopped.volumes.is_empty() && stopped.volumes.iter().all(has)
}
