//! StartInstanceRefresh.

use super::super::super::errors::{Answer, Refusal, refuse};
use super::super::super::params::Params;
use super::super::super::request::Request;
use super::super::super::world::{World, span};
use super::super::super::xml::Xml;
use super::super::wanted::Wanted;
use super::go_on;
use super::model::InstanceRefresh;

fn invalid(message: impl Into<String>) -> Refusal {
    refuse("ValidationError", message)
}

/// AWS's rules: one refresh at a time, and a way back only where nothing moves by itself.
pub fn run(world: &mut World, request: &Request) -> Answer {
    go_on(world, request);
    let params = &request.params;
    super::super::group(world, request)?;
    if params.get("Strategy").is_some_and(|strategy| strategy != "Rolling") {
        return Err(invalid("The endpoint knows only the strategy Rolling."));
    }
    let preferences = params.sub("Preferences");
    check(&preferences)?;
    let region = world.region(&request.region);
    let desired = Wanted::read(&params.sub("DesiredConfiguration"), region, &request.account)?;
    let group = super::super::group(world, request)?.clone();
    if group.refreshes.iter().any(InstanceRefresh::is_active) {
        let message = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.";
        return Err(refuse("InstanceRefreshInProgress", message));
    }
    if desired.as_ref().is_some_and(|to| group.mixed.is_some() != to.policy.is_some() || group.configuration.is_some())
    {
        return Err(invalid("The endpoint does not turn one kind of group into another."));
    }
    let before = Wanted::of(&group);
    if preferences.get("AutoRollback") == Some("true") {
        let still = |one: &Option<Wanted>, world: &mut World| {
            one.as_ref().is_some_and(|one| one.stands_still(world.region(&request.region), &request.account))
        };
        if desired.is_none() {
            return Err(invalid(
                "The AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is empty. \
                 Set AutoRollback to false or specify a desired configuration and try again.",
            ));
        }
        if !still(&before, world) || !still(&desired, world) {
            return Err(invalid(
                "The AutoRollback parameter cannot be set to true when the launch template version is $Latest or \
                 $Default, or when its image is an AWS Systems Manager parameter.",
            ));
        }
    }
    let alarms = preferences.list("AlarmSpecification.Alarms.member");
    let ringing = alarms.iter().find(|alarm| world.ringing_alarms.contains(**alarm));
    let alarm = ringing.map(|alarm| format!("CloudWatch alarm {alarm} went into the ALARM state"));
    let fails = world.fail_next_refresh.take().or(alarm);
    let matching = preferences.get("SkipMatching") == Some("true");
    let stays = |version: &Option<String>| {
        let to = desired.as_ref().or(before.as_ref());
        matching && to.is_some_and(|to| to.template.version == *version)
    };
    let places = group.members.iter().enumerate().filter(|(_, member)| !stays(&member.template.version));
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    let takes = if places.is_empty() { chrono::TimeDelta::zero() } else { span(world.refresh_takes) };
    let id = uuid(world);
    let refresh = InstanceRefresh {
        id: id.clone(),
        preferences,
        desired,
        before,
        started: request.now,
        ended: None,
        status: "Pending",
        reason: None,
        rollback: None,
        until: None,
        takes,
        fails,
        rollback_fails: std::mem::take(&mut world.fail_next_rollback),
        places,
        replaced: 0,
    };
    super::super::group(world, request)?.refreshes.push(refresh);
    let mut x = Xml::new();
    x.leaf("InstanceRefreshId", id);
    Ok(x.done())
}

/// An id that nobody has.
fn uuid(world: &mut World) -> String {
    format!("08b91cf7-8fa6-48af-b6a6-{:012x}", world.ids.number())
}

fn check(preferences: &Params) -> Result<(), Refusal> {
    let percentages = preferences.list("CheckpointPercentages.member");
    let percentages: Vec<i64> = percentages.into_iter().filter_map(|text| text.parse().ok()).collect();
    if percentages.windows(2).any(|two| two[0] >= two[1]) {
        return Err(invalid("The checkpoint percentages must be unique and in ascending order."));
    }
    let number = |name: &str| preferences.number(name);
    if let (Some(least), Some(most)) = (number("MinHealthyPercentage")?, number("MaxHealthyPercentage")?)
        && most - least > 100
    {
        return Err(invalid("The difference between MaxHealthyPercentage and MinHealthyPercentage is at most 100."));
    }
    Ok(())
}
