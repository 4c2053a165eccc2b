//! Cases of the commands that remove images and bring them back.

use chrono::{TimeDelta, Utc};

use super::finding::{alias, users};
use super::proof::{Case, case, few_regions};
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup};

const POLICY: &str = "version = 1\nkeep = 0\nmax_delete = '100%'\n";
const STAGES: &str = "retire = ['deprecate', 'disable@14d', 'deregister@30d']\n";

pub const CASES: &[Case] = &[
    case("prune", |setup| {
        old(setup);
        bin(setup);
        users(&mut setup.world());
        alias(&mut setup.world());
        "prune web --keep 0 --apply --yes --max-delete 100% --usage-reports --region all".to_owned()
    }),
    case("prune", |setup| staged(setup, "prune --policy POLICY --apply --yes")),
    case("prune", |setup| {
        old(setup);
        setup.world().parameter(PROD, EAST, "/policies/prod", POLICY);
        "prune --policy ssm:/policies/prod".to_owned()
    }),
    case("prune", |setup| wanted_again(setup, "prune --policy POLICY --apply --yes")),
    case("apply", |setup| {
        old(setup);
        bin(setup);
        users(&mut setup.world());
        alias(&mut setup.world());
        plan(setup, "prune web --keep 0 --region all")
    }),
    case("apply", |setup| {
        let line = staged(setup, "prune --policy POLICY");
        plan(setup, &line)
    }),
    case("apply", |setup| {
        let line = wanted_again(setup, "prune --policy POLICY");
        plan(setup, &line)
    }),
    case("deregister", |setup| {
        let id = old(setup);
        bin(setup);
        users(&mut setup.world());
        alias(&mut setup.world());
        format!("deregister {id} --yes --usage-reports --region all")
    }),
    case("deregister", |setup| {
        let id = old(setup);
        setup.world().parameter(PROD, EAST, "/amictl/web/prod", &id);
        "deregister web:prod --yes --keep-snapshots --allow-in-use".to_owned()
    }),
    case("orphans", |setup| {
        few_regions(setup);
        bin(setup);
        users(&mut setup.world());
        orphan(setup);
        "orphans --apply --yes --max-delete 100% --region all".to_owned()
    }),
    case("recycle-bin", |setup| {
        few_regions(setup);
        setup.world().bin_rule(PROD, EAST, "EC2_IMAGE", 14).put();
        "recycle-bin --retain 14d --yes --region all".to_owned()
    }),
    Case {
        command: "orphans",
        seed: |setup| {
            users(&mut setup.world());
            orphan(setup);
            setup.world().denied_roles.insert(format!("arn:aws:iam::{OTHER}:role/ami"));
            format!("orphans --role-arn arn:aws:iam::{PROD}:role/ami,arn:aws:iam::{OTHER}:role/ami")
        },
        code: 3,
    },
    case("restore", |setup| {
        few_regions(setup);
        setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), (30, 30));
        setup.world().restore_forgets = true;
        let mut world = setup.world();
        let image = world.image(PROD, EAST, "web-v1-2025-01-01").snapshots(2).tag("Team", "web");
        let image = image.snapshot_tag("Team", "storage").shared_with(OTHER).copyable_by(OTHER);
        let id = image.put();
        drop(world);
        setup.run(&format!("deregister {id} --yes")).ended(0);
        format!("restore {id} --region all")
    }),
    case("restore", |setup| {
        setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), (30, 30));
        let id = retired(setup, "web-v1-2025-01-01", true);
        let line = format!("prune --policy {} --apply --yes", setup.home.write("p.toml", &format!("{POLICY}{STAGES}")));
        setup.run(&line).ended(0);
        format!("restore {id}")
    }),
];

/// An image that was made long ago, in the first of two regions; it is shared.
fn old(setup: &Setup) -> String {
    few_regions(setup);
    setup
        .world()
        .image(PROD, EAST, "web-v1-2025-01-01")
        .created("2025-01-01")
        .shared_with(OTHER)
        .copyable_by(OTHER)
        .put()
}

/// A rule of the Recycle Bin that has to be read by itself.
fn bin(setup: &Setup) {
    setup.world().bin_rule(PROD, EAST, "EC2_IMAGE", 14).put();
    setup.world().bin_rule(PROD, EAST, "EBS_SNAPSHOT", 14).put();
}

fn orphan(setup: &Setup) {
    let seed = "Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa";
    setup.world().snapshot(PROD, EAST).started("2025-01-01").description(seed).put();
}

/// The plan that a command line makes, to be applied.
fn plan(setup: &Setup, line: &str) -> String {
    let file = setup.home.write("plan.json", "");
    setup.run(&format!("{line} --plan-out {file}")).ended(0);
    format!("apply {file} --yes")
}

fn ago(days: i64) -> String {
    (Utc::now() - TimeDelta::days(days)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An image whose next stage is due: the last, or disabling.
fn retired(setup: &Setup, name: &str, last: bool) -> String {
    let mut world = setup.world();
    let image = world.image(PROD, EAST, name).created("2025-01-01").deprecated_at(ago(60).as_str());
    match last {
        false => image.tag("amictl:retire", &format!("deprecate@{}", ago(60))).shared_with(OTHER).put(),
        true => {
            let tag = format!("deprecate@{} disable@{}", ago(60), ago(40));
            image.state("disabled").tag("amictl:shares", OTHER).tag("amictl:retire", &tag).put()
        }
    }
}

/// Images at every stage.
fn staged(setup: &Setup, line: &str) -> String {
    few_regions(setup);
    setup.world().image(PROD, EAST, "web-v1-2025-01-01").created("2025-01-01").put();
    retired(setup, "web-v2-2025-01-01", false);
    retired(setup, "web-v3-2025-01-01", true);
    let policy = setup.home.write("policy.toml", &format!("{POLICY}{STAGES}"));
    line.replace("POLICY", &policy)
}

/// Images that were on their way out and are to stay.
fn wanted_again(setup: &Setup, line: &str) -> String {
    few_regions(setup);
    retired(setup, "web-v1-2025-01-01", false);
    retired(setup, "web-v2-2025-01-01", true);
    let keep = POLICY.replace("keep = 0", "keep = 5");
    let policy = setup.home.write("policy.toml", &format!("{keep}{STAGES}"));
    line.replace("POLICY", &policy)
}
