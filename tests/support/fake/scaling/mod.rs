//! Auto Scaling: launch configurations, groups and their instance refreshes.

mod configurations;
mod groups;
mod members;
mod refreshes;
mod update;
mod wanted;

use super::errors::{Refusal, refuse};
use super::launchers::ScalingGroup;
use super::paging::{Rules, Window};
use super::request::Request;
use super::services::Operation;
use super::world::World;

pub use groups::arn;
pub use members::{launch, replace_stopped};
pub use refreshes::InstanceRefresh;
pub use wanted::{Wanted, template_of};

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
    Operation {
        name: "DescribeAutoScalingInstances",
        params: &["InstanceIds", "MaxRecords", "NextToken"],
        run: groups::describe_members,
    },
    Operation {
        name: "UpdateAutoScalingGroup",
        params: &["AutoScalingGroupName", "LaunchTemplate", "MixedInstancesPolicy"],
        run: update::run,
    },
    Operation {
        name: "StartInstanceRefresh",
        params: &["AutoScalingGroupName", "DesiredConfiguration", "Preferences", "Strategy"],
        run: refreshes::start,
    },
    Operation {
        name: "DescribeInstanceRefreshes",
        params: &["AutoScalingGroupName", "InstanceRefreshIds", "MaxRecords", "NextToken"],
        run: refreshes::describe,
    },
    Operation {
        name: "CancelInstanceRefresh",
        params: &["AutoScalingGroupName", "WaitForTransitioningInstances"],
        run: refreshes::cancel,
    },
    Operation { name: "RollbackInstanceRefresh", params: &["AutoScalingGroupName"], run: refreshes::roll_back },
];

/// The group that a request names.
fn group<'a>(world: &'a mut World, request: &Request) -> Result<&'a mut ScalingGroup, Refusal> {
    let name = request.params.need("AutoScalingGroupName")?;
    let key = request.named(name);
    let found = world.region(&request.region).scaling_groups.get_mut(&key);
    found.ok_or_else(|| {
        let message = format!("AutoScalingGroup name not found - AutoScalingGroup {name} not found");
        refuse("ValidationError", message)
    })
}

/// Fifty to a page unless asked for up to a hundred; names and pages go together.
fn window(world: &World, request: &Request) -> Result<Window, Refusal> {
    Window::by(world, request, &Rules { size: "MaxRecords", bounds: (1, 100), default: Some(50), ids: None })
}
