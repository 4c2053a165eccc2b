//! Options of instances, for a launch or for a launch template.

use super::ids::{SecurityGroupId, SubnetId};
use super::tags::Tags;

/// What a user says about instances; the rest is EC2's, or that of a launch template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceOptions {
    /// The type.
    pub instance_type: Option<String>,
    /// The key pair for SSH.
    pub key_name: Option<String>,
    /// The subnet; one of the default VPC when `None`.
    pub subnet: Option<SubnetId>,
    /// Security groups; the default one of the VPC when empty.
    pub security_groups: Vec<SecurityGroupId>,
    /// User data, base64.
    pub user_data: Option<String>,
    /// The name of an instance profile.
    pub instance_profile: Option<String>,
    /// Asks for Spot capacity.
    pub spot: bool,
    /// Tags of the instances and their volumes.
    pub tags: Tags,
}

/// How instances give out their metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataTokens {
    /// To IMDSv2 only, with a token.
    Required,
    /// To IMDSv1 too.
    Optional,
}
