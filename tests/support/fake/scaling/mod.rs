//! Auto Scaling: launch configurations and groups.

mod configurations;
mod groups;

use super::errors::Refusal;
use super::paging::{Rules, Window};
use super::request::Request;
use super::services::Operation;
use super::world::World;

/// Auto Scaling operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeLaunchConfigurations",
        params: &["LaunchConfigurationNames", "MaxRecords", "NextToken"],
        run: configurations::describe,
    },
    Operation {
        name: "DescribeAutoScalingGroups",
        params: &["AutoScalingGroupNames", "Filters", "IncludeInstances", "MaxRecords", "NextToken"],
        run: groups::describe,
    },
];

/// Fifty to a page unless asked for up to a hundred; names and pages go together.
fn window(world: &World, request: &Request) -> Result<Window, Refusal> {
    Window::by(world, request, &Rules { size: "MaxRecords", bounds: (1, 100), default: Some(50), ids: None })
}
