//! TerminateInstances, and the wait until the instance is terminated.

use tokio::time::Instant;

use super::client::error::{ApiError, api, dry_run, is_denied};
use super::client::patience::{Over, Patience, Pauses, UNKNOWN_AT_FIRST};
use super::client::target::Target;
use super::instances;
use crate::domain::ids::InstanceId;
use crate::domain::problem::Problem;

const CALL: &str = "TerminateInstances";
/// EC2's code for an instance with termination protection.
pub const PROTECTED: &str = "OperationNotPermitted";
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
/// unless it is refused for good. A stop signal ends the wait, but no call that is under way.
pub async fn terminated(target: &Target, id: &InstanceId, patience: &Patience) -> Result<(), Problem> {
    let (mut pauses, began) = (Pauses::new(patience), Instant::now());
    let not_seen = |what: &str| Problem {
        code: "NotTerminated".to_owned(),
        message: format!("{id} in {} was not seen terminated: {what}", target.region),
    };
    let (mut asked, mut seen) = (false, "EC2 was not asked to terminate it".to_owned());
    let over = |over: Over, seen: &str| match over {
        Over::TimedOut => not_seen(&format!("{seen} after {} s", began.elapsed().as_secs())),
        Over::Interrupted => not_seen(&format!("interrupted: {seen}")),
    };
    loop {
        if patience.stop.asked() {
            return Err(over(Over::Interrupted, &seen));
        }
        let sent = match asked {
            true => Ok(()),
            false => terminate(target, id).await,
        };
        let looked = match sent {
            Err(error) => Err(error),
            Ok(()) => {
                if !asked {
                    "EC2 was asked to terminate it".clone_into(&mut seen);
                }
                let look = patience.unless_over(instances::by_ids(target, std::slice::from_ref(id))).await;
                look.map_err(|ended| over(ended, &seen))?
            }
        };
        match looked {
            Ok(found) => {
                let state = found.first().map_or("unknown", |instance| instance.state.as_str());
                if state == "terminated" {
                    return Ok(());
                }
                (asked, seen) = (state == "shutting-down", format!("it is {state}"));
            }
            // A new instance may be unknown for a while; an old one is long terminated.
            Err(error) if error.is(UNKNOWN) && began.elapsed() >= UNKNOWN_AT_FIRST => return Ok(()),
            Err(error) if is_denied(&error) || error.is(PROTECTED) => {
                return Err(Problem { code: error.code.clone(), ..not_seen(&error.to_string()) });
            }
            Err(error) => seen = error.to_string(),
        }
        pauses.pause().await.map_err(|ended| over(ended, &seen))?;
    }
}
