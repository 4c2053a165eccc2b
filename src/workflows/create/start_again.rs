//! The start of an instance that `create --stop` stopped.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::domain::failure::{Failure, Kind};
use crate::domain::instance::Instance;
use crate::domain::tags::STOPPED;
use crate::service::client::error::codes::{NO_CAPACITY, NO_INSTANCE};
use crate::service::client::error::{ApiError, is_denied};
use crate::service::client::patience::{Patience, Pauses};
use crate::service::client::stop::Stop;
use crate::service::{Target, instance_states, tags};
use crate::workflows::run::context::Context;

/// The time for an instance to stop, where it still does, and to start again. No signal ends it: the next one kills the run.
pub const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Codes after which the same call may work later: the instance is still on its way.
const LATER: [&str; 2] = ["IncorrectInstanceState", "IncorrectState"];
/// How many starts EC2 may take and undo, for want of anything but room, until there are no more.
const FALLS: usize = 3;

/// An instance that runs again.
pub struct Restarted {
    /// The instance.
    pub instance: Instance,
    /// The error if its tag `amictl:stopped` may still be there.
    pub tag_stays: Option<ApiError>,
}

/// An instance that runs, and whether it was seen otherwise before.
pub(super) struct Running {
    pub instance: Instance,
    pub was_down: bool,
}

/// Starts an instance that a run stopped, waits until it runs, and removes the tag `amictl:stopped` as the instance has
/// it. One that runs already loses only the tag.
///
/// Until then the tag stays, so that a later run can do the same.
pub async fn start_again(context: &Context, target: &Target, instance: &Instance) -> Result<Restarted, Failure> {
    let running = start(context, target, instance, false).await?;
    let tag_stays = match instance.tags.get(STOPPED) {
        Some(value) => unmark(context, target, instance, value).await.err(),
        None => None,
    };
    Ok(Restarted { instance: running.instance, tag_stays })
}

/// Starts an instance and waits until it runs. With `just_stopped` this run has asked EC2 to stop it, and EC2 may show it
/// as running although it will stop.
pub(super) async fn start(
    context: &Context,
    target: &Target,
    instance: &Instance,
    just_stopped: bool,
) -> Result<Running, Failure> {
    let patience = Patience { until: Instant::now() + LONGEST, stop: Stop::never() };
    let (began, mut pauses) = (Instant::now(), Pauses::new(&patience));
    let (mut down, mut said, mut full, mut last) = (false, false, false, None);
    let mut falls = Falls::default();
    let mut tell = || {
        if !std::mem::replace(&mut said, true) {
            context.printer.say(format!("starting {} in {} again", instance.label(), target.region));
        }
    };
    loop {
        let seen_in: Option<String>;
        match instance_states::look(target, &instance.id).await {
            Ok(seen) => {
                seen_in = Some(seen.state.clone());
                match seen.state.as_str() {
                    "running" if down || !just_stopped || began.elapsed() >= instance_states::SETTLED => {
                        return Ok(Running { instance: seen, was_down: down });
                    }
                    "running" => {}
                    state @ ("pending" | "stopping") => {
                        down = true;
                        falls.pending |= state == "pending";
                    }
                    "stopped" => {
                        down = true;
                        tell();
                        falls.look(&seen);
                        last = falls.why.clone().or(last);
                        if falls.count >= FALLS {
                            return Err(not_started(target, instance, Some("stopped"), last));
                        }
                        match instance_states::start(target, &instance.id).await {
                            Ok(()) => {
                                falls.asked(&seen);
                                last = falls.why.clone();
                            }
                            Err(error) if later(&error) => {
                                falls.asked(&seen);
                                if NO_CAPACITY.iter().any(|code| error.is(code)) && !std::mem::replace(&mut full, true)
                                {
                                    let minutes = LONGEST.as_secs() / 60;
                                    context.printer.say(format!("{}: trying for up to {minutes} minutes", error.code));
                                }
                                last = Some(error.to_string());
                            }
                            Err(error) => {
                                return Err(not_started(target, instance, Some("stopped"), Some(error.to_string())));
                            }
                        }
                    }
                    state => {
                        let reason = seen.state_reason.as_deref().unwrap_or("EC2 gives no reason");
                        let message = format!("{} in {} is {state}: {reason}", instance.label(), target.region);
                        return Err(Failure::new(Kind::Failed, "InstanceEnded", message));
                    }
                }
            }
            Err(error) if is_denied(&error) || error.is(NO_INSTANCE) => {
                return Err(not_started(target, instance, None, Some(error.to_string())));
            }
            Err(error) => {
                seen_in = None;
                last = Some(error.to_string());
            }
        }
        if pauses.pause().await.is_err() {
            return Err(not_started(target, instance, seen_in.as_deref(), last));
        }
    }
}

/// Starts that EC2 took and undid: the instance is stopped again, with the reason.
#[derive(Default)]
struct Falls {
    /// The reason and the time of the last start as they were before EC2 was asked to start it.
    before: Option<(Option<String>, Option<DateTime<Utc>>)>,
    /// Whether it was seen pending since.
    pending: bool,
    /// How often, but for want of room.
    count: usize,
    /// Why the last time.
    why: Option<String>,
}

impl Falls {
    fn asked(&mut self, seen: &Instance) {
        (self.before, self.pending) = (Some((seen.state_reason.clone(), seen.launched_at)), false);
    }

    /// Looks whether it is stopped although EC2 was asked to start it. For a moment EC2 may show the state before that.
    fn look(&mut self, seen: &Instance) {
        let now = (seen.state_reason.clone(), seen.launched_at);
        if self.before.take().is_none_or(|before| before == now && !self.pending) {
            return;
        }
        let reason = now.0.unwrap_or_else(|| "EC2 gives no reason".to_owned());
        self.count += usize::from(!NO_CAPACITY.iter().any(|code| reason.contains(code)));
        self.why = Some(format!("EC2 stopped it again: {reason}"));
    }
}

fn later(error: &ApiError) -> bool {
    error.answer_lost || LATER.iter().chain(&NO_CAPACITY).any(|code| error.is(code))
}

/// The failure if the instance may not run, by its last known state, with the line that starts it.
fn not_started(target: &Target, instance: &Instance, state: Option<&str>, why: Option<String>) -> Failure {
    let line = start_line(target, instance);
    let said = match state {
        Some("pending") => "was stopped and started again, and does not run yet",
        Some("stopped" | "stopping") => "was stopped, and could not be started again",
        Some(_) | None => "was stopped, and whether it runs again is unknown",
    };
    let key = match why.as_ref().is_some_and(|why| why.contains("Client.InternalError")) {
        true => {
            "where its volumes are encrypted, see that their KMS key is enabled, and that its policy lets you use it \
             (kms:CreateGrant); then "
        }
        false => "",
    };
    let why = why.unwrap_or_else(|| format!("it does not run after {} minutes", LONGEST.as_secs() / 60));
    let message = format!("{} in {} {said}: {why}", instance.label(), target.region);
    Failure::new(Kind::Failed, "NotStartedAgain", message).hint(format!("{key}start it with: {line}")).first(line)
}

/// The command line that starts an instance by hand.
pub(super) fn start_line(target: &Target, instance: &Instance) -> String {
    format!("aws ec2 start-instances --region {} --instance-ids {}", target.region, instance.id)
}

/// Removes the tag. If it stays, it does no harm: the instance runs.
pub(super) async fn unmark(
    context: &Context,
    target: &Target,
    instance: &Instance,
    value: &str,
) -> Result<(), ApiError> {
    let removed = tags::remove(target, &instance.id, STOPPED, value).await;
    if let Err(error) = &removed {
        let tag = format!("warning: the tag {STOPPED} of {} in {}", instance.label(), target.region);
        context.printer.tell(&format!("{tag} could not be removed: {error}; it may be removed by hand"));
    }
    removed
}
