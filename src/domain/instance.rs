//! EC2 instances: the fields that `launch` and `create` need.

use super::ids::{ImageId, InstanceId};
use super::region::Region;

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
}

impl Instance {
    /// Whether it is terminated or shutting down: no image can be made from it.
    pub fn ended(&self) -> bool {
        matches!(self.state.as_str(), "terminated" | "shutting-down")
    }
}
