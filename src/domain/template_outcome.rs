//! The outcome of a launch template in one account and region.

use super::ids::{AccountId, ImageId};
use super::image::Image;
use super::launch_template::{GroupVersion, TemplateGroup, TemplateGroups, TemplateName};
use super::problem::Problem;
use super::region::{Region, place};
use super::report::Status;

/// What became of a launch template.
#[derive(Debug, Clone)]
pub struct TemplateOutcome {
    /// The account.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The template's id; `None` if it was not made.
    pub id: Option<String>,
    /// Its name.
    pub name: TemplateName,
    /// The number of the version with the image; `None` if it was not made.
    pub version: Option<i64>,
    /// The number of the default version.
    pub default: Option<i64>,
    /// The number of the newest version.
    pub newest: Option<i64>,
    /// That of the default version before the run.
    pub default_before: Option<i64>,
    /// The image field of the version: an id, or `resolve:ssm:` and a parameter.
    pub field: String,
    /// The image that it stands for.
    pub image: Box<Image>,
    /// The image of the default version before, if that named an id.
    pub from: Option<ImageId>,
    /// Whether anything was changed.
    pub changed: bool,
    /// The Auto Scaling groups that use the template.
    pub groups: TemplateGroups,
    /// EC2's warnings about what the version says.
    pub warnings: Vec<Problem>,
    /// More about it, for people.
    pub detail: Option<String>,
    /// The status.
    pub status: Status,
}

impl TemplateOutcome {
    /// The template with account and region, for messages.
    pub fn place(&self) -> String {
        format!("launch template {} in {}", self.name, place(self.account.as_ref(), &self.region))
    }

    /// The problem, if it failed or was skipped.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.status {
            Status::Done => None,
            Status::Failed(problem) | Status::Skipped(problem) => Some(problem),
        }
    }

    /// Whether a group launches the version with the image from now on.
    fn launched_by(&self, group: &TemplateGroup) -> bool {
        match &group.version {
            GroupVersion::Default => self.default == self.version,
            GroupVersion::Latest => self.newest == self.version,
            GroupVersion::Pinned(number) => self.version.is_some_and(|version| *number == version.to_string()),
        }
    }

    /// Whether a group takes the version, at once or when it becomes the default.
    pub fn followed_by(&self, group: &TemplateGroup) -> bool {
        match &group.version {
            GroupVersion::Default => true,
            GroupVersion::Latest => self.launched_by(group),
            GroupVersion::Pinned(_) => false,
        }
    }

    /// What the groups that use the template launch from now on, one line for each way they take it.
    pub fn of_groups(&self) -> Vec<String> {
        let groups = match &self.groups {
            Ok(groups) => groups,
            Err(problem) => return vec![format!("which groups use it is unknown: {problem}")],
        };
        let named = |wanted: &dyn Fn(&TemplateGroup) -> bool| {
            let some: Vec<_> = groups.iter().filter(|group| wanted(group)).collect();
            let word = if some.len() == 1 { "group" } else { "groups" };
            let names: Vec<_> =
                some.iter().map(|group| format!("{} ({})", group.name, group.version.as_str())).collect();
            (!names.is_empty()).then(|| format!("{word} {}", names.join(", ")))
        };
        let takes = |group: &TemplateGroup| self.launched_by(group);
        let left = |group: &TemplateGroup, version: &GroupVersion| group.version == *version && !takes(group);
        let newest = self.newest.map(|number| number.to_string()).unwrap_or_default();
        let lines = [
            named(&takes).map(|groups| format!("launched by: {groups}")),
            named(&|group| left(group, &GroupVersion::Default))
                .map(|groups| format!("once it is the default: {groups}")),
            named(&|group| left(group, &GroupVersion::Latest))
                .map(|groups| format!("on the newest version, {newest}, and will not follow: {groups}")),
            named(&|group| !group.version.follows() && !takes(group))
                .map(|groups| format!("pinned to another number, and will not follow: {groups}")),
        ];
        lines.into_iter().flatten().collect()
    }
}
