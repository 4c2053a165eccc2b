//! DescribeInstanceRefreshes.

use super::super::super::errors::Answer;
use super::super::super::request::Request;
use super::super::super::world::World;
use super::super::super::xml::Xml;
use super::super::groups::{write_policy, write_template};
use super::go_on;
use super::model::InstanceRefresh;

/// Ids that do not exist are passed over.
pub fn run(world: &mut World, request: &Request) -> Answer {
    go_on(world, request);
    let window = super::super::window(world, request)?;
    let wanted = request.params.list("InstanceRefreshIds.member");
    let group = super::super::group(world, request)?;
    let all = group.refreshes.iter().rev().filter(|one| wanted.is_empty() || wanted.contains(&one.id.as_str()));
    let (page, next) = window.cut(all.map(|refresh| (&refresh.id, refresh)));
    let mut x = Xml::new();
    x.members("InstanceRefreshes", page, |x, refresh| write(x, refresh, &group.name));
    x.maybe("NextToken", next);
    Ok(x.done())
}

fn write(x: &mut Xml, refresh: &InstanceRefresh, group: &str) {
    x.leaf("InstanceRefreshId", &refresh.id).leaf("AutoScalingGroupName", group);
    x.leaf("Status", refresh.status).maybe("StatusReason", refresh.reason.as_ref());
    if refresh.status != "Pending" {
        x.time("StartTime", refresh.started);
    }
    if let Some(ended) = refresh.ended {
        x.time("EndTime", ended);
    }
    x.leaf("PercentageComplete", refresh.percent());
    x.leaf("InstancesToUpdate", refresh.places.len().saturating_sub(refresh.replaced));
    x.node("Preferences", |x| {
        for flag in ["SkipMatching", "AutoRollback"] {
            x.leaf(flag, refresh.prefers(flag));
        }
        for name in ["MinHealthyPercentage", "MaxHealthyPercentage", "InstanceWarmup", "CheckpointDelay", "BakeTime"] {
            x.maybe(name, refresh.preferences.get(name));
        }
        x.members("CheckpointPercentages", refresh.preferences.list("CheckpointPercentages.member"), |x, one| {
            x.text(one);
        });
    });
    if let Some(desired) = &refresh.desired {
        x.node("DesiredConfiguration", |x| match &desired.policy {
            None => {
                x.node("LaunchTemplate", |x| write_template(x, &desired.template));
            }
            Some((overrides, distribution)) => {
                x.node("MixedInstancesPolicy", |x| write_policy(x, &desired.template, overrides, distribution));
            }
        });
    }
    if let Some((reason, since, percent)) = &refresh.rollback {
        x.node("RollbackDetails", |x| {
            x.leaf("RollbackReason", reason).time("RollbackStartTime", *since);
            x.leaf("PercentageCompleteOnRollback", percent);
        });
    }
}
