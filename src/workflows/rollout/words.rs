//! Command lines and refusals of roll-outs.

use crate::domain::command_line::{amictl, quoted};
use crate::domain::failure::{Failure, Kind};
use crate::domain::rollout::{GroupName, TemplateUse};
use crate::service::Target;

/// A refusal before anything was written; the message begins with the group.
pub(super) fn refused(group: &GroupName, code: &'static str, message: impl AsRef<str>) -> Failure {
    Failure::new(Kind::Refused, code, format!("group {group}: {}", message.as_ref()))
}

/// The line that resumes the wait.
pub(super) fn wait_line(target: &Target, group: &GroupName) -> String {
    amictl("wait").word("--group").word(group).options(target.options()).to_string()
}

/// The line that cancels the refresh.
pub(super) fn cancel_line(target: &Target, group: &GroupName) -> String {
    amictl("rollout").word(group).word("--cancel").options(target.options()).to_string()
}

/// The line that rolls it back while it is under way.
pub(super) fn rollback_line(target: &Target, group: &GroupName) -> String {
    amictl("rollout").word(group).word("--rollback").options(target.options()).to_string()
}

/// The line that goes to a version.
pub(super) fn rollout_line(target: &Target, group: &GroupName, number: i64) -> String {
    let line = amictl("rollout").word(group).word("--template-version").word(number);
    line.options(target.options()).to_string()
}

/// The line that makes a group follow again what it followed; of a mixed group there is none.
pub(super) fn follow_line(target: &Target, group: &GroupName, template: &TemplateUse) -> Option<String> {
    let id = template.id.as_ref()?;
    let version = quoted(template.version());
    let (name, region) = (quoted(group.as_str()), &target.region);
    Some(format!(
        "aws autoscaling update-auto-scaling-group --auto-scaling-group-name {name} \
         --launch-template LaunchTemplateId={id},Version={version} --region {region}"
    ))
}
