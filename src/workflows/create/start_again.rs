//! The start of an instance that `create --stop` stopped.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::failure::{Failure, Kind};
use crate::domain::instance::Instance;
use crate::domain::tags::STOPPED;
use crate::service::client::error::{ApiError, is_denied};
use crate::service::client::patience::{Patience, Pauses};
use crate::service::client::stop::Stop;
use crate::service::{Target, instance_states, tags};
use crate::workflows::run::context::Context;

/// The time for an instance to stop, where it still does, and to start again. No signal ends it: the next one kills the run.
pub const LONGEST: Duration = Duration::from_secs(15 * 60);
/// The time for which EC2 may show an instance that was just stopped as running.
const SETTLED: Duration = Duration::from_secs(15);

/// Codes after which the same call may work later: EC2 has no room, or the instance is still on its way.
const LATER: [&str; 4] =
    ["InsufficientInstanceCapacity", "InsufficientHostCapacity", "IncorrectInstanceState", "IncorrectState"];

/// Starts an instance that a run stopped, waits until it runs, and removes the tag `amictl:stopped` as the instance has
/// it. One that runs already loses only the tag. Gives the instance as it runs.
///
/// Until then the tag stays, so that a later run can do the same.
pub async fn start_again(context: &Context, target: &Target, instance: &Instance) -> Result<Instance, Failure> {
    let running = start(context, target, instance, false).await?;
    if let Some(value) = instance.tags.get(STOPPED) {
        unmark(context, target, instance, value).await;
    }
    Ok(running)
}

/// Starts an instance and waits until it runs. With `just_stopped` this run has asked EC2 to stop it, and EC2 may show it
/// as running although it will stop.
pub(super) async fn start(
    context: &Context,
    target: &Target,
    instance: &Instance,
    just_stopped: bool,
) -> Result<Instance, Failure> {
    let patience = Patience { until: Instant::now() + LONGEST, stop: Stop::never() };
    let (began, mut pauses) = (Instant::now(), Pauses::new(&patience));
    let (mut was_down, mut said, mut last) = (!just_stopped, false, None);
    let mut tell = || {
        if !std::mem::replace(&mut said, true) {
            context.printer.say(format!("starting {} in {} again", instance.label(), target.region));
        }
    };
    loop {
        match instance_states::look(target, &instance.id).await {
            Ok(seen) => match seen.state.as_str() {
                "running" if was_down || began.elapsed() >= SETTLED => return Ok(seen),
                "running" => {}
                "pending" | "stopping" => was_down = true,
                "stopped" => {
                    was_down = true;
                    tell();
                    match instance_states::start(target, &instance.id).await {
                        Ok(()) => last = None,
                        Err(error) if later(&error) => last = Some(error),
                        Err(error) => return Err(not_started(target, instance, &error.to_string())),
                    }
                }
                state => {
                    let reason = seen.state_reason.as_deref().unwrap_or("EC2 gives no reason");
                    let message = format!("{} in {} is {state}: {reason}", instance.label(), target.region);
                    return Err(Failure::new(Kind::Failed, "InstanceEnded", message));
                }
            },
            Err(error) if is_denied(&error) || error.is("InvalidInstanceID.NotFound") => {
                return Err(not_started(target, instance, &error.to_string()));
            }
            Err(error) => last = Some(error),
        }
        if pauses.pause().await.is_err() {
            let minutes = LONGEST.as_secs() / 60;
            let why = last.map_or(format!("it does not run after {minutes} minutes"), |error| error.to_string());
            return Err(not_started(target, instance, &why));
        }
    }
}

fn later(error: &ApiError) -> bool {
    error.answer_lost || LATER.contains(&error.code.as_str())
}

/// The failure if the instance may stay stopped, with the line that starts it.
fn not_started(target: &Target, instance: &Instance, why: &str) -> Failure {
    let line = start_line(target, instance);
    let message =
        format!("{} in {} was stopped, and could not be started again: {why}", instance.label(), target.region);
    Failure::new(Kind::Failed, "NotStartedAgain", message).hint(format!("start it with: {line}")).first(line)
}

/// The command line that starts an instance by hand.
pub(super) fn start_line(target: &Target, instance: &Instance) -> String {
    format!("aws ec2 start-instances --region {} --instance-ids {}", target.region, instance.id)
}

/// Removes the tag. If it stays, it does no harm: the instance runs.
pub(super) async fn unmark(context: &Context, target: &Target, instance: &Instance, value: &str) {
    if let Err(error) = tags::remove(target, &instance.id, STOPPED, value).await {
        let tag = format!("warning: the tag {STOPPED} of {} in {}", instance.label(), target.region);
        context.printer.tell(&format!("{tag} could not be removed: {error}; it may be removed by hand"));
    }
}
