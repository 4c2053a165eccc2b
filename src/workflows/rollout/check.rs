//! The checks of all groups of a roll-out, before anything is written.

use anyhow::Result;

use super::followers;
use super::goal::goal;
use super::pin::{in_force, number_in_force};
use super::plan::{Goal, GroupPlan, GroupWork, Pin, PlannedVersion, RolloutRequest};
use super::words::{cancel_line, refused, update_line, wait_line, with_credentials};
use super::written::Written;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::reference::nearest;
use crate::domain::rollout::{GroupName, Refresh, TemplateUse};
use crate::service::auto_scaling_groups::{self, NAMES_A_CALL, ScalingGroup};
use crate::service::launch_templates::{self, LaunchTemplate};
use crate::service::{Target, images, instance_refreshes};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;
use crate::workflows::select::resolve;

/// The most names that an error lists.
const TOLD: usize = 5;

/// The groups with these names, in the order given. Each must exist.
pub(super) async fn groups(target: &Target, names: &[GroupName]) -> Result<Vec<ScalingGroup>> {
    let mut found = Vec::new();
    for chunk in names.chunks(NAMES_A_CALL) {
        found.extend(auto_scaling_groups::by_names(target, chunk).await?);
    }
    let mut all = Vec::new();
    for name in names {
        match found.iter().find(|group| group.name == *name) {
            Some(group) => all.push(group.clone()),
            None => return Err(unknown(target, name).await.into()),
        }
    }
    Ok(all)
}

/// The error for a name that no group has, with the nearest ones.
async fn unknown(target: &Target, name: &GroupName) -> Failure {
    let message = format!("there is no Auto Scaling group '{name}' in {}", target.place().await);
    let failure = Failure::new(Kind::Failed, "NoSuchGroup", message);
    let Ok(mut names) = auto_scaling_groups::names(target).await else { return failure };
    let close = nearest(name.as_str(), names.iter().map(String::as_str)).join(", ");
    names.sort();
    match (close.is_empty(), names.len()) {
        (false, _) => failure.hint(format!("did you mean {close}?")),
        (true, 0) => failure.hint("there are no groups: check --region and the account"),
        (true, 1..=TOLD) => failure.hint(format!("there are {}", names.join(", "))),
        (true, many) => failure.hint(format!("there are {many} others: check --region and the account")),
    }
}

/// The plans of all groups; an error if any of them is refused.
pub(super) async fn plans(context: &Context, target: &Target, request: &RolloutRequest) -> Result<Vec<GroupPlan>> {
    let image = match &request.goal {
        Goal::Image(reference) => {
            let image = resolve::image(context, target, reference).await?;
            if image.deprecated(context.now) {
                context.printer.say(format!("warning: {} in {} is deprecated", image.label(), image.region));
            }
            Some(image)
        }
        Goal::Version(_) => None,
    };
    let groups = groups(target, &request.groups).await?;
    let bar = context.printer.bars().count(groups.len() as u64, "checking groups");
    let each = concurrency::each(LOOKUPS, groups, |group| {
        let (bar, image) = (&bar, image.as_ref());
        async move {
            let plan = plan(context, target, request, group, image).await;
            bar.step();
            plan
        }
    });
    let (mut plans, mut refusals) = (Vec::new(), Vec::new());
    for checked in each.await {
        match checked {
            Ok(plan) => plans.push(plan),
            Err(error) => match error.downcast::<Failure>() {
                Ok(failure) if failure.kind == Kind::Refused => refusals.push(failure),
                Ok(failure) => return Err(failure.into()),
                Err(error) => return Err(error),
            },
        }
    }
    drop(bar);
    refusals.extend(followers::refusals(target, request, &plans).await?);
    match refusals.len() {
        0 => Ok(plans),
        1 => Err(refusals.remove(0).into()),
        many => {
            for failure in &refusals {
                context.printer.tell(&failure.message);
                failure.hint.iter().for_each(|hint| context.printer.tell(&format!("  hint: {hint}")));
            }
            let message = format!("{many} of {} groups are refused; nothing was changed", request.groups.len());
            let failure = Failure::new(Kind::Refused, "GroupsRefused", message);
            Err(failure.hint("correct the causes, or leave these groups out").into())
        }
    }
}

/// The plan of a group whose turn has come after others, which may have taken hours.
pub(super) async fn again(
    context: &Context,
    target: &Target,
    request: &RolloutRequest,
    plan: &GroupPlan,
    written: &mut Written,
) -> Result<GroupPlan> {
    let name = &plan.group.name;
    let Some(group) = groups(target, std::slice::from_ref(name)).await?.pop() else {
        return Err(unknown(target, name).await.into());
    };
    let image = match &request.goal {
        Goal::Image(_) => {
            let mut image = images::by_id(target, &plan.image.id).await?.ok_or_else(|| {
                refused(name, "InvalidAMIID.NotFound", format!("{} is gone meanwhile", plan.image.label()))
            })?;
            image.group_by(&context.families);
            Some(image)
        }
        Goal::Version(_) => None,
    };
    let plan = self::plan(context, target, request, group, image.as_ref()).await?;
    // All were pinned before the first version was made: now its number would be taken for the one in force.
    if let Some(pin) = plan.pinned_first() {
        written.pinned = None;
        let message = format!("it follows {} now, after all groups were pinned", pin.follows);
        let refusal = refused(name, "ConcurrentChange", message);
        return Err(refusal.hint("look at what it launches, then run the command again, which pins it first").into());
    }
    match followers::refusal(target, request, &plan, &[]).await? {
        Some(refusal) => Err(refusal.into()),
        None => Ok(plan),
    }
}

async fn plan(
    context: &Context,
    target: &Target,
    request: &RolloutRequest,
    group: ScalingGroup,
    image: Option<&Image>,
) -> Result<GroupPlan> {
    let used = used_template(target, &group)?.clone();
    // Before the template: the version that another run made for its refresh is then among those of the template.
    let refreshes = instance_refreshes::all(target, &group.name).await?;
    let template = template(target, &group, &used).await?;
    let number = number_in_force(&group, &used, &template)?;
    let Some(template) = template.based_on(number) else {
        return Err(refused(&group.name, "UnreadableTemplate", "its template cannot be read").into());
    };
    let (before, pin) = in_force(context, target, (&group, &used), (&template, number)).await?;
    let (goal, image) = goal(context, target, request, (&group.name, &template), (&before, image)).await?;
    let work = work(target, request, (&group, &used), &goal, &refreshes)?;
    // AWS could not go back from a version that follows a parameter, wherever the group was before.
    let pin = pin.filter(|_| !follows_parameter(&template, &goal));
    let pin = pin.map(|pin| back_to_instances(pin, &group, &template, &goal));
    let in_force = match pin.as_ref().map(|pin| &pin.version) {
        Some(PlannedVersion::Existing(pinned)) => *pinned,
        Some(PlannedVersion::New(_)) | None => number,
    };
    Ok(GroupPlan { group, template, in_force, pin, goal, image, before: refreshes, work })
}

/// The template of a group that a roll-out can work on.
fn used_template<'a>(target: &Target, group: &'a ScalingGroup) -> Result<&'a TemplateUse> {
    let name = &group.name;
    if group.deleted {
        return Err(refused(name, "GroupDeleted", "it is being deleted").into());
    }
    let Some(used) = &group.template else {
        let (code, message) = match &group.configuration {
            Some(configuration) => (
                "LaunchConfiguration",
                format!("it uses the launch configuration {configuration}, which has no versions to go to"),
            ),
            None => ("NoLaunchTemplate", "it has no launch template".to_owned()),
        };
        let make = amictl("template").word("NAME").word("--image").word("REF").word("--type").word("TYPE");
        let make = make.options(target.options());
        let give = update_line(target, name, "LaunchTemplateName=NAME,Version=1");
        return Err(refused(name, code, message)
            .hint(format!(
                "give it a launch template: {make} makes one, and{} {give} gives it to the group",
                with_credentials(target)
            ))
            .into());
    };
    if !group.own_images.is_empty() {
        let message = format!(
            "overrides of its mixed instances policy launch an image of their own, which would stay: {}",
            group.own_images.join("; ")
        );
        return Err(refused(name, "OverrideImages", message)
            .hint("take image and template out of the overrides, or refresh the group by hand")
            .into());
    }
    Ok(used)
}

async fn template(target: &Target, group: &ScalingGroup, used: &TemplateUse) -> Result<LaunchTemplate> {
    let gone = || {
        let message = format!("its launch template {} does not exist", used.label());
        refused(&group.name, "NoLaunchTemplate", message).hint("give the group a template that exists first")
    };
    let name = used.name.as_deref().and_then(|name| name.parse().ok()).ok_or_else(gone)?;
    let found = launch_templates::find(target, &name).await?.ok_or_else(gone)?;
    if used.id.as_ref().is_some_and(|id| *id != found.id) {
        let message = format!(
            "its launch template {} does not exist, and {name} is another one, {}",
            used.id.as_deref().unwrap_or_default(),
            found.id
        );
        return Err(refused(&group.name, "NoLaunchTemplate", message)
            .hint("give the group a template that exists first")
            .into());
    }
    if found.managed {
        let message = format!("an AWS service manages its launch template {name}, and the group with it");
        return Err(refused(&group.name, "ManagedTemplate", message).hint("roll out through that service").into());
    }
    Ok(found)
}

/// A pin to the version that the instances run, where the group would go from a version to the same one: its instances
/// have not got it yet, and AWS could only roll back to it.
fn back_to_instances(pin: Pin, group: &ScalingGroup, template: &LaunchTemplate, goal: &PlannedVersion) -> Pin {
    match (&pin.version, goal, group.number_run()) {
        (PlannedVersion::Existing(from), PlannedVersion::Existing(to), Some(run))
            if from == to && run != *to && template.image_in(run).is_some() =>
        {
            Pin { version: PlannedVersion::Existing(run), ..pin }
        }
        _ => pin,
    }
}

/// Whether the version is there and takes its image from a parameter.
fn follows_parameter(template: &LaunchTemplate, goal: &PlannedVersion) -> bool {
    match goal {
        PlannedVersion::New(_) => false,
        PlannedVersion::Existing(number) => {
            template.image_in(*number).flatten().is_some_and(|text| text.trim().starts_with("resolve:"))
        }
    }
}

/// What is to be done: nothing, to join a refresh, or to begin one.
fn work(
    target: &Target,
    request: &RolloutRequest,
    (group, used): (&ScalingGroup, &TemplateUse),
    goal: &PlannedVersion,
    refreshes: &[Refresh],
) -> Result<GroupWork> {
    let number = match goal {
        PlannedVersion::Existing(number) => Some(*number),
        PlannedVersion::New(_) => None,
    };
    if let Some(active) = refreshes.iter().find(|refresh| refresh.status.active()) {
        return match number.filter(|number| active.goes_to(used, *number) && active.status.goes_forth()) {
            Some(_) => Ok(GroupWork::Join(active.clone())),
            None => Err(under_way(target, &group.name, active).into()),
        };
    }
    let there = number.is_some() && used.number() == number;
    let there = there && number.is_some_and(|number| group.runs(number)) && request.preferences.skip_matching;
    Ok(if there { GroupWork::Nothing } else { GroupWork::Refresh })
}

/// The refusal where another refresh is under way.
pub(super) fn under_way(target: &Target, group: &GroupName, active: &Refresh) -> Failure {
    let to = active.to.as_ref().map(|to| format!(" to version {}", to.version())).unwrap_or_default();
    let message = format!("a refresh{to} is under way ({}, {})", active.id, active.doing());
    refused(group, "InstanceRefreshInProgress", message).hint(format!(
        "wait for it with: {}; or end it with: {}",
        wait_line(target, group),
        cancel_line(target, group)
    ))
}
