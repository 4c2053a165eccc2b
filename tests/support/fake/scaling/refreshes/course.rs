//! The course of instance refreshes: what time has brought about since somebody looked last.

use chrono::{DateTime, Utc};

use super::super::super::launchers::{Member, TemplateRef};
use super::super::super::request::Request;
use super::super::super::world::World;
use super::super::members::{launch, terminate};
use super::super::wanted::Wanted;
use super::model::InstanceRefresh;

/// Lets the refreshes of a region go on to the time of a request.
pub fn go_on(world: &mut World, request: &Request) {
    let region = request.region.as_str();
    let keys: Vec<_> = world.region(region).scaling_groups.keys().cloned().collect();
    for key in keys {
        let Some(group) = world.region(region).scaling_groups.get_mut(&key) else { continue };
        let Some(mut refresh) = group.refreshes.pop_if(|refresh| refresh.is_active()) else { continue };
        step(world, region, &key, &mut refresh, request.now);
        let Some(group) = world.region(region).scaling_groups.get_mut(&key) else { continue };
        group.refreshes.push(refresh);
    }
}

/// One refresh, to the time `now`.
fn step(world: &mut World, region: &str, key: &(String, String), refresh: &mut InstanceRefresh, now: DateTime<Utc>) {
    if matches!(refresh.status, "Pending" | "InProgress") {
        let due = refresh.due(now);
        let all = refresh.places.len();
        let half = refresh.fails.is_some();
        let due = if half { due.min(50) } else { due };
        let count = all * usize::try_from(due).unwrap_or(0) / 100;
        refresh.status = if now < refresh.started + refresh.takes / 10 { "Pending" } else { "InProgress" };
        let to = refresh.desired.clone().or(refresh.before.clone());
        let failed = replace(world, region, key, refresh, count, to.as_ref()).err();
        let reason = failed.or_else(|| refresh.fails.clone().filter(|_| due >= 50));
        match reason {
            Some(reason) if refresh.prefers("AutoRollback") => {
                turn_back(refresh, now, format!("{reason}. Rollback was started automatically."));
            }
            Some(reason) => refresh.end("Failed", now, Some(reason)),
            None if count == all && due >= 100 => {
                refresh.status = "Baking";
                refresh.until = Some(refresh.replaced_at().min(now) + refresh.seconds("BakeTime", 0));
            }
            None => {}
        }
    }
    let over = refresh.until.is_some_and(|until| until <= now);
    match refresh.status {
        "Baking" if over => {
            let to = refresh.desired.clone().filter(|_| !world.refresh_forgets);
            if let (Some(to), Some(group)) = (to, world.region(region).scaling_groups.get_mut(key)) {
                to.put_into(group);
            }
            refresh.end("Successful", now, None);
        }
        "Cancelling" if over => refresh.end("Cancelled", now, Some("Cancelled due to user request.".to_owned())),
        "RollbackInProgress" if over => {
            let before = refresh.before.clone();
            let lost = replace(world, region, key, refresh, 0, before.as_ref()).err();
            let lost = lost.or_else(|| refresh.rollback_fails.then(|| "The rollback failed.".to_owned()));
            match lost {
                Some(reason) => refresh.end("RollbackFailed", now, Some(reason)),
                None => refresh.end("RollbackSuccessful", now, refresh.rollback.as_ref().map(|(why, ..)| why.clone())),
            }
        }
        _ => {}
    }
}

/// Begins to go back, which takes as long as it took to come here.
pub fn turn_back(refresh: &mut InstanceRefresh, now: DateTime<Utc>, reason: String) {
    let took = (now - refresh.started).min(refresh.takes);
    refresh.rollback = Some((reason.clone(), now, refresh.percent()));
    refresh.status = "RollbackInProgress";
    refresh.reason = Some(reason);
    refresh.until = Some(now + took);
}

/// Launches and terminates until so many instances are new.
fn replace(
    world: &mut World,
    region: &str,
    key: &(String, String),
    refresh: &mut InstanceRefresh,
    count: usize,
    to: Option<&Wanted>,
) -> Result<(), String> {
    while refresh.replaced != count {
        let forth = refresh.replaced < count;
        let place = refresh.places[if forth { refresh.replaced } else { refresh.replaced - 1 }];
        let template = to.map(|to| to.template.clone()).unwrap_or_default();
        let template = TemplateRef { version: Some(number(world, region, &key.0, &template)), ..template };
        let id = launch(world, key, region, &template)?;
        let group = world.region(region).scaling_groups.get_mut(key);
        let member = group.and_then(|group| group.members.get_mut(place));
        let Some(member) = member else { return Ok(()) };
        let old = std::mem::replace(member, Member { id, template });
        terminate(world, region, &old.id);
        if forth {
            refresh.replaced += 1;
        } else {
            refresh.replaced -= 1;
        }
    }
    Ok(())
}

/// The number of a version, which `$Latest` and `$Default` have at the time.
fn number(world: &mut World, region: &str, account: &str, template: &TemplateRef) -> String {
    let found = super::super::super::templates::version_of(world.region(region), account, template);
    found.map(|version| version.number.to_string()).unwrap_or_default()
}
