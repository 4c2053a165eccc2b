//! Plan for the instance of a `create`, decided and checked before anything is changed.

use anyhow::Result;

use super::hold::{Hold, mark};
use super::order::InstanceOrder;
use super::start_again::start_line;
use super::{prepare, revoked, selected, stop_checks};
use crate::domain::failure::{Failure, Kind};
use crate::domain::instance::Instance;
use crate::domain::instance_selector::InstanceSelector;
use crate::domain::stopped::StoppedMark;
use crate::domain::tags::STOPPED;
use crate::service::Target;
use crate::workflows::run::context::Context;

/// What happens to the instance of a `create`.
pub struct InstancePlan {
    /// The instance.
    pub instance: Instance,
    /// Whether it is stopped while the image is made.
    pub hold: Hold,
    /// Whether a killed run left it stopped, and it is started before its script runs.
    pub starts_first: bool,
    /// Whether EC2 reboots it.
    pub reboots: bool,
}

/// Finds the instance and decides what happens to it. Refuses early what would fail late.
pub async fn plan(context: &Context, target: &Target, order: &InstanceOrder) -> Result<InstancePlan> {
    let instance = selected::instance(target, &order.selector, order.newest).await?;
    if let InstanceSelector::Tag(_) = order.selector {
        context.printer.say(format!("{} is {}", order.selector, instance.label()));
    }
    if let Some(image) = &instance.image_id {
        revoked::warn(context, target, image).await;
    }
    let running = instance.state == "running";
    let mark = mark(context);
    let left = left_stopped(context, target, &instance);
    let mut plan = InstancePlan { hold: Hold::None, starts_first: false, reboots: false, instance };
    let instance = &plan.instance;
    match (&left, order.prepare.is_some(), order.stop) {
        (Some(left), true, _) => {
            may_be_alive(context, target, instance, left)?;
            stop_checks::check_start(target, instance, &mark).await?;
            plan.starts_first = true;
            plan.hold = if order.stop { Hold::Stop } else { Hold::None };
        }
        (Some(left), false, true) => {
            may_be_alive(context, target, instance, left)?;
            stop_checks::check_start(target, instance, &mark).await?;
            plan.hold = Hold::TakeOver;
        }
        (Some(left), false, false) if left.expired(context.clock()) => {
            stop_checks::check_start(target, instance, &mark).await?;
            plan.hold = Hold::TakeOver;
        }
        (Some(left), false, false) => {
            let until = left.until.format("%Y-%m-%d %H:%M:%S UTC");
            context.printer.say(format!("that run may be at work until {until}: this one leaves it stopped"));
        }
        (None, _, true) if instance.state == "stopped" => {
            context.printer.say(format!("{} is stopped already, and stays stopped", instance.label()));
        }
        (None, _, true) => {
            stop_checks::check(target, instance, &mark).await?;
            plan.hold = Hold::Stop;
        }
        (None, _, false) => {}
    }
    if let Some(script) = &order.prepare {
        prepare::check(target, instance, script, plan.starts_first).await?;
    }
    if let (Hold::Stop, Some(address), false) = (plan.hold, &instance.public_ip, instance.elastic_ip) {
        let lost = format!("{} loses its public address {address}", instance.label());
        context.printer.say(format!("{lost} when it is stopped, and gets another one: it is no Elastic IP"));
    }
    plan.reboots = plan.hold == Hold::None && (running || plan.starts_first) && !order.no_reboot;
    Ok(plan)
}

/// The mark of an instance that a run stopped and that does not run now. Says what is found.
fn left_stopped(context: &Context, target: &Target, instance: &Instance) -> Option<StoppedMark> {
    let at = format!("{} in {}", instance.label(), target.region);
    let mark = match StoppedMark::of(&instance.tags) {
        Ok(mark) => mark?,
        Err(unknown) => {
            context.printer.tell(&format!("warning: {at}: {unknown}; it does not count"));
            return None;
        }
    };
    let when = mark.at.format("%Y-%m-%d %H:%M:%S UTC");
    match instance.state.as_str() {
        "stopped" | "stopping" => {
            context.printer.say(format!("{at} was stopped by 'amictl create --stop' at {when} (run {})", mark.run));
            Some(mark)
        }
        _ => {
            let state = if instance.state == "running" { "runs" } else { "does not run yet" };
            let said = format!("carries the tag {STOPPED} of run {} ({when}), and {state}", mark.run);
            context.printer.say(format!("{at} {said}"));
            None
        }
    }
}

/// Refuses to start an instance, or to take it over, that another run may need stopped.
fn may_be_alive(context: &Context, target: &Target, instance: &Instance, left: &StoppedMark) -> Result<()> {
    // Another delivery of this run comes after the end of the first.
    let ours = context.delivered && left.run == context.maker.run;
    if ours || left.expired(context.clock()) {
        return Ok(());
    }
    let until = left.until.format("%Y-%m-%d %H:%M:%S UTC");
    let message = format!(
        "{} in {} is {}, and run {}, which stopped it, may be at work until {until}",
        instance.label(),
        target.region,
        instance.state,
        left.run
    );
    let hint =
        format!("wait for that run; if it was killed, start the instance with: {}", start_line(target, instance));
    Err(Failure::new(Kind::Refused, "StoppedByAnotherRun", message).hint(hint).into())
}
