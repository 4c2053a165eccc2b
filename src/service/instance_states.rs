//! StopInstances and StartInstances, and the waits for what they lead to.

use anyhow::Result;

use super::client::error::{ApiError, api, dry_run};
use super::client::lost_answers::Attempts;
use super::client::patience::{Over, Patience, Pauses};
use super::client::target::Target;
use super::instances;
use crate::domain::ids::InstanceId;
use crate::domain::instance::Instance;

const STOP: &str = "StopInstances";
const START: &str = "StartInstances";

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

/// Waits until a stopping instance is stopped. EC2 may show it as running for a moment after the answer.
pub async fn stopped(target: &Target, id: &InstanceId, patience: &Patience) -> Result<Instance, NotReached> {
    reached(target, id, "stopped", &["running", "pending", "stopping"], patience).await
}

/// Waits until a starting instance runs. EC2 may show it as stopped for a moment after the answer.
pub async fn running(target: &Target, id: &InstanceId, patience: &Patience) -> Result<Instance, NotReached> {
    reached(target, id, "running", &["stopped", "pending"], patience).await
}

async fn reached(
    target: &Target,
    id: &InstanceId,
    wanted: &str,
    on_the_way: &[&str],
    patience: &Patience,
) -> Result<Instance, NotReached> {
    let mut pauses = Pauses::new(patience);
    loop {
        let seen = patience.unless_over(look(target, id)).await.map_err(NotReached::Over)?;
        let instance = seen.map_err(NotReached::Unread)?;
        match instance.state.as_str() {
            state if state == wanted => return Ok(instance),
            state if on_the_way.contains(&state) => {}
            _ => return Err(NotReached::State(Box::new(instance))),
        }
        pauses.pause().await.map_err(NotReached::Over)?;
    }
}
