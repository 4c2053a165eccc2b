//! TerminateInstances, and the wait until the instance is terminated.

use tokio::time::Instant;

use super::client::error::{ApiError, api, dry_run, is_denied};
use super::client::patience::{Patience, Pauses, UNKNOWN_AT_FIRST};
use super::client::target::Target;
use super::instances;
use crate::domain::ids::InstanceId;
use crate::domain::problem::Problem;

const CALL: &str = "TerminateInstances";
/// EC2's code for an instance with termination protection.
const PROTECTED: &str = "OperationNotPermitted";
/// EC2's code for an instance that it does not know: not yet, or no longer.
const UNKNOWN: &str = "InvalidInstanceID.NotFound";

/// Asks EC2 to terminate an instance. Repeating it is harmless.
pub async fn terminate(target: &Target, id: &InstanceId) -> Result<(), ApiError> {
    send(target, id, false).await
}

/// Asks EC2 whether [`terminate`] would be allowed.
pub async fn check(target: &Target, id: &InstanceId) -> Result<(), ApiError> {
    dry_run(CALL, &target.region, send(target, id, true).await)
}

async fn send(target: &Target, id: &InstanceId, try_only: bool) -> Result<(), ApiError> {
    let call = target.ec2.terminate_instances().instance_ids(id.as_str()).dry_run(try_only);
    call.send().await.map(drop).map_err(api(CALL, &target.region))
}

/// Terminates an instance and waits until EC2 shows it terminated. What fails is tried again until the patience ends,
/// unless it is refused for good.
pub async fn terminated(target: &Target, id: &InstanceId, patience: &Patience) -> Result<(), Problem> {
    let (mut pauses, began) = (Pauses::new(patience), Instant::now());
    let not_seen = |what: &str| Problem {
        code: "NotTerminated".to_owned(),
        message: format!("{id} in {} was not seen terminated: {what}", target.region),
    };
    let (mut asked, mut last) = (false, not_seen("EC2 did not answer in time"));
    loop {
        let step = async {
            if !asked {
                terminate(target, id).await?;
            }
            instances::by_ids(target, std::slice::from_ref(id)).await
        };
        match patience.unless_over(step).await {
            Ok(Ok(found)) => {
                let state = found.first().map_or("unknown", |instance| instance.state.as_str());
                match state {
                    "terminated" => return Ok(()),
                    state => (asked, last) = (state == "shutting-down", not_seen(&format!("it is {state}"))),
                }
            }
            // A new instance may be unknown for a while; an old one is long terminated.
            Ok(Err(error)) if error.is(UNKNOWN) && began.elapsed() >= UNKNOWN_AT_FIRST => return Ok(()),
            Ok(Err(error)) => {
                last = Problem { code: error.code.clone(), ..not_seen(&error.to_string()) };
                if is_denied(&error) || error.is(PROTECTED) {
                    return Err(last);
                }
            }
            Err(_) => return Err(last),
        }
        if pauses.pause().await.is_err() {
            return Err(last);
        }
    }
}
