//! `list --families`: a row a family, with exact figures.

use serde_json::{Value, json};

use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup, WEST};

const PACKER: &str = r"(?<family>.+?)_(?<order>\d+)";

fn day(days: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now() - chrono::Duration::days(days)
}

/// Families of amictl, of Packer and by hand; two images of `base` share a snapshot.
fn fleet() -> (Setup, Vec<String>) {
    let setup = Setup::new();
    let mut world = setup.world();
    let shared = world.snapshot(PROD, EAST).size(10).put();
    let mut ids = vec![
        world.image(PROD, EAST, "base_9").created(day(30)).on_snapshots(&[&shared]).put(),
        world.image(PROD, EAST, "base_10").created(day(20)).on_snapshots(&[&shared]).put(),
        world.image(PROD, EAST, "base_11").created(day(10)).state("failed").size(5).put(),
    ];
    ids.push(world.image(PROD, EAST, "web-v1-2026-01-01").created(day(5)).size(4).put());
    ids.push(world.image(PROD, EAST, "by hand").created(day(400)).put());
    ids.push(world.image(PROD, WEST, "base_1").created(day(3)).tag("amictl:revoked", "2026-01-01 bad").size(8).put());
    world.instance(PROD, EAST).image(&ids[0]).put();
    world.parameter(PROD, EAST, "/amictl/base/prod", &ids[1]);
    drop(world);
    (setup, ids)
}

fn row<'a>(found: &'a Value, family: &str, region: &str) -> &'a Value {
    let rows = found["families"].as_array().unwrap();
    rows.iter().find(|row| row["family"] == family && row["region"] == region).unwrap()
}

#[test]
fn the_figures_of_each_family_are_exact() {
    let (setup, ids) = fleet();
    let line = ["list", "--families", "--region", "us-east-1,us-west-2", "--family-pattern", PACKER, "-o", "json"];
    let ran = setup.amictl().args(&line).ended(0);
    let found = ran.json();
    let base = row(&found, "base", EAST);
    let figures = |name: &str| base[name].clone();
    assert_eq!(
        (figures("versions"), figures("available"), figures("in_use")),
        (json!(3), json!(2), json!(2)),
        "{base}"
    );
    assert_eq!((figures("newest")["id"].clone(), figures("aliases")), (json!(ids[1]), json!(["prod"])));
    assert_eq!((figures("managed"), figures("pattern")), (json!(false), json!(PACKER)));
    assert_eq!((figures("size_gib"), figures("monthly_cost_usd_at_most")), (json!(15), json!(0.75)));
    let west = row(&found, "base", WEST);
    assert_eq!((&west["revoked"], &west["newest"], &west["in_use"]), (&json!(1), &json!(null), &json!(0)));
    let web = row(&found, "web", EAST);
    assert_eq!((&web["managed"], &web["pattern"], &web["aliases"]), (&json!(true), &json!(null), &json!([])));
    assert!(ran.stderr.contains("1 image is in no family") && ran.stderr.contains("by hand"), "{}", ran.stderr);
    setup.unchanged();
}

#[test]
fn an_unread_source_leaves_the_use_unknown() {
    let (setup, _) = fleet();
    setup.fake.fault(Fault::error("DescribeInstances", "UnauthorizedOperation", "You are not authorized."));
    let ran = setup.amictl().args(&["list", "--families", "--family-pattern", PACKER, "-o", "json"]).ended(3);
    let found = ran.json();
    assert_eq!(row(&found, "base", EAST)["in_use"], json!(null));
    assert!(!found["errors"].as_array().unwrap().is_empty());
}

#[test]
fn columns_without_use_save_its_calls() {
    let (setup, _) = fleet();
    let line = ["list", "--families", "--family-pattern", PACKER, "--columns", "family,versions,size", "-o", "csv"];
    let ran = setup.amictl().args(&line).ended(0);
    assert_eq!(ran.stdout, "family,versions,size\nbase,3,15\nweb,1,4\n");
    assert!(setup.calls("DescribeInstances").is_empty());
    let wrong = setup.amictl().args(&["list", "--families", "--columns", "arch"]).ended(2);
    assert!(wrong.stderr.contains("families have no column 'arch'"), "{}", wrong.stderr);
    let wrong = setup.amictl().args(&["list", "--columns", "versions"]).ended(2);
    assert!(wrong.stderr.contains("there is no column 'versions'"), "{}", wrong.stderr);
}

#[test]
fn patterns_of_the_configuration_serve_references_and_listings() {
    let (setup, ids) = fleet();
    let config = setup.home.path().join("config.toml");
    std::fs::write(&config, format!("family_patterns = ['{PACKER}']")).unwrap();
    let config = config.to_str().unwrap();
    for (line, id) in
        [("show base", &ids[1]), ("show base:latest", &ids[1]), ("refs base", &ids[1]), ("show base:prod", &ids[1])]
    {
        let found = setup.run(&format!("{line} --config {config} -o json")).ended(0).stdout;
        assert!(found.contains(id.as_str()), "{line}: {found}");
    }
    let listed = setup.json(&format!("list --family base --config {config}"));
    let rows = listed["images"].as_array().unwrap();
    assert_eq!(
        rows.iter().map(|row| row["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["base_11", "base_10", "base_9"]
    );
    assert_eq!(
        (&rows[0]["family"], &rows[0]["pattern"], &rows[0]["managed"]),
        (&json!("base"), &json!(PACKER), &json!(false))
    );
    let latest = setup.run(&format!("list --latest --config {config} -o ids")).ended(0);
    assert_eq!(latest.stdout.lines().count(), 2, "{}", latest.stdout);
    setup.run(&format!("show base --config {config} --region us-west-2")).ended(1);
    setup.run("show base").ended(1);
}
