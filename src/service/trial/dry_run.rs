//! Changes as dry runs: EC2 says whether it would make them, and makes none.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    ArchitectureValues, BlockDeviceMapping, EbsBlockDevice, ImageUsageResourceTypeRequest, InstanceType,
    LaunchPermission, LaunchPermissionModifications, OperationType, RequestLaunchTemplateData, ResetImageAttributeName,
    ResourceType, SnapshotAttributeName, Tag,
};
use aws_smithy_types::DateTime as Timestamp;
use chrono::{DateTime, Utc};

use super::super::client::convert::tag_specification;
use super::super::client::error::{ApiError, api, dry_run};
use super::super::client::target::Target;
use super::specimens::Specimens;
use crate::domain::permissions_table::{Condition, Need, ResourceKind};
use crate::domain::region::Region;
use crate::domain::tags::Tags;

/// A name for what is never made.
const NAME: &str = "amictl-doctor-dry-run";
/// A key for a tag that is never set.
const KEY: &str = "amictl:doctor";
/// A time in the far future, at which EC2 would deprecate an image.
const SOME_DAY: i64 = 86_400 * 365;

/// EC2 in one account and region, for requests that change nothing: it gives no access to its client, and all that it
/// sends is a dry run.
pub struct DryRun<'a> {
    ec2: &'a Client,
    region: &'a Region,
    target: &'a Target,
    now: DateTime<Utc>,
}

/// Sends a request of EC2 as a dry run. Nothing in this file sends another way.
macro_rules! attempt {
    ($self:ident, $call:literal, $request:expr) => {
        dry_run($call, $self.region, $request.dry_run(true).send().await.map(drop).map_err(api($call, $self.region)))
    };
}

impl<'a> DryRun<'a> {
    pub fn new(target: &'a Target, now: DateTime<Utc>) -> Self {
        Self { ec2: &target.ec2, region: &target.region, target, now }
    }

    /// Tries what a row needs; the error says why there is no trial.
    pub(super) async fn send(&self, row: &Need, own: &Specimens) -> Result<Result<(), ApiError>, String> {
        let name = row.action.strip_prefix("ec2:").ok_or("AWS has no dry run for it")?;
        let answer = match (name, row.when) {
            // Tags of what is made are part of the call that makes it.
            ("CreateTags", Condition::MadeBy(maker)) => self.make(maker, own).await?,
            ("CreateTags" | "DeleteTags", _) => self.tags(row, own).await?,
            _ => match self.image(name, own).await? {
                Some(answer) => answer,
                None => match self.snapshot(name, own).await? {
                    Some(answer) => answer,
                    None => self.make(name, own).await?,
                },
            },
        };
        Ok(answer)
    }

    async fn tags(&self, row: &Need, own: &Specimens) -> Result<Result<(), ApiError>, String> {
        let id = match row.on {
            [ResourceKind::Image, ..] => image(own)?,
            [ResourceKind::Snapshot, ..] => snapshot(own)?,
            [ResourceKind::Instance, ..] => instance(own)?,
            _ => return Err("nothing is there to try it on".to_owned()),
        };
        let key = match row.when {
            Condition::TagKeys([first, ..]) => first,
            _ => KEY,
        };
        if row.action == "ec2:DeleteTags" {
            let tag = Tag::builder().key(key).build();
            return Ok(attempt!(self, "DeleteTags", self.ec2.delete_tags().resources(id).tags(tag)));
        }
        let tag = Tag::builder().key(key).value("").build();
        Ok(attempt!(self, "CreateTags", self.ec2.create_tags().resources(id).tags(tag)))
    }

    async fn image(&self, name: &str, own: &Specimens) -> Result<Option<Result<(), ApiError>>, String> {
        let id = || image(own);
        let answer = match name {
            "CreateImageUsageReport" => {
                let kind = ImageUsageResourceTypeRequest::builder().resource_type("ec2:Instance").build();
                let request = self.ec2.create_image_usage_report().image_id(id()?).resource_types(kind);
                attempt!(self, "CreateImageUsageReport", request)
            }
            "DeregisterImage" => {
                let request = self.ec2.deregister_image().image_id(id()?).delete_associated_snapshots(false);
                attempt!(self, "DeregisterImage", request)
            }
            "DisableImage" => attempt!(self, "DisableImage", self.ec2.disable_image().image_id(id()?)),
            "DisableImageDeprecation" => {
                attempt!(self, "DisableImageDeprecation", self.ec2.disable_image_deprecation().image_id(id()?))
            }
            "DisableImageDeregistrationProtection" => {
                let request = self.ec2.disable_image_deregistration_protection().image_id(id()?);
                attempt!(self, "DisableImageDeregistrationProtection", request)
            }
            "EnableImage" => attempt!(self, "EnableImage", self.ec2.enable_image().image_id(id()?)),
            "EnableImageDeprecation" => {
                let at = Timestamp::from_secs(self.now.timestamp() + SOME_DAY);
                let request = self.ec2.enable_image_deprecation().image_id(id()?).deprecate_at(at);
                attempt!(self, "EnableImageDeprecation", request)
            }
            "EnableImageDeregistrationProtection" => {
                let request = self.ec2.enable_image_deregistration_protection().image_id(id()?).with_cooldown(false);
                attempt!(self, "EnableImageDeregistrationProtection", request)
            }
            "ModifyImageAttribute" => {
                let own = self.target.account().await.map_err(|error| error.to_string())?;
                let who = LaunchPermission::builder().user_id(own.as_str()).build();
                let add = LaunchPermissionModifications::builder().add(who).build();
                let request = self.ec2.modify_image_attribute().image_id(id()?).launch_permission(add);
                attempt!(self, "ModifyImageAttribute", request)
            }
            "ResetImageAttribute" => {
                let request = self.ec2.reset_image_attribute().image_id(id()?);
                let request = request.attribute(ResetImageAttributeName::LaunchPermission);
                attempt!(self, "ResetImageAttribute", request)
            }
            _ => return Ok(None),
        };
        Ok(Some(answer))
    }

    async fn snapshot(&self, name: &str, own: &Specimens) -> Result<Option<Result<(), ApiError>>, String> {
        let answer = match name {
            "DeleteSnapshot" => {
                attempt!(self, "DeleteSnapshot", self.ec2.delete_snapshot().snapshot_id(snapshot(own)?))
            }
            "ModifySnapshotAttribute" => {
                let account = self.target.account().await.map_err(|error| error.to_string())?;
                let request = self.ec2.modify_snapshot_attribute().snapshot_id(snapshot(own)?);
                let request = request.attribute(SnapshotAttributeName::CreateVolumePermission);
                let request = request.operation_type(OperationType::Add).user_ids(account.as_str());
                attempt!(self, "ModifySnapshotAttribute", request)
            }
            _ => return Ok(None),
        };
        Ok(Some(answer))
    }

    /// Calls that make something, with tags, as amictl makes it.
    async fn make(&self, name: &str, own: &Specimens) -> Result<Result<(), ApiError>, String> {
        let tags = |kind| tag_specification(kind, &Tags::from([(KEY.to_owned(), String::new())]));
        let answer = match name {
            "CopyImage" => {
                let request = self.ec2.copy_image().source_image_id(image(own)?).source_region(self.region.as_str());
                let request = request.name(NAME).client_token(NAME).tag_specifications(tags(ResourceType::Image));
                attempt!(self, "CopyImage", request.tag_specifications(tags(ResourceType::Snapshot)))
            }
            "CreateImage" => {
                let request = self.ec2.create_image().instance_id(instance(own)?).name(NAME).no_reboot(true);
                let request = request.tag_specifications(tags(ResourceType::Image));
                attempt!(self, "CreateImage", request.tag_specifications(tags(ResourceType::Snapshot)))
            }
            "CreateLaunchTemplate" => {
                let data = RequestLaunchTemplateData::builder().instance_type(InstanceType::T3Micro).build();
                let request = self.ec2.create_launch_template().launch_template_name(NAME).client_token(NAME);
                let request = request.launch_template_data(data).version_description(NAME);
                let request = request.tag_specifications(tags(ResourceType::LaunchTemplate));
                attempt!(self, "CreateLaunchTemplate", request)
            }
            "CreateSecurityGroup" => {
                let request = self.ec2.create_security_group().group_name(NAME).description(NAME);
                let request = request.tag_specifications(tags(ResourceType::SecurityGroup));
                attempt!(self, "CreateSecurityGroup", request)
            }
            "RegisterImage" => {
                let disk = EbsBlockDevice::builder().snapshot_id(snapshot(own)?).build();
                let device = BlockDeviceMapping::builder().device_name("/dev/xvda").ebs(disk).build();
                let request = self.ec2.register_image().name(NAME).architecture(ArchitectureValues::X8664);
                let request = request.virtualization_type("hvm").root_device_name("/dev/xvda").ena_support(true);
                let request = request.block_device_mappings(device).tag_specifications(tags(ResourceType::Image));
                attempt!(self, "RegisterImage", request)
            }
            "RunInstances" => {
                let request = self.ec2.run_instances().image_id(image(own)?).min_count(1).max_count(1);
                let request = request.instance_type(InstanceType::T3Micro).client_token(NAME);
                let request = request.tag_specifications(tags(ResourceType::Instance));
                attempt!(self, "RunInstances", request.tag_specifications(tags(ResourceType::Volume)))
            }
            "StartInstances" => {
                attempt!(self, "StartInstances", self.ec2.start_instances().instance_ids(instance(own)?))
            }
            "StopInstances" => attempt!(self, "StopInstances", self.ec2.stop_instances().instance_ids(instance(own)?)),
            "TerminateInstances" => {
                attempt!(self, "TerminateInstances", self.ec2.terminate_instances().instance_ids(instance(own)?))
            }
            "GetConsoleOutput" => {
                attempt!(self, "GetConsoleOutput", self.ec2.get_console_output().instance_id(instance(own)?))
            }
            _ => return Err("there is nothing to try it on".to_owned()),
        };
        Ok(answer)
    }
}

fn image(own: &Specimens) -> Result<&String, String> {
    own.image.as_ref().ok_or_else(|| "the account has no available image here to try it on".to_owned())
}

fn instance(own: &Specimens) -> Result<&String, String> {
    own.instance.as_ref().ok_or_else(|| "the account has no instance here to try it on".to_owned())
}

fn snapshot(own: &Specimens) -> Result<&String, String> {
    own.snapshot.as_ref().ok_or_else(|| "the account has no snapshot here to try it on".to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn everything_is_sent_as_a_dry_run() {
        let text = include_str!("dry_run.rs").split("mod tests").next().unwrap();
        assert_eq!(text.matches(".send()").count(), 1);
        assert!(text.contains("$request.dry_run(true).send()"));
    }
}
