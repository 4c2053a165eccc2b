//! Command lines and refusals of roll-outs.

use crate::domain::command_line::{amictl, quoted};
use crate::domain::failure::{Failure, Kind};
use crate::domain::rollout::GroupName;
use crate::service::Target;
use crate::service::auto_scaling_groups::ScalingGroup;

/// AWS's word for the newest version of a template.
pub(super) const LATEST: &str = "$Latest";

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

/// The line that gives a group, which has no mixed instances policy, another template or version.
pub(super) fn update_line(target: &Target, group: &GroupName, template: &str) -> String {
    let (name, region) = (quoted(group.as_str()), &target.region);
    format!(
        "aws autoscaling update-auto-scaling-group --auto-scaling-group-name {name} --launch-template {template} \
         --region {region}"
    )
}

/// Whose credentials a line of another program needs, where a role was assumed; begins with a blank.
pub(super) fn with_credentials(target: &Target) -> String {
    target.role().map(|role| format!(" with credentials of account {}", role.account())).unwrap_or_default()
}

/// How to make a group follow again what it followed; of a mixed group there is no line.
pub(super) fn follow_again(target: &Target, group: &ScalingGroup) -> Option<String> {
    let template = group.template.as_ref().filter(|_| !group.mixed())?;
    let id = template.id.as_ref()?;
    let version = template.version();
    let line = update_line(target, &group.name, &format!("LaunchTemplateId={id},Version={}", quoted(version)));
    let newest = if version == LATEST { " (then it launches the newest version)" } else { "" };
    Some(format!("to let it follow again{newest}{}: {line}", with_credentials(target)))
}
