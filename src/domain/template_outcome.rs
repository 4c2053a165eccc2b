//! The outcome of a launch template in one account and region.

use super::ids::{AccountId, ImageId};
use super::launch_template::{TemplateGroups, TemplateName};
use super::problem::Problem;
use super::region::{Region, place};

/// What became of a launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The image field of that version: an id, or `resolve:ssm:` and a parameter.
    pub image: String,
    /// The image that it stands for.
    pub image_id: ImageId,
    /// Its name.
    pub image_name: Option<String>,
    /// Whether anything was changed.
    pub changed: bool,
    /// The Auto Scaling groups that use the template.
    pub groups: TemplateGroups,
    /// EC2's warnings about what the version says.
    pub warnings: Vec<Problem>,
    /// What is left undone, and why.
    pub problem: Option<Problem>,
}

impl TemplateOutcome {
    /// The template with account and region, for messages.
    pub fn place(&self) -> String {
        format!("launch template {} in {}", self.name, place(self.account.as_ref(), &self.region))
    }
}
