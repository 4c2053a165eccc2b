//! Cases of the commands that release images.

use chrono::{SecondsFormat, TimeDelta, Utc};

use super::proof::{Case, case, few_regions};
use crate::fake::{BadBoot, Fault, FaultKind, PROD, Script};
use crate::rollout::autoscaling;
use crate::setup::{EAST, Setup, WEST, seconds};

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
    case("test", |setup| {
        bootable(setup);
        "test web:prod --type t3.micro --instance-profile web --ssm true".to_owned()
    }),
    Case {
        command: "test",
        seed: |setup| {
            let id = bootable(setup);
            setup.world().bad_boots.insert(id, BadBoot::Impaired);
            "test web --type t3.micro --timeout 1s".to_owned()
        },
        code: 1,
    },
    Case {
        command: "test",
        seed: |setup| {
            bootable(setup);
            setup.fake.fault(Fault::on("SendCommand", FaultKind::ResetAfter).times(1));
            setup.world().run_commands.scripts.push(Script::with("sleep", 0).takes(seconds(3600)));
            "test web --type t3.micro --instance-profile web --ssm sleep --probe-timeout 3s".to_owned()
        },
        code: 1,
    },
    case("test", |setup| {
        few_regions(setup);
        let hour_ago = Utc::now() - TimeDelta::hours(1);
        let mut world = setup.world();
        world.instance(PROD, WEST).boot_test("0123456789abcdef", hour_ago).put();
        let at = hour_ago.to_rfc3339_opts(SecondsFormat::Secs, true);
        let value = format!("0123456789abcdef {at} until {at}");
        let stopped = world.instance(PROD, EAST).state("stopped").launched(hour_ago - TimeDelta::hours(1));
        stopped.tag("amictl:stopped", &value).put();
        "test --sweep --region all".to_owned()
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

/// An image that an alias names, and an instance profile for its instances; gives its id.
fn bootable(setup: &Setup) -> String {
    let mut world = setup.world();
    let id = world.image(PROD, EAST, "web-v1-2026-01-01").put();
    world.parameter(PROD, EAST, "/amictl/web/prod", &id);
    world.add_profile(PROD, "web");
    id
}
