//! The plan of a roll-out for each group, made before anything is written.

use crate::domain::image::Image;
use crate::domain::reference::ImageRef;
use crate::domain::rollout::{GroupName, Refresh, RolloutPreferences};
use crate::service::auto_scaling_groups::ScalingGroup;
use crate::service::launch_templates::{LaunchTemplate, NewVersion};

/// Where groups are to go.
#[derive(Debug, Clone)]
pub enum Goal {
    /// To a version of their template with this image.
    Image(Box<ImageRef>),
    /// To this version of their template.
    Version(i64),
}

/// A roll-out as the user asks for it.
#[derive(Debug, Clone)]
pub struct RolloutRequest {
    /// The groups, one after another.
    pub groups: Vec<GroupName>,
    /// Where they are to go.
    pub goal: Goal,
    /// How instances are replaced.
    pub preferences: RolloutPreferences,
    /// Whether to watch the refreshes to their end.
    pub wait: bool,
    /// Whether only the checks are to run.
    pub dry_run: bool,
}

/// A version that is there, or is to be made.
pub(super) enum PlannedVersion {
    /// It is there.
    Existing(i64),
    /// It is to be made.
    New(Box<NewVersion>),
}

/// The version to which a group is pinned first, as AWS could not go back to what it launches now.
pub(super) struct Pin {
    /// That version.
    pub version: PlannedVersion,
    /// What the group follows until then, for people.
    pub follows: String,
}

/// What is to be done with a group.
pub(super) enum GroupWork {
    /// Nothing: it launches the version, and all its instances run it.
    Nothing,
    /// A refresh to the same version is under way.
    Join(Refresh),
    /// A refresh is to begin.
    Refresh,
}

/// The plan for a group.
pub(super) struct GroupPlan {
    pub group: ScalingGroup,
    /// Its template; new versions are made from the one in force.
    pub template: LaunchTemplate,
    /// The number of the version that it launches now.
    pub in_force: i64,
    pub pin: Option<Pin>,
    pub goal: PlannedVersion,
    /// The image of that version.
    pub image: Image,
    /// All refreshes so far.
    pub before: Vec<Refresh>,
    pub work: GroupWork,
}

impl GroupPlan {
    /// The pin that it needs before anything else is done.
    pub fn pinned_first(&self) -> Option<&Pin> {
        self.pin.as_ref().filter(|_| matches!(self.work, GroupWork::Refresh))
    }

    /// Whether a version of its template is to be made.
    pub fn makes_version(&self) -> bool {
        let new = |version: &PlannedVersion| matches!(version, PlannedVersion::New(_));
        matches!(self.work, GroupWork::Refresh)
            && (new(&self.goal) || self.pin.as_ref().is_some_and(|pin| new(&pin.version)))
    }

    /// The name of the template.
    pub fn template_name(&self) -> &str {
        self.group.template.as_ref().map_or("unknown", |template| template.label())
    }

    /// The version that it goes to, for people.
    pub fn towards(&self) -> String {
        match &self.goal {
            PlannedVersion::Existing(number) => format!("version {number} with {}", self.image.label()),
            PlannedVersion::New(_) => format!("a new version with {}", self.image.label()),
        }
    }
}
