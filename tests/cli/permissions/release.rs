//! Cases of the commands that release images.

use super::proof::{Case, case};
use crate::fake::PROD;
use crate::rollout::autoscaling;
use crate::setup::{EAST, Setup, seconds};

pub const CASES: &[Case] = &[
    case("rollout", |setup| {
        group(setup, "$Default");
        let world = &mut setup.world();
        let id = world.image_named(PROD, EAST, "web-v2-2026-01-02").unwrap().id.clone();
        world.parameter(PROD, EAST, "/amictl/web/prod", &id);
        "rollout web --image web:prod".to_owned()
    }),
    case("rollout", |setup| {
        let mut world = setup.world();
        let id = world.image(PROD, EAST, "web-v1-2026-01-01").put();
        world.image(PROD, EAST, "web-v2-2026-01-02").put();
        world.parameter(PROD, EAST, "/amictl/web/prod", &id);
        let data = [("ImageId", "resolve:ssm:/amictl/web/prod"), ("InstanceType", "t3.micro")];
        world.launch_template(PROD, EAST, "web").version(&data).put();
        world.auto_scaling_group(PROD, EAST, "web").launch_template("web", "1").running(&["1"]).put();
        "rollout web --image web:v2".to_owned()
    }),
    case("rollout", |setup| {
        under_way(setup);
        "rollout web --cancel --no-wait".to_owned()
    }),
    case("rollout", |setup| {
        under_way(setup);
        "rollout web --rollback --no-wait".to_owned()
    }),
    case("wait", |setup| {
        group(setup, "1");
        setup.run("rollout web --image web:v2 --no-wait").ended(0);
        "wait --group web".to_owned()
    }),
];

/// A group whose template gives tags and an instance profile, and a newer image.
fn group(setup: &Setup, version: &str) {
    let mut world = setup.world();
    let id = world.image(PROD, EAST, "web-v1-2026-01-01").put();
    world.image(PROD, EAST, "web-v2-2026-01-02").put();
    world.add_profile(PROD, "web");
    world.add_key_pair(PROD, EAST, "ops");
    let data = [
        ("ImageId", id.as_str()),
        ("InstanceType", "t3.micro"),
        ("KeyName", "ops"),
        ("IamInstanceProfile.Name", "web"),
        ("InstanceMarketOptions.MarketType", "spot"),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "Team"),
        ("TagSpecification.1.Tag.1.Value", "core"),
    ];
    world.launch_template(PROD, EAST, "web").version(&data).put();
    world.auto_scaling_group(PROD, EAST, "web").launch_template("web", version).running(&["1"]).put();
}

/// A refresh that goes on for long.
fn under_way(setup: &Setup) {
    group(setup, "1");
    setup.world().refresh_takes = seconds(3600);
    let template = setup.world().templates(PROD, EAST).next().unwrap().id.clone();
    let desired = "DesiredConfiguration.LaunchTemplate";
    let (id, version) = (format!("{desired}.LaunchTemplateId"), format!("{desired}.Version"));
    let params = [("AutoScalingGroupName", "web"), (id.as_str(), template.as_str()), (version.as_str(), "1")];
    autoscaling(setup, "StartInstanceRefresh", &params);
}
