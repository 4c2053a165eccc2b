//! `list`: what each filter keeps, and the order.

use serde_json::Value;

use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, each};

/// Six own images, oldest first, and three of others.
fn fleet() -> Setup {
    let setup = Setup::new();
    let mut world = setup.world();
    let day = |days: i64| chrono::Utc::now() - chrono::Duration::days(days);
    world.image(PROD, EAST, "Golden Image").created(day(400)).size(50).put();
    world.image(PROD, EAST, "web-v9-2025-01-01").created(day(100)).tag("Environment", "prod").put();
    world.image(PROD, EAST, "web-v10-2025-02-01").created(day(50)).tag("Environment", "prod").tag("Team", "core").put();
    let broken = world.image(PROD, EAST, "web-v11-2025-03-01").created(day(20)).state("failed");
    broken.tag("Environment", "dev").size(4).put();
    world.image(PROD, EAST, "api-v2-2025-03-10").created(day(10)).architecture("arm64").tag("Team", "edge").put();
    world.image(PROD, EAST, "web-api-v1-2025-03-15").created(day(1)).state("disabled").size(1).put();
    world.image(OTHER, EAST, "web-v99-2025-03-16").created(day(2)).shared_with(PROD).put();
    world.image(OTHER, EAST, "public-v1-2025-03-16").created(day(3)).public().alias("amazon").put();
    world.image(OTHER, EAST, "secret-v1-2025-03-16").created(day(4)).put();
    world.image(PROD, WEST, "west-v1-2025-03-16").created(day(5)).put();
    drop(world);
    setup
}

/// The names a listing shows, in its order.
#[track_caller]
fn listed(setup: &Setup, arguments: &str) -> Vec<String> {
    let found = setup.json(&format!("list {arguments}"));
    each(&found["images"], "name").into_iter().map(str::to_owned).collect()
}

const API: &str = "api-v2-2025-03-10";
const WEB_API: &str = "web-api-v1-2025-03-15";
const WEB9: &str = "web-v9-2025-01-01";
const WEB10: &str = "web-v10-2025-02-01";
const WEB11: &str = "web-v11-2025-03-01";
const GOLDEN: &str = "Golden Image";
const SHARED: &str = "web-v99-2025-03-16";
const PUBLIC: &str = "public-v1-2025-03-16";

#[test]
fn own_images_of_the_region_are_listed_newest_first() {
    let setup = fleet();
    assert_eq!(listed(&setup, ""), [WEB_API, API, WEB11, WEB10, WEB9, GOLDEN]);
    let call = &setup.calls("DescribeImages")[0].params;
    assert_eq!((call["Owner.1"].as_str(), call["MaxResults"].as_str()), ("self", "1000"));
    setup.unchanged();
}

#[test]
fn each_filter_keeps_what_it_says() {
    let setup = fleet();
    for (arguments, kept) in [
        ("web-v*", vec![WEB11, WEB10, WEB9]),
        ("web-v?-*", vec![WEB9]),
        ("WEB-*", vec![]),
        ("--family web", vec![WEB11, WEB10, WEB9]),
        ("--family web-api", vec![WEB_API]),
        ("--family web *-v1?-*", vec![WEB11, WEB10]),
        ("--state failed", vec![WEB11]),
        ("--state failed,disabled", vec![WEB_API, WEB11]),
        ("--state available", vec![API, WEB10, WEB9, GOLDEN]),
        ("--environment prod", vec![WEB10, WEB9]),
        ("--environment PROD", vec![]),
        ("--tag Team", vec![API, WEB10]),
        ("--tag Team=edge", vec![API]),
        ("--tag Team --tag Environment", vec![WEB10]),
        ("--tag Team=core --tag Environment=prod", vec![WEB10]),
        ("--tag Team=core --environment dev", vec![]),
        ("--tag Team=c*", vec![WEB10]),
        ("--arch arm64", vec![API]),
        ("--older-than 30d", vec![WEB10, WEB9, GOLDEN]),
        ("--newer-than 30d", vec![WEB_API, API, WEB11]),
        ("--older-than 15d --newer-than 60d", vec![WEB11, WEB10]),
        ("--managed", vec![WEB_API, API, WEB11, WEB10, WEB9]),
        ("--unmanaged", vec![GOLDEN]),
        ("--limit 2", vec![WEB_API, API]),
        ("--limit 0", vec![]),
    ] {
        assert_eq!(listed(&setup, arguments), kept, "{arguments}");
    }
}

#[test]
fn latest_is_what_a_launch_of_each_family_would_take() {
    let setup = fleet();
    assert_eq!(listed(&setup, "--latest"), [API, WEB10]);
    let launched = setup.json("launch web --type t3.micro --no-wait");
    let latest = setup.json("list --family web --latest");
    assert_eq!(launched["instances"][0]["image_id"], latest["images"][0]["id"]);
    let when = chrono::Utc::now() - chrono::Duration::hours(1);
    setup.world().image(PROD, EAST, "web-v12-2025-04-01").deprecated_at(when).put();
    assert_eq!(listed(&setup, "--family web --latest"), [WEB10]);
    let later = chrono::Utc::now() + chrono::Duration::hours(1);
    setup.world().image(PROD, EAST, "web-v13-2025-04-01").deprecated_at(later).put();
    assert_eq!(listed(&setup, "--family web --latest"), ["web-v13-2025-04-01"]);
}

#[test]
fn the_order_can_be_chosen() {
    let setup = fleet();
    for (order, sorted) in [
        ("created", [WEB_API, API, WEB11, WEB10, WEB9, GOLDEN]),
        ("name", [API, WEB11, WEB10, WEB9, WEB_API, GOLDEN]),
        ("version", [WEB11, WEB10, WEB9, API, WEB_API, GOLDEN]),
    ] {
        assert_eq!(listed(&setup, &format!("--sort {order}")), sorted, "{order}");
    }
    let sizes = setup.json("list --sort size");
    let sizes: Vec<_> = sizes["images"].as_array().unwrap().iter().map(|i| i["size_gib"].as_i64().unwrap()).collect();
    assert_eq!(sizes, [50, 8, 8, 8, 4, 1]);
}

#[test]
fn a_higher_version_is_the_newest_everywhere_though_a_lower_one_was_made_later() {
    let setup = Setup::new();
    let day = |days: i64| chrono::Utc::now() - chrono::Duration::days(days);
    let mut world = setup.world();
    let v9 = world.image(PROD, EAST, "sles-v9-2025-03-01").created(day(30)).put();
    let api = world.image(PROD, EAST, "api-v1-2025-02-15").created(day(40)).put();
    let v10 = world.image(PROD, EAST, "sles-v10-2025-02-01").created(day(50)).put();
    drop(world);
    let ids = |line: &str, ids: &[&String]| {
        assert_eq!(setup.run(&format!("{line} -o ids")).ended(0).lines(), ids, "{line}");
    };
    ids("list --family sles --limit 1", &[&v10]);
    ids("list --family sles --latest", &[&v10]);
    ids("list", &[&v10, &api, &v9]);
    ids("list --sort name", &[&api, &v10, &v9]);
    ids("list --sort created", &[&v9, &api, &v10]);
    ids("list --sort created --limit 1", &[&v9]);
    for format in ["table", "csv", "jsonl"] {
        let listed = setup.run(&format!("list --family sles -o {format}")).ended(0).stdout;
        let at = |name: &str| listed.find(name).unwrap_or_else(|| panic!("{name} is not in {listed}"));
        assert!(at("sles-v10-2025-02-01") < at("sles-v9-2025-03-01"), "{listed}");
    }
    assert_eq!(setup.json("show sles")["image"]["id"], *v10);
    assert_eq!(setup.json("refs sles")["images"][0]["id"], *v10);
    assert_eq!(setup.json("launch sles --type t3.micro --no-wait")["instances"][0]["image_id"], *v10);
    assert_eq!(each(&setup.json("prune sles --keep 1")["actions"], "image_id"), [v9.as_str()]);
    let close = setup.run("show sles:v11").ended(1);
    assert!(close.stderr.contains("sles-v10-2025-02-01, sles-v9-2025-03-01"), "{}", close.stderr);
}

#[test]
fn images_of_others_are_listed_when_asked_for() {
    let setup = fleet();
    for (arguments, found) in [
        ("--shared", vec![SHARED]),
        ("--public", vec![PUBLIC]),
        ("--public --owner amazon", vec![PUBLIC]),
        ("--owner amazon", vec![PUBLIC]),
        ("--owner 222222222222", vec![SHARED, PUBLIC]),
        ("--owner self,222222222222 --newer-than 30h", vec![WEB_API]),
        ("--owner self --family api", vec![API]),
    ] {
        assert_eq!(listed(&setup, arguments), found, "{arguments}");
    }
    let shared = setup.json("list --shared");
    let image = &shared["images"][0];
    assert_eq!((&image["managed"], &image["owner_id"]), (&Value::Bool(false), &OTHER.into()));
}

#[test]
fn own_deprecated_images_are_listed() {
    let setup = Setup::new();
    let ago = chrono::Utc::now() - chrono::Duration::days(1);
    setup.world().image(PROD, EAST, "web-v1-2025-01-01").deprecated_at(ago).put();
    let found = setup.json("list");
    assert_eq!(each(&found["images"], "name"), ["web-v1-2025-01-01"]);
    assert!(found["images"][0]["deprecated_at"].is_string(), "{found}");
}

#[test]
fn the_cost_is_that_of_the_snapshots_each_counted_once() {
    let setup = Setup::new();
    let first = setup.world().image(PROD, EAST, "web-v1-2025-01-01").size(100).snapshots(2).put();
    let found = setup.json("list --cost");
    assert_eq!(found["images"][0]["id"], *first);
    assert_eq!(found["images"][0]["monthly_cost_usd_at_most"], 10.0);
    let dear = setup.json("list --cost --price-per-gb 0.10");
    assert_eq!(dear["images"][0]["monthly_cost_usd_at_most"], 20.0);
    assert_eq!(setup.json("list")["images"][0]["monthly_cost_usd_at_most"], Value::Null);
    let shown = setup.run("list --cost").ended(0).stdout;
    assert!(shown.contains("COST") && shown.contains("≤ $10.00"), "{shown}");
}

#[test]
fn a_filter_that_makes_no_sense_is_a_usage_error() {
    let setup = Setup::new();
    for (arguments, said) in [
        ("--older-than 30x", "'30x' is not a span of time"),
        ("--newer-than soon", "e.g. 90d or 2h"),
        ("--state availible", "available"),
        ("--sort age", "created, name, version, size"),
        ("--owner 1234", "an account id of twelve digits"),
        ("--family Web", "family 'Web' must be"),
        ("--columns name,nam", "there is no column 'nam'; columns are name, id, family"),
        ("--limit many", "'many'"),
        ("--managed --unmanaged", "cannot be used with"),
        ("--shared --public", "cannot be used with"),
        ("--price-per-gb 0.05", "--cost"),
        ("--cost --price-per-gb cheap", "cheap"),
        ("--region nowhere", "'nowhere' is not a region; a region looks like us-east-1"),
    ] {
        setup.run(&format!("list {arguments}")).ended(2).says(&[said]);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn tags_that_ec2_takes_no_filter_for_are_looked_for_here() {
    let setup = fleet();
    let (long, other) = ("x".repeat(256), format!("{}y", "x".repeat(255)));
    setup.world().image(PROD, EAST, "long-v1-2025-03-17").tag("Why", &long).put();
    setup.world().image(PROD, EAST, "long-v2-2025-03-18").tag("Why", &other).put();
    assert_eq!(listed(&setup, &format!("--tag Why={long}")), ["long-v1-2025-03-17"], "EC2 takes 255 characters");
    let mut world = setup.world();
    let many = world.image(PROD, EAST, "many-v1-2025-03-19").tag("Team", "core");
    (1..50).fold(many, |image, number| image.tag(&format!("K{number}"), "v")).put();
    drop(world);
    let keys: Vec<String> = (1..50).map(|number| format!("--tag K{number}=v")).collect();
    let line = format!("many* --tag Team=core --state available --arch x86_64 {}", keys.join(" "));
    assert_eq!(listed(&setup, &line), ["many-v1-2025-03-19"], "EC2 takes 50 filters");
    assert_eq!(listed(&setup, &line.replace("K49=v", "K49=w")), [""; 0], "what EC2 was not asked for counts too");
}
