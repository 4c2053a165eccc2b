//! Spot requests, Spot Fleet requests and EC2 Fleets.

mod ec2_fleets;
mod spot_fleets;
mod spot_requests;

use super::launchers::TemplateRef;
use super::services::Operation;
use super::xml::Xml;

/// Fleet operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "DescribeSpotInstanceRequests",
        params: &["Filter", "MaxResults", "NextToken", "SpotInstanceRequestId"],
        run: spot_requests::describe,
    },
    Operation {
        name: "DescribeSpotFleetRequests",
        params: &["MaxResults", "NextToken", "SpotFleetRequestId"],
        run: spot_fleets::describe,
    },
    Operation {
        name: "DescribeFleets",
        params: &["Filter", "FleetId", "MaxResults", "NextToken"],
        run: ec2_fleets::describe,
    },
];

/// `<launchTemplateSpecification>`.
fn write_template(x: &mut Xml, template: &TemplateRef) {
    x.node("launchTemplateSpecification", |x| {
        x.maybe("launchTemplateId", template.id.as_ref()).maybe("launchTemplateName", template.name.as_ref());
        x.maybe("version", template.version.as_ref());
    });
}

/// `<blockDeviceMapping>` of a launch specification, left out when there are no volumes.
fn write_volumes(x: &mut Xml, snapshots: &[String]) {
    if !snapshots.is_empty() {
        x.list("blockDeviceMapping", snapshots, |x, snapshot| {
            x.leaf("deviceName", "/dev/sdf").node("ebs", |x| {
                x.leaf("snapshotId", snapshot);
            });
        });
    }
}
