//! `show`: copies in all regions, and what an image was copied from.

use serde_json::{Value, json};

use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, sorted};

const NAME: &str = "web-v3-2026-01-02";
const DENIED: &str = "You are not authorized to perform this operation.";

fn refused(region: &str) -> Fault {
    Fault::error("DescribeImages", "UnauthorizedOperation", DENIED).in_region(region)
}

#[test]
fn copies_are_found_in_all_regions_and_copies_of_copies_as_well() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    // Made by amictl itself: the fake tells their sources, as EC2 does.
    setup.run(&format!("copy {id} --to {EUROPE}")).ended(0);
    setup.run(&format!("copy web:v3 --to {WEST} --region {EUROPE}")).ended(0);
    setup.run(&format!("copy web:v3 --to us-east-2 --region {WEST}")).ended(0);
    setup.run(&format!("copy {id} --to {EAST} --name web-twin")).ended(0);
    let found = setup.json(&format!("show {id}"));
    assert_eq!(sorted(&found["copies"], "region"), [EUROPE, EAST, "us-east-2", WEST]);
    assert_eq!(each(&found["copies"], "region")[2..], [WEST, "us-east-2"], "the nearest come first");
    assert_eq!(found["copied_from"], Value::Null);
    let middle = found["copies"].as_array().unwrap().iter().find(|copy| copy["region"] == EUROPE).unwrap();
    let of_middle = setup.json(&format!("show web:v3 --region {EUROPE}"));
    assert_eq!(of_middle["image"]["id"], middle["id"]);
    assert_eq!(of_middle["copied_from"], json!({"id": id, "region": EAST, "exists": true}));
    assert_eq!(each(&of_middle["copies"], "region"), [WEST, "us-east-2"]);
}

#[test]
fn what_only_looks_like_a_copy_is_none() {
    let setup = Setup::new();
    {
        let mut world = setup.world();
        let id = world.image(PROD, EAST, NAME).put();
        let instance = world.instance(PROD, EAST).image(&id).put();
        // Of an instance launched from it, of another image, of another account, and of no known source.
        world.image(PROD, EAST, "api-v1-2026-01-02").copied_from(&id, EAST).of_instance(&instance).put();
        world.image(PROD, WEST, NAME).copied_from("ami-0123456789abcdef0", EAST).put();
        world.image(OTHER, WEST, NAME).copied_from(&id, EAST).public().put();
        world.image(PROD, EUROPE, NAME).put();
    }
    assert_eq!(setup.json("show web")["copies"], json!([]));
    let made = setup.json("show api");
    assert_eq!(made["copied_from"], Value::Null);
    let page = setup.run("show api").ended(0).stdout;
    let id = setup.world().image_named(PROD, EAST, NAME).unwrap().id.clone();
    assert!(
        page.contains("Made from       instance i-")
            && page.contains(&format!(", launched from {NAME} ({id}) in us-east-1\n")),
        "{page}"
    );
}

#[test]
fn a_copy_that_ec2_does_not_remember_is_known_by_its_tag() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let mark = format!("{EAST}/{id}");
    let copy = setup.world().image(PROD, EUROPE, NAME).tag("amictl:copied-from", &mark).put();
    let next = setup.world().image(PROD, WEST, NAME).copied_from(&copy, EUROPE).put();
    // EC2's word goes before the tag, which anybody may have carried over.
    let mut world = setup.world();
    let other = world.image(PROD, "us-east-2", "x");
    other.copied_from("ami-0123456789abcdef0", EAST).tag("amictl:copied-from", &mark).put();
    drop(world);
    assert_eq!(each(&setup.json(&format!("show {id}"))["copies"], "id"), [copy.as_str(), next.as_str()]);
    let found = setup.json(&format!("show {copy} --region {EUROPE}"));
    assert_eq!(found["copied_from"], json!({"id": id, "region": EAST, "exists": true}));
}

#[test]
fn a_source_that_is_gone_or_out_of_sight_is_named_all_the_same() {
    let setup = Setup::new();
    let secret = setup.world().image(OTHER, EUROPE, "base").put();
    for (name, source) in [("a", "ami-0123456789abcdef0"), ("b", secret.as_str())] {
        let id = setup.world().image(PROD, EAST, name).copied_from(source, EUROPE).put();
        let found = setup.json(&format!("show {id}"));
        assert_eq!(found["copied_from"], json!({"id": source, "region": EUROPE, "exists": false}));
        let page = setup.run(&format!("show {id}")).ended(0).stdout;
        let said = format!("Copied from     {source} in {EUROPE}, which is gone or not shared with this account\n");
        assert!(page.contains(&said), "{page}");
    }
    let shared = setup.world().image(OTHER, EUROPE, "shared").shared_with(PROD).put();
    let id = setup.world().image(PROD, EAST, "c").copied_from(&shared, EUROPE).put();
    assert_eq!(setup.json(&format!("show {id}"))["copied_from"]["exists"], json!(true));
    let page = setup.run(&format!("show {id}")).ended(0).stdout;
    assert!(page.contains(&format!("Copied from     shared ({shared}) in {EUROPE}\n")), "{page}");
}

#[test]
fn a_region_that_cannot_be_read_is_named_and_hides_no_other() {
    let setup = Setup::new();
    let (id, west) = {
        let mut world = setup.world();
        let id = world.image(PROD, EAST, NAME).put();
        world.image(PROD, EUROPE, NAME).copied_from(&id, EAST).put();
        let west = world.image(PROD, WEST, NAME).copied_from(&id, EAST).put();
        (id, west)
    };
    setup.fake.fault(refused(EUROPE));
    let ran = setup.run(&format!("show {id} -o json")).ended(3);
    let found = ran.json();
    assert_eq!(each(&found["copies"], "id"), [west.as_str()]);
    let expected = json!([{
        "account": PROD, "region": EUROPE, "code": "UnauthorizedOperation", "message": format!("copies: {DENIED}"),
    }]);
    assert_eq!(found["errors"], expected);
    assert_eq!(ran.error()["code"], "PartialPage");
    let page = setup.run(&format!("show {id}")).ended(3);
    assert!(page.stdout.contains("Not searched    eu-west-1\n"), "{}", page.stdout);
    page.says(&[&format!("eu-west-1: copies: {DENIED} [UnauthorizedOperation]")]);
    // A region that failed is not asked again for copies of copies.
    setup.fake.forget_calls();
    setup.run(&format!("show {id}")).ended(3);
    let asked = setup.calls("DescribeImages").into_iter().filter(|call| call.region == EUROPE).count();
    assert!(asked <= 2, "{asked}");
}

#[test]
fn a_source_in_a_region_that_cannot_be_read_is_unknown() {
    let setup = Setup::new();
    let source = setup.world().image(PROD, EUROPE, NAME).put();
    let id = setup.world().image(PROD, EAST, NAME).copied_from(&source, EUROPE).put();
    setup.fake.fault(refused(EUROPE));
    let found = setup.run(&format!("show {id} --copies-in {EAST} -o json")).ended(3).json();
    assert_eq!(found["copied_from"], json!({"id": source, "region": EUROPE, "exists": null}));
    assert_eq!(each(&found["errors"], "message"), [format!("source image: {DENIED}")]);
    let page = setup.run(&format!("show {id} --copies-in {EAST}")).ended(3).stdout;
    assert!(page.contains("; whether that is still there is unknown\n"), "{page}");
}

#[test]
fn where_the_regions_may_not_be_listed_its_own_is_looked_into() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let twin = setup.world().image(PROD, EAST, "twin").copied_from(&id, EAST).put();
    setup.world().image(PROD, WEST, NAME).copied_from(&id, EAST).put();
    setup.fake.fault(Fault::error("DescribeRegions", "UnauthorizedOperation", DENIED));
    let found = setup.run(&format!("show {id} -o json")).ended(3).json();
    assert_eq!(each(&found["copies"], "id"), [twin.as_str()]);
    assert_eq!(each(&found["errors"], "message"), [format!("enabled regions: {DENIED}")]);
    let page = setup.run(&format!("show {id}")).ended(3).stdout;
    assert!(page.contains("Not searched    all other regions\n"), "{page}");
}

#[test]
fn the_regions_to_look_in_can_be_named() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let west = setup.world().image(PROD, WEST, NAME).copied_from(&id, EAST).put();
    setup.world().image(PROD, EUROPE, NAME).copied_from(&id, EAST).put();
    let found = setup.json(&format!("show {id} --copies-in {EAST},{WEST},{WEST}"));
    assert_eq!(each(&found["copies"], "id"), [west.as_str()]);
    assert!(setup.calls("DescribeRegions").is_empty());
    assert!(setup.calls("DescribeImages").iter().all(|call| call.region != EUROPE));
    let disabled = setup.run(&format!("show {id} --copies-in {EAST},af-south-1 -o json")).ended(3).json();
    assert_eq!(each(&disabled["errors"], "region"), ["af-south-1"]);
}

#[test]
fn disabled_and_failed_copies_are_copies() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    for (region, state) in [(EUROPE, "disabled"), (WEST, "failed")] {
        setup.world().image(PROD, region, NAME).copied_from(&id, EAST).state(state).put();
    }
    assert_eq!(sorted(&setup.json(&format!("show {id}"))["copies"], "state"), ["disabled", "failed"]);
}

#[test]
fn regions_are_looked_into_side_by_side() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    let late = FaultKind::Latency(std::time::Duration::from_millis(700));
    setup.fake.fault(Fault::on("DescribeImages", late).matching("source-image-id"));
    setup.run("show web").ended(0);
    assert!(setup.fake.peak() >= 6, "{}", setup.fake.peak());
}
