//! EC2 instances: what amictl knows of them.

use chrono::{DateTime, Utc};

use super::ids::{ImageId, InstanceId};
use super::region::Region;
use super::tags::Tags;

/// One EC2 instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// The image it was started from.
    pub image_id: Option<ImageId>,
    /// Its region.
    pub region: Region,
    /// `pending`, `running`, `shutting-down`, `terminated`, `stopping`, `stopped`.
    pub state: String,
    /// EC2's reason for the state, verbatim.
    pub state_reason: Option<String>,
    /// Its type, e.g. `t3.micro`.
    pub instance_type: Option<String>,
    /// Its private IPv4 address.
    pub private_ip: Option<String>,
    /// Its public IPv4 address, if it has one.
    pub public_ip: Option<String>,
    /// Its public DNS name, if it has one.
    pub public_dns: Option<String>,
    /// Whether the public address is an Elastic IP, which a stop does not take away.
    pub elastic_ip: bool,
    /// Its tags.
    pub tags: Tags,
    /// The time of its last start: EC2 renews it when a stopped instance starts.
    pub launched_at: Option<DateTime<Utc>>,
    /// `ebs` or `instance-store`.
    pub root_type: Option<String>,
    /// The ids of its EBS volumes.
    pub volumes: Vec<String>,
    /// Whether it is a Spot Instance.
    pub spot: bool,
    /// The Spot request behind it.
    pub spot_request: Option<String>,
    /// The client token of its launch.
    pub client_token: Option<String>,
}

impl Instance {
    /// Whether it is terminated or shutting down: no image can be made from it.
    pub fn ended(&self) -> bool {
        matches!(self.state.as_str(), "terminated" | "shutting-down")
    }

    /// Its id, and its tag `Name` if it has one.
    pub fn label(&self) -> String {
        match self.tags.get("Name").filter(|name| !name.is_empty()) {
            Some(name) => format!("{} ({name})", self.id),
            None => self.id.to_string(),
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A running instance for tests of the domain.
    pub fn instance(number: u64) -> Instance {
        Instance {
            id: format!("i-{number:017x}").parse().unwrap(),
            image_id: None,
            region: Region::first(),
            state: "running".to_owned(),
            state_reason: None,
            instance_type: None,
            private_ip: None,
            public_ip: None,
            public_dns: None,
            elastic_ip: false,
            tags: Tags::new(),
            launched_at: None,
            root_type: None,
            volumes: Vec::new(),
            spot: false,
            spot_request: None,
            client_token: None,
        }
    }
}
