//! Instances, networks and launch templates of the endpoint.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::model::{Phase, Reason, Tags};
use super::params::Params;

/// An instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// `i-…`.
    pub id: String,
    /// Account that owns it.
    pub owner: String,
    /// `r-…`; instances of one launch share it.
    pub reservation: String,
    /// Position within the launch.
    pub index: usize,
    /// Image it was launched from.
    pub image: String,
    /// `pending`, then `running`, or whatever it was set to.
    pub phase: Phase,
    /// Why it has ended.
    pub reason: Option<Reason>,
    /// Before this time nobody finds it (eventual consistency).
    pub visible_from: DateTime<Utc>,
    /// `t3.micro`, …
    pub kind: String,
    /// LaunchTime.
    pub launched: DateTime<Utc>,
    /// SSH key.
    pub key_name: Option<String>,
    /// Subnet it lives in.
    pub subnet: String,
    /// VPC it lives in.
    pub vpc: String,
    /// Availability zone.
    pub zone: String,
    /// Security groups: id and name.
    pub groups: Vec<(String, String)>,
    /// ARN of the instance profile.
    pub profile: Option<String>,
    /// Id of the spot request, for spot instances.
    pub spot: Option<String>,
    /// The AWS service that manages it.
    pub managed: Option<String>,
    /// User data as sent (base64).
    pub user_data: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// Its EBS volumes; the first is the root.
    pub volumes: Vec<Volume>,
    /// CPU architecture.
    pub architecture: String,
    /// Whether it runs Windows.
    pub windows: bool,
    /// `ebs` or `instance-store`.
    pub root_type: String,
    /// Private address.
    pub private_ip: String,
    /// Public address, if its subnet gives one.
    pub public_ip: Option<String>,
    /// Whether the public address is an Elastic IP.
    pub elastic: bool,
    /// DisableApiStop.
    pub stop_protected: bool,
    /// How often CreateImage rebooted it.
    pub reboots: usize,
    /// Token of the launch.
    pub client_token: Option<String>,
    /// When it shuts down by itself, and the state in which that leaves it.
    pub timer: Option<(DateTime<Utc>, &'static str)>,
    /// Until when it is shown as `running` although it was asked to stop.
    pub stale_until: Option<DateTime<Utc>>,
    /// Whether IMDSv2 is required.
    pub tokens_required: bool,
    /// Tags of its network interface.
    pub interface_tags: Tags,
}

impl Instance {
    /// The state at a time.
    pub fn state(&self, now: DateTime<Utc>) -> &str {
        if self.stale_until.is_some_and(|until| now < until) {
            return "running";
        }
        match (self.phase.at(now), self.timer) {
            ("running", Some((at, then))) if at <= now => then,
            (state, _) => state,
        }
    }

    /// Whether it was terminated before a time.
    pub fn terminated_before(&self, then: DateTime<Utc>) -> bool {
        match (self.phase.after.as_str(), self.timer) {
            ("terminated", _) => self.phase.turn <= then,
            ("running", Some((at, "terminated"))) => at <= then,
            _ => false,
        }
    }

    /// Whether an account finds it at a time.
    pub fn is_seen(&self, account: &str, now: DateTime<Utc>) -> bool {
        self.owner == account && self.visible_from <= now
    }
}

/// A volume of an instance.
#[derive(Clone, Debug)]
pub struct Volume {
    /// `vol-…`.
    pub id: String,
    /// Device name.
    pub device: String,
    /// Size in GiB.
    pub size: i64,
    /// `gp3`, …
    pub kind: String,
    /// KMS key ARN when encrypted.
    pub kms_key: Option<String>,
    /// Whether it goes with its instance.
    pub delete_on_termination: bool,
    /// Tags.
    pub tags: Tags,
}

/// A security group.
#[derive(Clone, Debug)]
pub struct Group {
    /// `sg-…`.
    pub id: String,
    /// Account that owns it.
    pub owner: String,
    /// Name, unique in its VPC.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Its VPC.
    pub vpc: String,
    /// Ingress rules.
    pub rules: Vec<Rule>,
    /// Tags.
    pub tags: Tags,
}

/// One ingress rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// `tcp`, …, or `-1` for all.
    pub protocol: String,
    /// First port.
    pub from: Option<i64>,
    /// Last port.
    pub to: Option<i64>,
    /// IPv4 range, IPv6 range or group id.
    pub peer: String,
}

/// A VPC.
#[derive(Clone, Debug)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// Account that owns it.
    pub owner: String,
    /// Whether it is the default one.
    pub default: bool,
    /// IPv4 range.
    pub cidr: String,
}

/// A subnet.
#[derive(Clone, Debug)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// Account that owns it.
    pub owner: String,
    /// Its VPC.
    pub vpc: String,
    /// Availability zone.
    pub zone: String,
    /// IPv4 range.
    pub cidr: String,
    /// Whether it is the zone's default subnet.
    pub default: bool,
    /// Whether instances in it get public addresses.
    pub public: bool,
}

/// A launch template.
#[derive(Clone, Debug)]
pub struct Template {
    /// `lt-…`.
    pub id: String,
    /// Account that owns it.
    pub owner: String,
    /// Name, unique in account and region.
    pub name: String,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// Number of the default version.
    pub default: u64,
    /// The AWS service that manages it.
    pub managed: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// Versions by number.
    pub versions: BTreeMap<u64, TemplateVersion>,
    /// Highest number ever given.
    pub latest: u64,
}

/// One version of a launch template.
#[derive(Clone, Debug)]
pub struct TemplateVersion {
    /// Its number.
    pub number: u64,
    /// VersionDescription.
    pub description: Option<String>,
    /// When it was made.
    pub created: DateTime<Utc>,
    /// LaunchTemplateData, by the names it was sent with.
    pub data: Params,
}
