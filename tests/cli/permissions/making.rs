//! Cases of the commands that make images and instances.

use super::proof::{Case, case, few_regions};
use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, WEST, seconds};

const FOLLOW_UP: &str = "--share-with 222222222222 --deprecate-after 180d --protect";

pub const CASES: &[Case] = &[
    case("create", |setup| {
        let mut world = setup.world();
        let key = world.add_kms_key(PROD, EAST, "alias/own");
        let west = world.add_kms_key(PROD, WEST, "alias/own");
        world.set_ebs_default_key(PROD, WEST, &west);
        world.encrypt_by_default.insert((PROD.to_owned(), WEST.to_owned()));
        let id = world.instance(PROD, EAST).encrypted(&key).put();
        format!("create web --instance {id} --copy-to us-west-2 {FOLLOW_UP}")
    }),
    case("create", |setup| {
        let id = setup.world().instance(PROD, EAST).put();
        format!("create web --instance {id} --copy-to us-west-2 {FOLLOW_UP}")
    }),
    case("create", |setup| {
        let file = setup.home.write("clean.sh", "true");
        let id = setup.world().instance(PROD, EAST).profile("ssm").put();
        format!("create web --instance {id} --prepare {file}")
    }),
    case("create", |setup| {
        let file = setup.home.write("clean.sh", "true");
        let id = setup.world().instance(PROD, EAST).profile("ssm").persistent_spot().put();
        setup.fake.fault(Fault::on("SendCommand", FaultKind::ResetAfter).times(1));
        format!("create web --instance {id} --stop --prepare {file}")
    }),
    Case {
        command: "create",
        seed: |setup| {
            let file = setup.home.write("clean.sh", "true");
            let id = setup.world().instance(PROD, EAST).profile("ssm").put();
            setup.fake.fault(Fault::error("GetCommandInvocation", "InvalidCommandId", "no such command"));
            format!("create web --instance {id} --prepare {file}")
        },
        code: 1,
    },
    case("create", |setup| {
        let mut world = setup.world();
        let like = world.image(PROD, EAST, "base-v1-2026-01-01").tpm("AAAA").put();
        world.parameter(PROD, EAST, "/amictl/base/prod", &like);
        let id = world.snapshot(PROD, EAST).put();
        format!("create web --snapshot {id} --like base:prod")
    }),
    case("create", |setup| {
        let id = setup.world().snapshot(PROD, EAST).put();
        format!("create web --snapshot {id} --no-snapshot-tags")
    }),
    case("copy", |setup| {
        let mut world = setup.world();
        let id = world.image(PROD, EAST, "web-v1-2026-01-01").put();
        world.parameter(PROD, EAST, "/amictl/web/prod", &id);
        let west = world.add_kms_key(PROD, WEST, "alias/own");
        world.set_ebs_default_key(PROD, WEST, &west);
        format!("copy web:prod --to us-west-2 --encrypt {FOLLOW_UP}")
    }),
    case("copy", |setup| {
        setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
        format!("copy web --to us-west-2 {FOLLOW_UP}")
    }),
    case("copy", |setup| {
        setup.world().image(PROD, EAST, "web-v1-2026-01-01").tag("Family", "web").put();
        setup.run("copy web --to us-west-2 --no-tags").ended(0);
        "copy web --to us-west-2".to_owned()
    }),
    case("copy", |setup| {
        let mut world = setup.world();
        let image = world.image(OTHER, EAST, "base-v3-2026-01-02").snapshots(2);
        let id = image.shared_with(PROD).copyable_by(PROD).put();
        format!("copy {id} --to us-west-2 --from-role-arn arn:aws:iam::222222222222:role/ami")
    }),
    case("launch", |setup| {
        let mut world = setup.world();
        let id = world.image(PROD, EAST, "web-v1-2026-01-01").put();
        world.parameter(PROD, EAST, "/amictl/web/prod", &id);
        world.add_profile(PROD, "web");
        world.add_key_pair(PROD, EAST, "ops");
        let template = "web --type t3.micro --key-name ops --instance-profile web --spot";
        format!("launch web:prod {} --name one --allow-http", template.trim_start_matches("web "))
    }),
    case("launch", |setup| {
        let mut world = setup.world();
        world.image(PROD, EAST, "web-v1-2026-01-01").put();
        world.launch_template(PROD, EAST, "web").version(&[("InstanceType", "t3.micro")]).put();
        let subnet = world.subnets(PROD, EAST).remove(0);
        format!("launch web --template web --subnet {subnet} --allow-http")
    }),
    case("launch", |setup| {
        let mut world = setup.world();
        let id = world.image(PROD, EAST, "web-v1-2026-01-01").put();
        world.parameter(PROD, EAST, "/amictl/web/prod", &id);
        let template = [("ImageId", "resolve:ssm:/amictl/web/prod"), ("InstanceType", "t3.micro")];
        world.launch_template(PROD, EAST, "web").version(&template).put();
        "launch --template web".to_owned()
    }),
    case("template", |setup| {
        few_regions(setup);
        for region in [EAST, WEST] {
            let mut world = setup.world();
            let id = world.image(PROD, region, "web-v1-2026-01-01").put();
            world.parameter(PROD, region, "/amictl/web/prod", &id);
        }
        "template web --image web:prod --type t3.micro --tag Team=core --region all".to_owned()
    }),
    case("template", |setup| {
        let mut world = setup.world();
        let old = world.image(PROD, EAST, "web-v1-2026-01-01").put();
        world.image(PROD, EAST, "web-v2-2026-01-02").put();
        world.launch_template(PROD, EAST, "web").image(&old).put();
        world.auto_scaling_group(PROD, EAST, "web").launch_template("web", "$Default").put();
        "template web --image web --default".to_owned()
    }),
    case("wait", |setup| {
        setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
        setup.world().pending_for = seconds(1);
        setup.run("copy web --to us-west-2 --no-wait").ended(0);
        let copy = setup.world().images(PROD, WEST).next().unwrap().id.clone();
        setup.world().parameter(PROD, WEST, "/amictl/web/prod", &copy);
        "wait web:prod --region us-west-2".to_owned()
    }),
    case("wait", |setup| format!("wait {}", setup.world().instance(PROD, EAST).put())),
];
