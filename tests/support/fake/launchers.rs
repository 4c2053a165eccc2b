//! Resources that are going to launch instances, and recipes that name images.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::compute::Instance;
use super::model::Tags;
use super::params::Params;
use super::scaling::InstanceRefresh;
use super::world::Region;

/// A launch template as something refers to it.
#[derive(Clone, Debug, Default)]
pub struct TemplateRef {
    /// `lt-…`.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// A number, `$Latest` or `$Default`; absent is the default.
    pub version: Option<String>,
}

impl TemplateRef {
    /// By id or by name, whichever it looks like; an empty version is none.
    pub fn new(name_or_id: &str, version: &str) -> TemplateRef {
        let text = Some(name_or_id.to_owned());
        let version = Some(version.to_owned()).filter(|version| !version.is_empty());
        if super::ids::well_formed("lt", name_or_id) {
            TemplateRef { id: text, name: None, version }
        } else {
            TemplateRef { id: None, name: text, version }
        }
    }

    /// The same with both id and name, if there is such a template.
    pub fn completed(mut self, region: &Region, account: &str) -> TemplateRef {
        let fits = |id: &String, name: &String| self.id.as_ref() == Some(id) || self.name.as_ref() == Some(name);
        let mut own = region.templates.values().filter(|template| template.owner == account);
        if let Some(template) = own.find(|template| fits(&template.id, &template.name)) {
            self.id = Some(template.id.clone());
            self.name = Some(template.name.clone());
        }
        self
    }
}

/// What stands in for parts of a template.
#[derive(Clone, Debug, Default)]
pub struct Override {
    /// Image instead of the template's.
    pub image: Option<String>,
    /// Another template.
    pub template: Option<TemplateRef>,
    /// Instance type instead of the template's.
    pub kind: Option<String>,
    /// How much an instance of it counts.
    pub weight: Option<String>,
}

/// A launch configuration of Auto Scaling.
#[derive(Clone, Debug)]
pub struct LaunchConfiguration {
    /// Account that owns it.
    pub owner: String,
    /// Name, unique in account and region.
    pub name: String,
    /// Image it launches.
    pub image: String,
    /// Snapshots that its volumes are made of.
    pub snapshots: Vec<String>,
    /// When it was made.
    pub created: DateTime<Utc>,
}

/// An Auto Scaling group.
#[derive(Clone, Debug)]
pub struct ScalingGroup {
    /// Account that owns it.
    pub owner: String,
    /// Name, unique in account and region.
    pub name: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Least, most and wanted number of instances.
    pub sizes: (u32, u32, u32),
    /// Launch template.
    pub template: Option<TemplateRef>,
    /// Name of its launch configuration.
    pub configuration: Option<String>,
    /// Launch template of its mixed instances policy.
    pub mixed: Option<TemplateRef>,
    /// Overrides of its mixed instances policy.
    pub overrides: Vec<Override>,
    /// InstancesDistribution of its mixed instances policy, by the names it was sent with.
    pub distribution: Params,
    /// Tags.
    pub tags: Tags,
    /// Its instances.
    pub members: Vec<Member>,
    /// Those of them that are in Standby.
    pub standby: BTreeSet<String>,
    /// Its instance refreshes, the oldest first.
    pub refreshes: Vec<InstanceRefresh>,
}

/// An instance of a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// `i-…`.
    pub id: String,
    /// The template that it was launched from, its version as a number.
    pub template: TemplateRef,
}

/// A Spot request.
#[derive(Clone, Debug)]
pub struct SpotRequest {
    /// `sir-…`.
    pub id: String,
    /// Account that owns it.
    pub owner: String,
    /// Image it launches.
    pub image: String,
    /// Instance type it launches.
    pub kind: String,
    /// Snapshots that its volumes are made of.
    pub snapshots: Vec<String>,
    /// Whether it launches again after an interruption.
    pub persistent: bool,
    /// `open`, `active`, `closed`, `cancelled`, `failed` or `disabled`.
    pub state: String,
    /// The instance it has launched.
    pub instance: Option<String>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Tags.
    pub tags: Tags,
}

impl SpotRequest {
    /// The one-time request that an instance came of; none for instances on demand.
    pub fn behind(instance: &Instance) -> Option<SpotRequest> {
        Some(SpotRequest {
            id: instance.spot.clone()?,
            owner: instance.owner.clone(),
            image: instance.image.clone(),
            kind: instance.kind.clone(),
            snapshots: Vec::new(),
            persistent: false,
            state: "active".to_owned(),
            instance: Some(instance.id.clone()),
            created: instance.launched,
            tags: Tags::new(),
        })
    }

    /// The state at a time: a one-time request closes with its instance, a persistent one opens again.
    pub fn state<'a>(&'a self, instance: Option<&Instance>, now: DateTime<Utc>) -> &'a str {
        let ended = instance.is_none_or(|i| matches!(i.state(now), "shutting-down" | "terminated"));
        match (self.instance.is_some() && self.state == "active" && ended, self.persistent) {
            (false, _) => &self.state,
            (true, true) => "open",
            (true, false) => "closed",
        }
    }
}

/// A Spot Fleet request.
#[derive(Clone, Debug)]
pub struct SpotFleet {
    /// `sfr-…`.
    pub id: String,
    /// Account that owns it.
    pub owner: String,
    /// `submitted`, `active`, `cancelled`, `failed`, `cancelled_running`, `cancelled_terminating` or `modifying`.
    pub state: String,
    /// Images of its launch specifications, each with the snapshots that its volumes are made of.
    pub images: Vec<(String, Vec<String>)>,
    /// Its launch templates.
    pub templates: Vec<TemplateRef>,
    /// TargetCapacity.
    pub capacity: u32,
    /// When it was made.
    pub created: DateTime<Utc>,
}

/// An EC2 Fleet.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// `fleet-…`.
    pub id: String,
    /// Account that owns it.
    pub owner: String,
    /// `instant`, `request` or `maintain`.
    pub kind: String,
    /// `submitted`, `active`, `deleted`, `failed`, `deleted_running`, `deleted_terminating` or `modifying`.
    pub state: String,
    /// Its launch templates, each with its overrides.
    pub configs: Vec<(TemplateRef, Vec<Override>)>,
    /// TotalTargetCapacity.
    pub capacity: u32,
    /// When it was made.
    pub created: DateTime<Utc>,
}

/// A recipe of Image Builder.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// ARN.
    pub arn: String,
    /// Account that owns it.
    pub owner: String,
    /// Whether it makes containers instead of images.
    pub container: bool,
    /// Image it begins with.
    pub image: String,
}
