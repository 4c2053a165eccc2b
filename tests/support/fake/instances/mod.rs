//! Instances.

mod attributes;
mod console;
mod describe;
mod fields;
mod image_metadata;
mod launch;
mod run;
mod status;
mod stop;
mod terminate;
mod told;
mod type_listing;
mod types;
mod volumes;

use chrono::{DateTime, Utc};

use super::compute::Instance;
use super::errors::{Refusal, no_instance};
use super::ids;
use super::request::Request;
use super::services::Operation;
use super::world::{Region, World, span};

pub use launch::addresses;
pub use told::tell as tell_launches;

/// Instance operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeInstances",
        params: &["Filter", "IncludeManagedResources", "InstanceId", "MaxResults", "NextToken"],
        run: describe::run,
    },
    Operation {
        name: "DescribeInstanceImageMetadata",
        params: &["Filter", "InstanceId", "MaxResults", "NextToken"],
        run: image_metadata::run,
    },
    Operation {
        name: "DescribeVolumes",
        params: &["Filter", "IncludeManagedResources", "MaxResults", "NextToken"],
        run: volumes::run,
    },
    Operation {
        name: "DescribeInstanceStatus",
        params: &["Filter", "IncludeAllInstances", "IncludeManagedResources", "InstanceId", "MaxResults", "NextToken"],
        run: status::run,
    },
    Operation { name: "GetConsoleOutput", params: &["InstanceId", "Latest"], run: console::run },
    Operation {
        name: "DescribeInstanceTypeOfferings",
        params: &["Filter", "LocationType", "MaxResults", "NextToken"],
        run: types::offerings,
    },
    Operation {
        name: "RunInstances",
        params: &[
            "BlockDeviceMapping",
            "ClientToken",
            "IamInstanceProfile",
            "ImageId",
            "InstanceInitiatedShutdownBehavior",
            "InstanceMarketOptions",
            "InstanceType",
            "KeyName",
            "LaunchTemplate",
            "MaxCount",
            "MetadataOptions",
            "MinCount",
            "NetworkInterface",
            "SecurityGroupId",
            "SubnetId",
            "TagSpecification",
            "UserData",
        ],
        run: run::run,
    },
    Operation { name: "DescribeInstanceAttribute", params: &["Attribute", "InstanceId"], run: attributes::run },
    Operation { name: "DescribeInstanceTypes", params: &["InstanceType"], run: type_listing::run },
    Operation { name: "StopInstances", params: &["InstanceId"], run: stop::stop },
    Operation { name: "StartInstances", params: &["InstanceId"], run: stop::start },
    Operation { name: "TerminateInstances", params: &["InstanceId"], run: terminate::run },
];

/// Number that goes with an instance state.
pub fn state_code(state: &str) -> u32 {
    match state {
        "pending" => 0,
        "running" => 16,
        "shutting-down" => 32,
        "terminated" => 48,
        "stopping" => 64,
        "stopped" => 80,
        other => unreachable!("instances are never {other}"),
    }
}

/// Drops instances whose termination is old history.
pub fn forget_terminated(world: &mut World, region: &str, now: DateTime<Utc>) {
    let since = now - span(world.terminated_shows_for);
    let instances = &mut world.region(region).instances;
    instances.retain(|_, i| !i.terminated_before(since));
}

/// Checks explicitly named instances: well formed, and the caller's.
pub fn check_ids(region: &Region, request: &Request, wanted: &[&str]) -> Result<(), Refusal> {
    for id in wanted {
        ids::check("i", id)?;
    }
    let own = |id: &str| region.instances.get(id).is_some_and(|i| i.is_seen(&request.account, request.now));
    let lost: Vec<&str> = wanted.iter().copied().filter(|id| !own(id)).collect();
    if lost.is_empty() { Ok(()) } else { Err(no_instance(&lost)) }
}

/// The listed instances of an account: hidden ones only on demand or by id.
pub fn is_listed(instance: &Instance, request: &Request, wanted: &[&str], managed_too: bool) -> bool {
    let by_id = wanted.contains(&instance.id.as_str());
    instance.is_seen(&request.account, request.now)
        && (wanted.is_empty() || by_id)
        && (managed_too || by_id || instance.managed.is_none())
}
