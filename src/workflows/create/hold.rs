//! An instance that is stopped while its image is made, and started again in every case.
//!
//! The tag `amictl:stopped` is written before the instance is stopped and removed when it runs again. So whatever kills a
//! run, `test --sweep` and the next `create` from the instance know that it is to be started. It stays as well where a
//! stop may come late: the instance runs then, and the tag goes by the sweep.

use std::time::Duration;

use anyhow::{Error, Result};
use chrono::TimeDelta;
use tokio::time::Instant;

use super::start_again::{self, LONGEST, Running, start_line, unmark};
use crate::domain::failure::{Failure, Kind};
use crate::domain::instance::Instance;
use crate::domain::stopped::StoppedMark;
use crate::domain::tags::STOPPED;
use crate::service::client::error::ApiError;
use crate::service::client::patience::{Over, Patience};
use crate::service::instance_states::NotReached;
use crate::service::{Target, instance_states, tags};
use crate::workflows::run::context::{Context, nothing_changed};
use crate::workflows::run::diagnostics;

/// How long after the timeout of a run its last calls may take.
const GRACE: TimeDelta = TimeDelta::minutes(30);
/// How long to wait for a stop of which nothing is known.
const UNKNOWN: Duration = Duration::from_secs(120);

/// How an instance comes to be stopped while its image is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It is left as it is.
    None,
    /// It is stopped, and started again afterwards.
    Stop,
    /// Another run stopped it, and did not start it again: this run does so afterwards.
    TakeOver,
}

/// What came of asking EC2 to stop an instance.
enum Asked {
    /// It stops.
    Stops,
    /// It runs as before.
    Refused(Error),
    /// The answer was lost and it still runs: it may stop yet.
    MayStop(ApiError),
    /// The answer was lost, and it could not be looked at.
    Unknown(ApiError),
}

/// What became of the work, and of the instance.
pub struct HeldWork<T> {
    /// The result of the work. An error says too what became of the instance.
    pub work: Result<T>,
    /// The failure if the instance does not run again; only after work that succeeded.
    pub start: Option<Failure>,
}

/// Stops the instance if that is wanted, does the work, and starts the instance again: also after a failure, at the end
/// of the time, and after the first Ctrl-C.
pub async fn held<T>(
    context: &Context,
    target: &Target,
    instance: &Instance,
    hold: Hold,
    work: impl AsyncFnOnce(&Patience, &Instance) -> Result<T>,
) -> HeldWork<T> {
    let patience = context.patience();
    let stops = match hold {
        Hold::None => return HeldWork { work: work(&patience, instance).await, start: None },
        Hold::Stop => true,
        Hold::TakeOver => false,
    };
    let mark = &mark(context);
    let line = start_line(target, instance);
    let hint = format!("{} may be stopped: start it with: {line}", instance.label());
    let _told = context.printer.in_case_of_panic(hint);
    if let Err(error) = tag(context, target, instance, mark, stops).await {
        let error = if stops { error } else { stays_stopped(target, instance, &error) };
        return HeldWork { work: Err(error), start: None };
    }
    let asked = match stops {
        true => stop(context, target, instance).await,
        false => Asked::Stops,
    };
    let lost = match asked {
        Asked::Stops => None,
        Asked::Unknown(error) => Some(error),
        Asked::MayStop(error) => return HeldWork { work: Err(may_stop(target, instance, &error)), start: None },
        Asked::Refused(error) => {
            // If the tag stays, that is said.
            let _ = unmark(context, target, instance, &mark.to_string()).await;
            return HeldWork { work: Err(error), start: None };
        }
    };
    let until = if lost.is_some() { patience.until.min(Instant::now() + UNKNOWN) } else { patience.until };
    let wait = Patience { until, stop: patience.stop.clone() };
    let reached = instance_states::stopped(target, &instance.id, stops, &wait).await;
    let was_stopped = reached.is_ok();
    let result = match reached {
        Ok(stopped) => work(&patience, &stopped).await,
        Err(not) => Err(not_stopped(target, instance, not)),
    };
    if context.stop.asked() {
        let first = format!("{} is started again first; another interruption leaves it stopped", instance.label());
        context.printer.tell(&format!("{first}: start it then with: {line}"));
    }
    let started = start_again::start(context, target, instance, stops).await;
    let started = match started {
        Ok(Running { instance: running, was_down }) if was_down || was_stopped || !stops => {
            // If the tag stays, that is said.
            let _ = unmark(context, target, instance, &mark.to_string()).await;
            context.printer.say(format!("{} runs again{}", instance.label(), new_address(instance, &running)));
            Ok(running)
        }
        Ok(_) => Err(never_stopped(target, instance, lost.as_ref())),
        Err(failure) => Err(failure),
    };
    match (result, started) {
        (Ok(work), started) => HeldWork { work: Ok(work), start: started.err() },
        (Err(error), started) => HeldWork { work: Err(with_instance(instance, &error, started)), start: None },
    }
}

/// The mark of an instance that this run stops now: until its end the run may be at work.
pub fn mark(context: &Context) -> StoppedMark {
    let longest = context.within_deadline(context.timeout).saturating_add(LONGEST);
    let longest = TimeDelta::from_std(longest).unwrap_or(TimeDelta::MAX);
    let longest = longest.checked_add(&GRACE).unwrap_or(TimeDelta::MAX);
    StoppedMark::new(&context.maker.run, context.clock(), longest)
}

/// Tags the instance. If the tag may or may not be there, it is taken away again from one that runs: nothing is stopped
/// then. One that is stopped keeps what says so.
async fn tag(context: &Context, target: &Target, instance: &Instance, mark: &StoppedMark, runs: bool) -> Result<()> {
    let tagging = async { Ok(tags::add(target, std::slice::from_ref(&instance.id), &mark.tags()).await?) };
    let tagged = context.begin(tagging).await;
    if let Err(error) = &tagged
        && runs
        && error.downcast_ref().is_some_and(|error: &ApiError| error.answer_lost)
    {
        // If the tag stays, that is said.
        let _ = unmark(context, target, instance, &mark.to_string()).await;
    }
    tagged
}

/// Asks EC2 to stop the instance.
async fn stop(context: &Context, target: &Target, instance: &Instance) -> Asked {
    if context.stop.asked() {
        return Asked::Refused(nothing_changed().into());
    }
    context.printer.say(format!("stopping {} in {}", instance.label(), target.region));
    match instance_states::stop(target, &instance.id).await {
        Ok(()) => Asked::Stops,
        Err(error) if error.answer_lost => {
            // It may stop all the same: from here on it is looked at, and started if need be.
            context.printer.tell(&format!("{error}; looking whether {} stops", instance.id));
            match instance_states::stops(target, &instance.id).await {
                Ok(true) => Asked::Stops,
                Ok(false) => Asked::MayStop(error),
                Err(look) => {
                    context.printer.tell(&format!("looking at {} failed: {look}", instance.id));
                    Asked::Unknown(error)
                }
            }
        }
        Err(error) => Asked::Refused(error.into()),
    }
}

/// The error of a stop without an answer, which may come late.
fn may_stop(target: &Target, instance: &Instance, error: &ApiError) -> Error {
    let message = format!("{error}; no image was made");
    let failure = never_stopped(target, instance, Some(error));
    let told = Failure::new(Kind::Failed, error.code.clone(), format!("{message}; {}", failure.message));
    failure.hint.into_iter().fold(told, Failure::hint).into()
}

/// The failure if the instance was asked to stop and was never seen to: its tag stays.
fn never_stopped(target: &Target, instance: &Instance, lost: Option<&ApiError>) -> Failure {
    let at = format!("{} in {}", instance.label(), target.region);
    let why = if lost.is_some() { "no answer says whether it stops" } else { "EC2 took the stop" };
    let message = format!("{at} still runs, and may be stopped yet ({why}): it keeps the tag {STOPPED}");
    let line = start_line(target, instance);
    let hint = format!("look at it in some minutes; if it is stopped, start it with: {line}");
    Failure::new(Kind::Failed, "MayStop", message).hint(hint).first(line)
}

/// The error where an instance is not taken over: it is left as it was found.
fn stays_stopped(target: &Target, instance: &Instance, error: &Error) -> Error {
    let told = diagnostics::diagnose(error);
    let message = format!("{} stays stopped: {}", instance.label(), told.message);
    let start = format!("start it with: {}", start_line(target, instance));
    let hint = told.hint.map_or(start.clone(), |hint| format!("{hint}; or {start}"));
    Failure::new(told.kind, told.code, message).hint(hint).into()
}

fn not_stopped(target: &Target, instance: &Instance, not: NotReached) -> Error {
    let at = format!("{} in {}", instance.label(), target.region);
    let failure = match not {
        NotReached::Over(Over::TimedOut) => {
            let message = format!("timed out: {at} is not stopped yet, and no image was made");
            Failure::new(Kind::Failed, "Timeout", message).hint("a longer --timeout waits longer")
        }
        NotReached::Over(Over::Interrupted) => {
            Failure::interrupted(format!("{at} was not stopped yet; no image was made"))
        }
        NotReached::State(seen) => {
            let reason = seen.state_reason.as_deref().unwrap_or("EC2 gives no reason");
            let message = format!("{at} is {} instead of stopped: {reason}; no image was made", seen.state);
            Failure::new(Kind::Failed, "IncorrectInstanceState", message)
        }
        NotReached::Unread(error) => {
            return Error::new(error).context(format!("{at}: whether it is stopped is unknown"));
        }
    };
    failure.into()
}

/// The error with what became of the instance.
fn with_instance(instance: &Instance, error: &Error, started: Result<Instance, Failure>) -> Error {
    let told = diagnostics::diagnose(error);
    let message = match told.code == "AnswerLost" {
        true => format!("{}; if it was made, it may not be consistent", told.message),
        false => told.message,
    };
    let failure = match started {
        Ok(_) => {
            let failure = Failure::new(told.kind, told.code, format!("{message}; {} runs again", instance.label()));
            told.hint.into_iter().fold(failure, Failure::hint)
        }
        Err(start) => {
            let hints: Vec<_> = start.hint.into_iter().chain(told.hint).collect();
            Failure::new(told.kind, told.code, format!("{message}; {}", start.message)).hint(hints.join("; then: "))
        }
    };
    failure.into()
}

fn new_address(before: &Instance, now: &Instance) -> String {
    match (&before.public_ip, &now.public_ip) {
        (Some(before), Some(now)) if before != now => format!("; its public address is now {now} (was {before})"),
        (Some(before), None) => format!("; it has no public address yet (was {before})"),
        _ => String::new(),
    }
}
