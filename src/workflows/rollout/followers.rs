//! Groups outside of a roll-out that would launch a version as soon as it is made.

use std::collections::BTreeSet;

use anyhow::Result;

use super::plan::{Goal, GroupPlan, GroupWork, RolloutRequest};
use super::words::{LATEST, refused, wait_line};
use crate::domain::command_line::amictl;
use crate::domain::failure::Failure;
use crate::domain::launch_template::GroupVersion;
use crate::domain::rollout::GroupName;
use crate::service::{Target, launch_templates};

/// The refusals of all plans, one for each template. The groups that will be pinned first are spared.
pub(super) async fn refusals(target: &Target, request: &RolloutRequest, plans: &[GroupPlan]) -> Result<Vec<Failure>> {
    let joins = |name: &&GroupName| {
        plans.iter().any(|plan| plan.group.name == **name && matches!(plan.work, GroupWork::Join(_)))
    };
    let spared: Vec<&GroupName> = request.groups.iter().filter(|name| !joins(name)).collect();
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for plan in plans.iter().filter(|plan| plan.makes_version()) {
        if seen.insert(&plan.template.id) {
            found.extend(refusal(target, request, plan, &spared).await?);
        }
    }
    Ok(found)
}

/// The refusal of a plan that makes a version which groups on `$Latest`, but for the spared ones, would launch at once.
pub(super) async fn refusal(
    target: &Target,
    request: &RolloutRequest,
    plan: &GroupPlan,
    spared: &[&GroupName],
) -> Result<Option<Failure>> {
    if !plan.makes_version() {
        return Ok(None);
    }
    let template = plan.template_name();
    let users = launch_templates::groups_of(target, &plan.template.id, &template.parse()?).await?;
    let latest = users.into_iter().filter(|user| user.version == GroupVersion::Latest);
    let names: Vec<GroupName> = latest.filter_map(|user| user.name.parse().ok()).collect();
    let names: Vec<&GroupName> = names.iter().filter(|name| !spared.contains(name)).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let listed = names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let message = format!(
        "it needs a new version of template {template}, which would be launched at once by groups on {LATEST}: {listed}"
    );
    let named = names.iter().find(|name| request.groups.contains(name));
    let hint = match named {
        Some(name) => format!("wait for the refresh that is under way: {}", wait_line(target, name)),
        None => {
            let all = request.groups.iter().chain(names.iter().copied());
            let line = all.fold(amictl("rollout"), |line, name| line.word(name));
            let line = match &request.goal {
                Goal::Image(image) => line.word("--image").word(image),
                Goal::Version(number) => line.word("--template-version").word(number),
            };
            let line = line.options(target.options());
            format!(
                "pin them to version {}, or name them in the same command, which pins them first: {line}",
                plan.in_force
            )
        }
    };
    Ok(Some(refused(&plan.group.name, "FollowersOfLatest", message).hint(hint)))
}
