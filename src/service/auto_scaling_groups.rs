//! Auto Scaling groups: templates, instances, the pinning of a version, and the group of an instance.

use aws_sdk_autoscaling::types::{
    AutoScalingGroup, DesiredConfiguration, Instance, LaunchTemplateOverrides, LaunchTemplateSpecification,
    MixedInstancesPolicy,
};

use super::client::error::{ApiError, api};
use super::client::lost_answers::Attempts;
use super::client::target::Target;
use crate::domain::ids::InstanceId;
use crate::domain::rollout::{GroupName, TemplateUse};

const DESCRIBE: &str = "DescribeAutoScalingGroups";
const MEMBERS: &str = "DescribeAutoScalingInstances";
const UPDATE: &str = "UpdateAutoScalingGroup";
/// Auto Scaling's limit for a page.
const PAGE: i32 = 100;

/// The most groups that a call can name.
pub const NAMES_A_CALL: usize = 50;

/// An Auto Scaling group.
#[derive(Debug, Clone)]
pub struct ScalingGroup {
    /// Its name.
    pub name: GroupName,
    /// Its launch configuration, if it has one.
    pub configuration: Option<String>,
    /// Its launch template, also that of a mixed instances policy.
    pub template: Option<TemplateUse>,
    /// The overrides of its policy that launch something else than that template: an image or a template of their own.
    pub own_images: Vec<String>,
    /// Whether it is being deleted.
    pub deleted: bool,
    /// Its instances, but for those that are being terminated.
    pub instances: Vec<GroupInstance>,
    policy: Option<MixedInstancesPolicy>,
}

/// An instance of a group.
#[derive(Debug, Clone)]
pub struct GroupInstance {
    /// Its id.
    pub id: InstanceId,
    /// The template that it was launched from, with the number of the version.
    pub template: Option<TemplateUse>,
}

/// The place of an instance in its group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The name of the group.
    pub group: String,
    /// `InService`, `Standby`, …
    pub lifecycle: String,
}

impl Membership {
    /// Whether the group leaves it alone when it is stopped: otherwise it terminates and replaces it.
    pub fn standby(&self) -> bool {
        self.lifecycle == "Standby"
    }
}

impl ScalingGroup {
    /// Whether all its instances were launched from this version of its template; also if it has none.
    pub fn runs(&self, number: i64) -> bool {
        self.instances.iter().all(|instance| self.runs_on(instance, number))
    }

    /// Whether it has a mixed instances policy.
    pub fn mixed(&self) -> bool {
        self.policy.is_some()
    }

    /// Its instances that were launched from another version.
    pub fn others(&self, number: i64) -> usize {
        self.instances.iter().filter(|instance| !self.runs_on(instance, number)).count()
    }

    /// The one version of its template that all its instances run, if it is one.
    pub fn number_run(&self) -> Option<i64> {
        let number = self.instances.first()?.template.as_ref()?.number()?;
        self.runs(number).then_some(number)
    }

    fn runs_on(&self, instance: &GroupInstance, number: i64) -> bool {
        let both = instance.template.as_ref().zip(self.template.as_ref());
        both.is_some_and(|(its, ours)| its.same_template(ours) && its.number() == Some(number))
    }

    /// What it launches with this version, and its policy otherwise unchanged.
    pub(super) fn desired(&self, number: i64) -> DesiredConfiguration {
        let template = self.template.as_ref().map(|template| pinned(template, &number.to_string()));
        match &self.policy {
            None => DesiredConfiguration::builder().set_launch_template(template).build(),
            Some(policy) => {
                let mut policy = policy.clone();
                if let Some(inner) = &mut policy.launch_template {
                    inner.launch_template_specification = template;
                    inner.overrides.iter_mut().flatten().for_each(by_id);
                }
                DesiredConfiguration::builder().mixed_instances_policy(policy).build()
            }
        }
    }
}

/// A version of a template; Auto Scaling takes its id or its name, and not both.
fn pinned(template: &TemplateUse, version: &str) -> LaunchTemplateSpecification {
    let specification = LaunchTemplateSpecification::builder().version(version);
    match &template.id {
        Some(id) => specification.launch_template_id(id),
        None => specification.set_launch_template_name(template.name.clone()),
    }
    .build()
}

fn by_id(one: &mut LaunchTemplateOverrides) {
    if let Some(own) = one.launch_template_specification.as_mut().filter(|own| own.launch_template_id.is_some()) {
        own.launch_template_name = None;
    }
}

/// The groups with these names, at most [`NAMES_A_CALL`]; those that do not exist are left out.
pub async fn by_names(target: &Target, names: &[GroupName]) -> Result<Vec<ScalingGroup>, ApiError> {
    let names = names.iter().map(ToString::to_string).collect();
    let call = target.autoscaling().describe_auto_scaling_groups().set_auto_scaling_group_names(Some(names));
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(DESCRIBE, &target.region))?;
        found.extend(page.auto_scaling_groups().iter().filter_map(group));
    }
    Ok(found)
}

/// The group of an instance, if it is in one.
pub async fn membership(target: &Target, id: &InstanceId) -> Result<Option<Membership>, ApiError> {
    let call = target.autoscaling().describe_auto_scaling_instances().instance_ids(id.as_str());
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(MEMBERS, &target.region))?;
        if let Some(found) = page.auto_scaling_instances().iter().find(|one| one.instance_id() == Some(id.as_str())) {
            return Ok(Some(Membership {
                group: found.auto_scaling_group_name().unwrap_or_default().to_owned(),
                lifecycle: found.lifecycle_state().unwrap_or("unknown").to_owned(),
            }));
        }
    }
    Ok(None)
}

/// All groups, as Auto Scaling describes them.
pub(super) async fn described(target: &Target) -> Result<Vec<AutoScalingGroup>, ApiError> {
    let mut pages = target.autoscaling().describe_auto_scaling_groups().into_paginator().page_size(PAGE).send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(DESCRIBE, &target.region))?;
        found.extend(page.auto_scaling_groups.unwrap_or_default());
    }
    Ok(found)
}

/// The names of all groups, for an error.
pub async fn names(target: &Target) -> Result<Vec<String>, ApiError> {
    Ok(described(target).await?.into_iter().filter_map(|group| group.auto_scaling_group_name).collect())
}

/// Makes a group launch this version of its template. Its instances stay as they are.
pub async fn pin(target: &Target, group: &ScalingGroup, number: i64) -> Result<(), ApiError> {
    let desired = group.desired(number);
    let call = target.autoscaling().update_auto_scaling_group().auto_scaling_group_name(group.name.as_str());
    let call = call.set_launch_template(desired.launch_template);
    let call = call.set_mixed_instances_policy(desired.mixed_instances_policy);
    let attempts = Attempts::default();
    let answer = call.customize().interceptor(attempts.clone()).send().await;
    answer.map(drop).map_err(api(UPDATE, &target.region)).map_err(|error| attempts.judged(error))
}

fn group(found: &AutoScalingGroup) -> Option<ScalingGroup> {
    let mixed = found.mixed_instances_policy();
    let inner = mixed.and_then(|policy| policy.launch_template());
    let base = inner.and_then(|template| template.launch_template_specification());
    let overrides = inner.into_iter().flat_map(|template| template.overrides());
    let own = overrides.filter_map(|one| {
        let template = one.launch_template_specification().map(template_use);
        let what = match (one.image_id(), template) {
            (Some(image), _) => image.to_owned(),
            (None, Some(template)) => format!("template {}", template.label()),
            (None, None) => return None,
        };
        Some(one.instance_type().map_or(what.clone(), |kind| format!("{kind} with {what}")))
    });
    let leaves = |one: &Instance| one.lifecycle_state().is_some_and(|state| state.as_str().starts_with("Terminat"));
    let instances = found.instances().iter().filter(|one| !leaves(one)).filter_map(|one| {
        let template = one.launch_template().map(template_use);
        Some(GroupInstance { id: one.instance_id()?.parse().ok()?, template })
    });
    Some(ScalingGroup {
        name: found.auto_scaling_group_name()?.parse().ok()?,
        configuration: text(found.launch_configuration_name()),
        template: found.launch_template().or(base).map(template_use),
        own_images: own.collect(),
        deleted: found.status().is_some_and(|status| !status.is_empty()),
        instances: instances.collect(),
        policy: mixed.cloned(),
    })
}

pub(super) fn template_use(found: &LaunchTemplateSpecification) -> TemplateUse {
    TemplateUse {
        id: text(found.launch_template_id()),
        name: text(found.launch_template_name()),
        version: text(found.version()),
    }
}

fn text(found: Option<&str>) -> Option<String> {
    found.filter(|text| !text.is_empty()).map(str::to_owned)
}
