//! Options of instances that a launch and a launch template share.

use std::path::PathBuf;

use anyhow::Result;

use crate::domain::ids::{SecurityGroupId, SubnetId};
use crate::domain::instance_options::InstanceOptions;
use crate::domain::tags::{CREATED_BY, MOST, Tag, TagError, Tags};
use crate::workflows::launch::read_user_data;

/// Options of instances.
#[derive(Debug, Clone, clap::Args)]
pub struct InstanceArgs {
    /// Instance type, e.g. t3.micro [default: that of the template]
    #[arg(long = "type", value_name = "TYPE")]
    instance_type: Option<String>,

    /// Key pair for SSH
    #[arg(long, value_name = "NAME")]
    key_name: Option<String>,

    /// Subnet [default: one of the default VPC]
    #[arg(long, value_name = "ID")]
    pub subnet: Option<SubnetId>,

    /// Security group; repeat it for several [default: the default group of the VPC]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    security_group: Vec<SecurityGroupId>,

    /// Tag Name of the instances
    #[arg(long)]
    name: Option<String>,

    /// File with user data, up to 16 KiB
    #[arg(long, value_name = "FILE")]
    user_data: Option<PathBuf>,

    /// Instance profile, by name
    #[arg(long, value_name = "NAME")]
    instance_profile: Option<String>,

    /// Request Spot capacity
    #[arg(long)]
    spot: bool,

    /// Tag of the instances and their volumes; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<Tag>,
}

impl InstanceArgs {
    /// The options, with the tags of the user and the program that makes the instances itself, if it does.
    pub fn options(&self, made_by: Option<&str>) -> Result<InstanceOptions> {
        Ok(InstanceOptions {
            instance_type: self.instance_type.clone(),
            key_name: self.key_name.clone(),
            subnet: self.subnet.clone(),
            security_groups: self.security_group.clone(),
            user_data: self.user_data.as_deref().map(read_user_data).transpose()?,
            instance_profile: self.instance_profile.clone(),
            spot: self.spot,
            tags: self.tags(made_by)?,
        })
    }

    fn tags(&self, made_by: Option<&str>) -> Result<Tags> {
        let mut tags: Tags = made_by.map(|program| (CREATED_BY.to_owned(), program.to_owned())).into_iter().collect();
        let name = self.name.as_ref().map(|name| Tag::new("Name", name)).transpose()?;
        for tag in name.into_iter().chain(self.tag.iter().cloned()) {
            if tags.insert(tag.key.clone(), tag.value).is_some() {
                return Err(TagError::Twice(tag.key).into());
            }
        }
        match tags.len() {
            count if count > MOST => Err(TagError::TooMany(count).into()),
            _ => Ok(tags),
        }
    }
}
