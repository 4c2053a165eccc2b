//! StopInstances and StartInstances, and the waits for what they lead to.

use std::time::Duration;

use tokio::time::Instant;

use super::client::error::{ApiError, api, dry_run, passes};
use super::client::lost_answers::Attempts;
use super::client::patience::{Over, Patience, Pauses};
use super::client::stop::Stop;
use super::client::target::Target;
use super::instances;
use crate::domain::ids::InstanceId;
use crate::domain::instance::Instance;

const STOP: &str = "StopInstances";
const START: &str = "StartInstances";
/// The time for which EC2 may show an instance as running that was just stopped.
pub const SETTLED: Duration = Duration::from_secs(15);

/// Why a wait for a state ended without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReached {
    /// The time is over, or the user asked to stop.
    Over(Over),
    /// The instance is in a state from which it does not get there.
    State(Box<Instance>),
    /// EC2 does not show it.
    Unread(ApiError),
}

/// Stops an instance as its operating system does. Repeating it is harmless.
pub async fn stop(target: &Target, id: &InstanceId) -> Result<(), ApiError> {
    let attempts = Attempts::default();
    let call = target.ec2.stop_instances().instance_ids(id.as_str()).dry_run(false);
    let answer = call.customize().interceptor(attempts.clone()).send().await;
    answer.map(drop).map_err(api(STOP, &target.region)).map_err(|error| attempts.judged(error))
}

/// Asks EC2 whether [`stop`] would be allowed.
pub async fn check_stop(target: &Target, id: &InstanceId) -> Result<(), ApiError> {
    let answer = target.ec2.stop_instances().instance_ids(id.as_str()).dry_run(true).send().await;
    dry_run(STOP, &target.region, answer.map_err(api(STOP, &target.region)))
}

/// Starts a stopped instance. Repeating it is harmless.
pub async fn start(target: &Target, id: &InstanceId) -> Result<(), ApiError> {
    let attempts = Attempts::default();
    let call = target.ec2.start_instances().instance_ids(id.as_str()).dry_run(false);
    let answer = call.customize().interceptor(attempts.clone()).send().await;
    answer.map(drop).map_err(api(START, &target.region)).map_err(|error| attempts.judged(error))
}

/// Asks EC2 whether [`start`] would be allowed.
pub async fn check_start(target: &Target, id: &InstanceId) -> Result<(), ApiError> {
    let answer = target.ec2.start_instances().instance_ids(id.as_str()).dry_run(true).send().await;
    dry_run(START, &target.region, answer.map_err(api(START, &target.region)))
}

/// The instance as EC2 shows it.
pub async fn look(target: &Target, id: &InstanceId) -> Result<Instance, ApiError> {
    let found = instances::by_ids(target, std::slice::from_ref(id)).await?.pop();
    found.ok_or_else(|| ApiError::unreadable("DescribeInstances", &target.region))
}

/// Whether an instance leaves its running state within the time in which EC2 shows the effect of a call. A call that
/// comes late may still stop it afterwards.
pub async fn stops(target: &Target, id: &InstanceId) -> Result<bool, ApiError> {
    let patience = Patience { until: Instant::now() + SETTLED, stop: Stop::never() };
    let mut pauses = Pauses::new(&patience);
    loop {
        let seen = match look(target, id).await {
            Ok(seen) if seen.state != "running" => return Ok(true),
            Ok(_) => Ok(false),
            Err(error) if passes(&error) => Err(error),
            Err(error) => return Err(error),
        };
        if pauses.pause().await.is_err() {
            return seen;
        }
    }
}

/// Waits until a stopping instance is stopped. EC2 may show it as running for a moment after the answer. Looks that
/// fail for a while do not end the wait.
pub async fn stopped(
    target: &Target,
    id: &InstanceId,
    just_stopped: bool,
    patience: &Patience,
) -> Result<Instance, NotReached> {
    let (mut pauses, mut stops, mut unread) = (Pauses::new(patience), false, None);
    let ended = |over: Over, unread: &Option<ApiError>| match unread {
        Some(error) if over == Over::TimedOut => NotReached::Unread(error.clone()),
        Some(_) | None => NotReached::Over(over),
    };
    loop {
        let seen = patience.unless_over(look(target, id)).await.map_err(|over| ended(over, &unread))?;
        unread = match seen {
            Ok(instance) => {
                match instance.state.as_str() {
                    "stopped" => return Ok(instance),
                    "stopping" => stops = true,
                    "running" if just_stopped && !stops => {}
                    _ => return Err(NotReached::State(Box::new(instance))),
                }
                None
            }
            Err(error) if passes(&error) => Some(error),
            Err(error) => return Err(NotReached::Unread(error)),
        };
        pauses.pause().await.map_err(|over| ended(over, &unread))?;
    }
}
