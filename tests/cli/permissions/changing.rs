//! Cases of the commands that change images.

use super::finding::{alias, users};
use super::proof::{Case, case, few_regions};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup};

const THIRD: &str = "333333333333";

pub const CASES: &[Case] = &[
    case("deprecate", |setup| {
        ready(setup);
        "deprecate web:prod --after 30d --region all".to_owned()
    }),
    case("deprecate", |setup| {
        let id = ready(setup);
        setup.run(&format!("deprecate {id} --after 30d")).ended(0);
        "deprecate web:prod --cancel".to_owned()
    }),
    case("promote", |setup| {
        few_regions(setup);
        let mut world = setup.world();
        let id = world.image(PROD, EAST, "web-v2-2025-01-01").put();
        world.image(PROD, crate::setup::WEST, "web-v2-2025-01-01").copied_from(&id, EAST).put();
        world.parameter(PROD, EAST, "/amictl/web/canary", &id);
        "promote web:canary --to prod --region all".to_owned()
    }),
    case("promote", |setup| {
        let mut world = setup.world();
        let old = world.image(PROD, EAST, "web-v1-2025-01-01").put();
        world.image(PROD, EAST, "web-v2-2025-01-01").put();
        world.launch_template(PROD, EAST, "web").image(&old).put();
        world.auto_scaling_group(PROD, EAST, "web").launch_template("web", "$Default").put();
        "promote web:v2 --to prod --template web".to_owned()
    }),
    case("rollback", |setup| {
        few_regions(setup);
        let mut world = setup.world();
        for name in ["web-v1-2025-01-01", "web-v2-2025-01-01"] {
            let id = world.image(PROD, EAST, name).put();
            let copy = world.image(PROD, crate::setup::WEST, name).copied_from(&id, EAST).put();
            world.parameter(PROD, EAST, "/amictl/web/prod", &id);
            world.parameter(PROD, crate::setup::WEST, "/amictl/web/prod", &copy);
            world.parameter(PROD, EAST, &format!("/amictl/web/is-{}", &name[4..6]), &id);
        }
        "rollback web:prod --to web:is-v1 --region all".to_owned()
    }),
    case("protect", |setup| {
        ready(setup);
        "protect web:prod --region all".to_owned()
    }),
    case("unprotect", |setup| {
        ready(setup);
        setup.run("protect web").ended(0);
        "unprotect web:prod --region all".to_owned()
    }),
    case("tag", |setup| {
        ready(setup);
        setup.run("tag web Old=1").ended(0);
        "tag web:prod New=1 --remove Old --region all".to_owned()
    }),
    case("share", |setup| {
        few_regions(setup);
        let mut world = setup.world();
        let key = world.add_kms_key(PROD, EAST, "alias/own");
        let id = world.image(PROD, EAST, "web-v1-2025-01-01").encrypted(&key).put();
        world.parameter(PROD, EAST, "/amictl/web/prod", &id);
        format!("share web:prod --with {OTHER} --copyable --region all")
    }),
    case("share", |setup| {
        ready(setup);
        "share web --public --copyable".to_owned()
    }),
    case("unshare", |setup| {
        ready(setup);
        setup.run(&format!("share web --with {OTHER},{THIRD} --copyable")).ended(0);
        format!("unshare web:prod --with {OTHER} --copyable --region all")
    }),
    case("unshare", |setup| {
        ready(setup);
        setup.run(&format!("share web --with {OTHER},{THIRD} --copyable")).ended(0);
        "unshare web --all".to_owned()
    }),
    case("unshare", |setup| {
        let id = disabled(setup);
        format!("unshare {id} --with {OTHER}")
    }),
    case("unshare", |setup| {
        let id = disabled(setup);
        setup.run(&format!("enable {id}")).ended(0);
        format!("unshare {id} --with {OTHER},{THIRD}")
    }),
    case("disable", |setup| {
        ready(setup);
        users(&mut setup.world());
        setup.run(&format!("share web --with {OTHER}")).ended(0);
        "disable web:prod --allow-in-use --region all".to_owned()
    }),
    case("disable", |setup| {
        few_regions(setup);
        users(&mut setup.world());
        alias(&mut setup.world());
        let id = alone(setup);
        format!("disable {id}")
    }),
    Case {
        command: "disable",
        seed: |setup| {
            let id = alone(setup);
            setup.run(&format!("share {id} --with {OTHER}")).ended(0);
            setup.fake.fault(Fault::error("DisableImage", "OperationNotPermitted", "locked by the auditors"));
            format!("disable {id}")
        },
        code: 1,
    },
    case("revoke", |setup| {
        ready(setup);
        descended(setup);
        users(&mut setup.world());
        alias(&mut setup.world());
        "revoke web:prod --reason bad --descendants --region all".to_owned()
    }),
    case("revoke", |setup| {
        few_regions(setup);
        let id = alone(setup);
        setup.run(&format!("share {id} --with {OTHER}")).ended(0);
        format!("revoke {id} --reason bad --disable")
    }),
    Case {
        command: "revoke",
        seed: |setup| {
            let id = alone(setup);
            setup.run(&format!("share {id} --with {OTHER}")).ended(0);
            setup.fake.fault(Fault::error("DisableImage", "OperationNotPermitted", "locked by the auditors"));
            format!("revoke {id} --reason bad --disable")
        },
        code: 1,
    },
    case("unrevoke", |setup| {
        ready(setup);
        descended(setup);
        setup.run("revoke web --reason bad --descendants").ended(0);
        "unrevoke web:prod --descendants --region all".to_owned()
    }),
    case("enable", |setup| {
        let id = disabled(setup);
        setup.world().parameter(PROD, EAST, "/amictl/web/prod", &id);
        "enable web:prod --restore-shares --region all".to_owned()
    }),
    Case {
        command: "enable",
        seed: |setup| {
            let id = disabled(setup);
            setup.world().missing_accounts.insert(THIRD.to_owned());
            format!("enable {id} --restore-shares")
        },
        code: 3,
    },
];

/// An image that the alias `web:prod` names.
fn ready(setup: &Setup) -> String {
    few_regions(setup);
    let id = alone(setup);
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &id);
    id
}

fn alone(setup: &Setup) -> String {
    setup.world().image(PROD, EAST, "web-v1-2025-01-01").created("2025-01-01").put()
}

/// An image of which it is not listed what it came of.
fn descended(setup: &Setup) {
    let mut world = setup.world();
    let gone = world.image(PROD, EAST, "gone-v1-2025-01-01").put();
    world.image(PROD, EAST, "api-v7-2025-01-01").copied_from(&gone, EAST).put();
    world.put_in_recycle_bin(&gone, 7);
}

/// An image that was shared with two accounts and is disabled.
fn disabled(setup: &Setup) -> String {
    few_regions(setup);
    let id = alone(setup);
    setup.run(&format!("share {id} --with {OTHER},{THIRD}")).ended(0);
    setup.run(&format!("disable {id}")).ended(0);
    id
}
