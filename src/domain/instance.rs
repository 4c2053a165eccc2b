//! Instances, as far as launching images and making them needs.

use super::ids::{ImageId, InstanceId};
use super::region::Region;

/// One EC2 instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// The image it was started from.
    pub image_id: Option<ImageId>,
    /// Where it is.
    pub region: Region,
    /// `pending`, `running`, `shutting-down`, `terminated`, `stopping`, `stopped`.
    pub state: String,
    /// EC2's reason for the state, verbatim.
    pub state_reason: Option<String>,
    /// Its type, e.g. `t3.micro`.
    pub instance_type: Option<String>,
    /// Its address within the VPC.
    pub private_ip: Option<String>,
    /// Its public address, where it has one.
    pub public_ip: Option<String>,
    /// Its public name, where it has one.
    pub public_dns: Option<String>,
}

impl Instance {
    /// Whether it is gone or going; nothing can be made from it any more.
    pub fn ended(&self) -> bool {
        matches!(self.state.as_str(), "terminated" | "shutting-down")
    }
}
