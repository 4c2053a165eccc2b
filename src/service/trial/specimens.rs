//! Specimens of what an account owns in a region: EC2's dry runs need something that is there.

use aws_sdk_ec2::types::{Filter, Image, InstanceStateName, Reservation, Snapshot};

use super::super::client::error::{ApiError, api};
use super::super::client::target::Target;

/// EC2's smallest page.
const FEW: i32 = 5;

/// One of each kind, where there is one.
#[derive(Debug, Clone, Default)]
pub struct Specimens {
    /// An image that is available.
    pub image: Option<String>,
    /// An instance that runs or is stopped.
    pub instance: Option<String>,
    /// A snapshot.
    pub snapshot: Option<String>,
}

/// Looks for them. What cannot be listed is not there.
pub async fn specimens(target: &Target) -> Specimens {
    let (image, instance, snapshot) = tokio::join!(image(target), instance(target), snapshot(target));
    Specimens { image: image.ok().flatten(), instance: instance.ok().flatten(), snapshot: snapshot.ok().flatten() }
}

/// An image that is available, if possible one that could be deregistered.
pub(super) async fn image(target: &Target) -> Result<Option<String>, ApiError> {
    let available = Filter::builder().name("state").values("available").build();
    let call = target.ec2.describe_images().owners("self").filters(available).include_disabled(true).max_results(FEW);
    let answer = call.send().await.map_err(api("DescribeImages", &target.region))?;
    let plain = |image: &&Image| image.deregistration_protection().is_none_or(|state| state == "disabled");
    let chosen = answer.images().iter().find(plain).or(answer.images().first());
    Ok(chosen.and_then(|image| image.image_id().map(str::to_owned)))
}

/// An instance that runs or is stopped.
pub(super) async fn instance(target: &Target) -> Result<Option<String>, ApiError> {
    let call = target.ec2.describe_instances().include_managed_resources(true).max_results(FEW);
    let answer = call.send().await.map_err(api("DescribeInstances", &target.region))?;
    let all = answer.reservations().iter().flat_map(Reservation::instances);
    let mut usable = all.filter(|instance| {
        let state = instance.state().and_then(|state| state.name());
        matches!(state, Some(InstanceStateName::Running | InstanceStateName::Stopped))
    });
    Ok(usable.find_map(|instance| instance.instance_id().map(str::to_owned)))
}

/// A snapshot, if possible one that no image needs.
pub(super) async fn snapshot(target: &Target) -> Result<Option<String>, ApiError> {
    let call = target.ec2.describe_snapshots().owner_ids("self").max_results(FEW);
    let answer = call.send().await.map_err(api("DescribeSnapshots", &target.region))?;
    let alone = |snapshot: &&Snapshot| !snapshot.description().is_some_and(|text| text.contains("ami-"));
    let chosen = answer.snapshots().iter().find(alone).or(answer.snapshots().first());
    Ok(chosen.and_then(|snapshot| snapshot.snapshot_id().map(str::to_owned)))
}
