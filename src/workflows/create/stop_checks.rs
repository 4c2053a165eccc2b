//! Obstacles to stopping an instance, found before anything is changed.

use anyhow::Result;

use crate::domain::failure::{Failure, Kind};
use crate::domain::instance::Instance;
use crate::domain::stopped::StoppedMark;
use crate::domain::tags::STOPPED;
use crate::service::{Target, auto_scaling_groups, instance_states, instance_types, stop_obstacles, tags};

/// Refuses an instance that `--stop` would harm, or that EC2 would not stop, start or let be tagged.
pub async fn check(target: &Target, instance: &Instance, mark: &StoppedMark) -> Result<()> {
    let (at, id) = (format!("{} in {}", instance.label(), target.region), &instance.id);
    if instance.state != "running" {
        let message = format!("{at} is {}: --stop needs it running or stopped", instance.state);
        return Err(Failure::new(Kind::Failed, "IncorrectInstanceState", message).into());
    }
    if instance.root_type.as_deref() != Some("ebs") {
        let message = format!("{at} has no EBS root volume: EC2 cannot stop it");
        return Err(refused("InstanceStore", message, "make an image of an instance with an EBS root volume"));
    }
    let kind = instance.instance_type.as_deref().unwrap_or_default();
    let (group, protected, store, spot) = tokio::try_join!(
        auto_scaling_groups::membership(target, id),
        stop_obstacles::stop_protected(target, id),
        instance_types::instance_store(target, kind),
        async {
            match (instance.spot, &instance.spot_request) {
                (false, _) => Ok(Some(true)),
                (true, None) => Ok(None),
                (true, Some(request)) => stop_obstacles::persistent_spot(target, request).await,
            }
        },
    )?;
    if let Some(group) = group.filter(|group| !group.standby()) {
        let message = format!(
            "{at} is {} in the Auto Scaling group {}, which would replace it when it is stopped",
            group.lifecycle, group.group
        );
        let standby = format!(
            "aws autoscaling enter-standby --region {} --instance-ids {id} --auto-scaling-group-name {} \
             --should-decrement-desired-capacity",
            target.region,
            crate::domain::command_line::quoted(&group.group)
        );
        return Err(refused("InAutoScalingGroup", message, &format!("put it into Standby first: {standby}")));
    }
    match store {
        Some(false) => {}
        Some(true) => {
            let message = format!("{at} is a {kind}, which has instance store volumes: a stop erases what is on them");
            return Err(refused("InstanceStore", message, STORE_HINT));
        }
        None => {
            let message = format!("{at} is a '{kind}', and EC2 does not say whether that has instance store volumes");
            return Err(refused("InstanceStore", message, STORE_HINT));
        }
    }
    match spot {
        Some(true) => {}
        Some(false) => {
            let message = format!("{at} is a Spot Instance of a one-time request: EC2 cannot stop it");
            return Err(refused("OneTimeSpot", message, "leave out --stop: it reboots then"));
        }
        None => {
            let message = format!("{at} is a Spot Instance, and EC2 does not say whether its request is persistent");
            return Err(refused("OneTimeSpot", message, "leave out --stop: it reboots then"));
        }
    }
    if protected {
        let message = format!("{at} is protected from being stopped (disableApiStop)");
        let line = format!(
            "aws ec2 modify-instance-attribute --region {} --instance-id {id} --no-disable-api-stop",
            target.region
        );
        return Err(refused("StopProtection", message, &format!("take the protection off first: {line}")));
    }
    instance_states::check_stop(target, id).await?;
    check_start(target, instance, mark).await
}

const STORE_HINT: &str = "leave out --stop: it reboots then, and keeps them";

/// Asks EC2 whether the instance may be tagged and started, and the tag removed.
pub async fn check_start(target: &Target, instance: &Instance, mark: &StoppedMark) -> Result<()> {
    tags::check(target, std::slice::from_ref(&instance.id), &mark.tags()).await?;
    instance_states::check_start(target, &instance.id).await?;
    Ok(tags::check_removal(target, &instance.id, STOPPED, &mark.to_string()).await?)
}

fn refused(code: &'static str, message: String, hint: &str) -> anyhow::Error {
    Failure::new(Kind::Refused, code, message).hint(hint).into()
}
