//! An instance that is stopped while its image is made, and started again in every case.
//!
//! The tag `amictl:stopped` is written before the instance is stopped and removed when it runs again. So whatever kills a
//! run, `test --sweep` and the next `create` from the instance know that it is to be started.

use anyhow::{Error, Result};
use chrono::TimeDelta;

use super::start_again::{self, LONGEST, unmark};
use crate::domain::failure::{Failure, Kind};
use crate::domain::instance::Instance;
use crate::domain::stopped::StoppedMark;
use crate::service::client::error::ApiError;
use crate::service::client::patience::{Over, Patience};
use crate::service::instance_states::NotReached;
use crate::service::{Target, instance_states, tags};
use crate::workflows::run::context::{Context, nothing_changed};
use crate::workflows::run::diagnostics;

/// How long after the timeout of a run its last calls may take.
const GRACE: TimeDelta = TimeDelta::minutes(30);

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
    if let Err(error) = tag(context, target, instance, mark).await {
        let error = if stops { error } else { error.context(format!("{} stays stopped", instance.label())) };
        return HeldWork { work: Err(error), start: None };
    }
    let down = match stops {
        true => stop(context, target, instance).await,
        false => Ok(()),
    };
    // Refused: it runs as before.
    if let Err(error) = down {
        unmark(context, target, instance, &mark.to_string()).await;
        return HeldWork { work: Err(error), start: None };
    }
    let result = match instance_states::stopped(target, &instance.id, stops, &patience).await {
        Ok(stopped) => work(&patience, &stopped).await,
        Err(not) => Err(not_stopped(target, instance, not)),
    };
    if context.stop.asked() {
        let first = format!("{} is started again first; another interruption leaves it stopped", instance.label());
        context.printer.tell(&first);
    }
    let started = start_again::start(context, target, instance, stops).await;
    if let Ok(running) = &started {
        unmark(context, target, instance, &mark.to_string()).await;
        context.printer.say(format!("{} runs again{}", instance.label(), new_address(instance, running)));
    }
    match (result, started) {
        (Ok(work), started) => HeldWork { work: Ok(work), start: started.err() },
        (Err(error), started) => HeldWork { work: Err(with_instance(instance, &error, started)), start: None },
    }
}

/// The mark of an instance that this run stops now: until its end the run may be at work.
pub fn mark(context: &Context) -> StoppedMark {
    let longest = TimeDelta::from_std(context.timeout.saturating_add(LONGEST)).unwrap_or(TimeDelta::MAX);
    let longest = longest.checked_add(&GRACE).unwrap_or(TimeDelta::MAX);
    StoppedMark::new(&context.maker.run, context.clock(), longest)
}

/// Tags the instance. If the tag may or may not be there, it is taken away again: nothing is stopped then.
async fn tag(context: &Context, target: &Target, instance: &Instance, mark: &StoppedMark) -> Result<()> {
    let tagging = async { Ok(tags::add(target, std::slice::from_ref(&instance.id), &mark.tags()).await?) };
    let tagged = context.begin(tagging).await;
    if let Err(error) = &tagged
        && error.downcast_ref().is_some_and(|error: &ApiError| error.answer_lost)
    {
        unmark(context, target, instance, &mark.to_string()).await;
    }
    tagged
}

/// Asks EC2 to stop the instance; an error if it surely goes on running.
async fn stop(context: &Context, target: &Target, instance: &Instance) -> Result<()> {
    if context.stop.asked() {
        return Err(nothing_changed().into());
    }
    context.printer.say(format!("stopping {} in {}", instance.label(), target.region));
    match instance_states::stop(target, &instance.id).await {
        Ok(()) => Ok(()),
        Err(error) if error.answer_lost => {
            // It may stop all the same: from here on it is looked at, and started if need be.
            context.printer.tell(&format!("{error}; looking whether {} stops", instance.id));
            match instance_states::stops(target, &instance.id).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(error.into()),
                Err(look) => {
                    context.printer.tell(&format!("looking at {} failed: {look}", instance.id));
                    Ok(())
                }
            }
        }
        Err(error) => Err(error.into()),
    }
}

fn not_stopped(target: &Target, instance: &Instance, not: NotReached) -> Error {
    let at = format!("{} in {}", instance.label(), target.region);
    let failure = match not {
        NotReached::Over(Over::TimedOut) => {
            let message = format!("timed out: {at} is not stopped yet, and no image was made");
            Failure::new(Kind::Failed, "Timeout", message).hint("a longer --timeout waits longer")
        }
        NotReached::Over(Over::Interrupted) => {
            let message = format!("interrupted before {at} was stopped; no image was made");
            Failure::new(Kind::Interrupted, "Interrupted", message)
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
