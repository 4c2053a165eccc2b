//! DescribeLaunchConfigurations.

use super::super::errors::Answer;
use super::super::ids::derived;
use super::super::launchers::LaunchConfiguration;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;

/// Names that do not exist are passed over.
pub fn describe(world: &mut World, request: &Request) -> Answer {
    let window = super::window(world, request)?;
    let wanted = request.params.list("LaunchConfigurationNames.member");
    let region = world.region(&request.region);
    let listed = region.launch_configurations.iter().filter(|((owner, name), _)| {
        *owner == request.account && (wanted.is_empty() || wanted.contains(&name.as_str()))
    });
    let (page, next) = window.cut(listed.map(|((_, name), configuration)| (name, configuration)));
    let mut x = Xml::new();
    x.members("LaunchConfigurations", page, |x, configuration| write(x, configuration, &request.region));
    x.maybe("NextToken", next);
    Ok(x.done())
}

fn write(x: &mut Xml, configuration: &LaunchConfiguration, region: &str) {
    let (owner, name) = (&configuration.owner, &configuration.name);
    let id = &derived("lc", &[owner, region, name])["lc-".len()..];
    x.leaf("LaunchConfigurationName", name);
    x.leaf(
        "LaunchConfigurationARN",
        format_args!("arn:aws:autoscaling:{region}:{owner}:launchConfiguration:{id}:launchConfigurationName/{name}"),
    );
    x.leaf("ImageId", &configuration.image).leaf("InstanceType", "t3.micro");
    x.leaf("KeyName", "").leaf("UserData", "").leaf("KernelId", "").leaf("RamdiskId", "");
    x.members("SecurityGroups", [""; 0], |_, _| ());
    x.members("BlockDeviceMappings", &configuration.snapshots, |x, snapshot| {
        x.leaf("DeviceName", "/dev/sdf").node("Ebs", |x| {
            x.leaf("SnapshotId", snapshot);
        });
    });
    x.node("InstanceMonitoring", |x| {
        x.leaf("Enabled", true);
    });
    x.leaf("EbsOptimized", false).time("CreatedTime", configuration.created);
}
