//! `copy`: what a copy is like.

use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, seconds, sorted};

const NAME: &str = "web-v3-2026-01-02";

/// An endpoint with one image of two volumes in us-east-1, tagged as `create` tags it; gives its id too.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let mut world = setup.world();
    let image = world.image(PROD, EAST, NAME).snapshots(2).description("golden").shared_with(OTHER);
    let tags = [("Name", NAME), ("Family", "web"), ("Version", "3"), ("Owner", "ops"), ("amictl:run", "abc")];
    let id = tags.iter().fold(image, |image, (key, value)| image.tag(key, value).snapshot_tag(key, value)).put();
    drop(world);
    (setup, id)
}

#[test]
fn each_region_gets_a_copy() {
    let (setup, source) = ready();
    let made = setup.json("copy web:v3 --to us-west-2,eu-west-1 --to eu-central-1");
    assert_eq!(each(&made["images"], "region"), ["eu-central-1", EUROPE, WEST]);
    assert_eq!(each(&made["images"], "state"), ["available"; 3]);
    assert_eq!(made["errors"], serde_json::json!([]));
    for (region, id) in each(&made["images"], "region").into_iter().zip(each(&made["images"], "id")) {
        let copy = setup.image(id);
        assert_eq!((copy.region.as_str(), copy.name.as_str()), (region, NAME));
        assert_eq!(copy.source_ami.as_ref(), Some(&source));
        assert_eq!((copy.source_region.as_deref(), copy.description.as_deref()), (Some(EAST), Some("golden")));
        assert!(copy.launch.is_empty(), "launch permissions are not copied");
    }
    assert_eq!(setup.names(PROD, EAST), [NAME]);
}

#[test]
fn the_copy_and_its_snapshots_carry_the_tags() {
    let (setup, source) = ready();
    let made = setup.json("copy web --to us-west-2");
    let copy = setup.image(each(&made["images"], "id")[0]);
    for (key, value) in [("Name", NAME), ("Family", "web"), ("Version", "3"), ("Owner", "ops")] {
        assert_eq!(copy.tags[key], value, "{key}");
    }
    assert_eq!(copy.tags["amictl:copied-from"], format!("{EAST}/{source}"));
    assert!(!copy.tags.contains_key("amictl:run"), "the run that made the source did not make the copy");
    let snapshots: Vec<_> = copy.snapshots().collect();
    assert_eq!(snapshots.len(), 2);
    for snapshot in snapshots {
        assert_eq!(setup.snapshot_tags(snapshot), copy.tags);
    }
}

#[test]
fn another_name_is_followed_by_the_tags() {
    let (setup, _) = ready();
    let made = setup.json("copy web --to us-west-2 --name api-v7-2026-02-03");
    let copy = setup.image(each(&made["images"], "id")[0]);
    let tags = ["Name", "Family", "Version", "Owner"].map(|key| copy.tags[key].as_str());
    assert_eq!(tags, ["api-v7-2026-02-03", "api", "7", "ops"]);
    let snapshot = copy.snapshots().next().unwrap();
    assert_eq!(setup.world().find_snapshot(snapshot).unwrap().tags["Family"], "api");
    assert_eq!(made["images"][0]["image_version"], 7);
}

#[test]
fn a_copy_in_the_same_region_needs_another_name() {
    let (setup, source) = ready();
    setup.run("copy web --to us-east-1").ended(2).says(&["is in us-east-1 already", "--name"]);
    setup.unchanged();
    setup.run("copy web --to us-east-1 --name web-encrypted --encrypt").ended(0);
    let world = setup.world();
    let copy = world.image_named(PROD, EAST, "web-encrypted").unwrap();
    assert_eq!(copy.source_ami.as_ref(), Some(&source));
    assert!(copy.mappings.iter().all(|mapping| mapping.ebs.as_ref().unwrap().encrypted));
}

#[test]
fn without_tags_none_are_copied() {
    let (setup, _) = ready();
    let made = setup.json("copy web --to us-west-2 --no-tags");
    let copy = setup.image(each(&made["images"], "id")[0]);
    assert!(copy.tags.is_empty(), "{:?}", copy.tags);
    let snapshot = copy.snapshots().next().unwrap();
    assert!(setup.snapshot_tags(snapshot).is_empty());
    // Whose a snapshot is is no tag of the source.
    assert_eq!(setup.changes(), vec!["CopyImage"; 1].into_iter().chain(vec!["CreateTags"; 2]).collect::<Vec<_>>());
}

#[test]
fn tags_of_aws_are_not_copied() {
    let setup = Setup::new();
    let mut world = setup.world();
    let image = world.image(PROD, EAST, NAME).tag("aws:x", "y").tag("Team", "core");
    (0..49).fold(image, |image, n| image.tag(&format!("k{n}"), "v")).put();
    drop(world);
    let made = setup.json("copy web --to us-west-2");
    let copy = setup.image(each(&made["images"], "id")[0]);
    assert_eq!((copy.tags.len(), copy.tags["Team"].as_str(), copy.tags.contains_key("aws:x")), (50, "core", false));
}

#[test]
fn all_regions_are_copied_to_at_once() {
    let (setup, _) = ready();
    setup.fake.fault(Fault::on("CopyImage", FaultKind::Latency(seconds(1))));
    setup.run("copy web --to us-west-2,us-east-2,eu-west-1,eu-central-1,ap-southeast-1").ended(0);
    assert_eq!(setup.fake.peak(), 5);
}

#[test]
fn copies_are_waited_for() {
    let (setup, _) = ready();
    setup.world().pending_for = seconds(1);
    setup.world().visible_after = seconds(1);
    let made = setup.json("copy web --to us-west-2,eu-west-1");
    assert_eq!(each(&made["images"], "state"), ["available"; 2]);
    assert_eq!(setup.calls("CopyImage").len(), 2);
}

#[test]
fn a_shared_image_of_others_is_copied_into_our_account() {
    let setup = Setup::new();
    let theirs = setup.world().image(OTHER, EAST, "base-v1-2026-01-02").shared_with(PROD).copyable_by(PROD).put();
    let made = setup.json(&format!("copy {theirs} --to us-west-2"));
    let copy = setup.image(each(&made["images"], "id")[0]);
    assert_eq!((copy.owner.as_str(), copy.name.as_str()), (PROD, "base-v1-2026-01-02"));
    let closed = setup.world().image(OTHER, EAST, "closed-v1-2026-01-02").shared_with(PROD).put();
    let ran = setup.run(&format!("copy {closed} --to us-west-2")).ended(1);
    ran.says(&["You do not have permission to access the storage of this ami"]);
    assert_eq!(setup.names(PROD, WEST), ["base-v1-2026-01-02"]);
}

#[test]
fn an_image_that_is_not_available_is_not_copied() {
    let (setup, _) = ready();
    let pending = setup.world().image(PROD, EAST, "web-v4-2026-01-02").state("pending").put();
    let ran = setup.run(&format!("copy {pending} --to us-west-2 -o json")).ended(1);
    assert!(ran.error()["message"].as_str().unwrap().contains("is pending: only available images are copied"));
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains(&format!("amictl wait {pending} --region us-east-1")), "{hint}");
    for state in ["failed", "disabled"] {
        let id = setup.world().image(PROD, EAST, &format!("{state}-v1-2026-01-02")).state(state).put();
        setup.run(&format!("copy {id} --to us-west-2")).ended(1).says(&[&format!("is {state}: only available")]);
    }
    setup.unchanged();
}

#[test]
fn when_the_time_is_over_each_region_says_how_to_go_on() {
    let (setup, _) = ready();
    setup.world().pending_for = seconds(600);
    let ran = setup.run("copy web --to us-west-2,eu-west-1 --timeout 1s").ended(5);
    setup.world().advance(seconds(600));
    let resumes: Vec<_> =
        ran.stderr.lines().filter_map(|line| line.split_once("hint: wait for it with: amictl ")).collect();
    let mut regions = Vec::new();
    for (_, resume) in resumes {
        let found = setup.json(resume);
        assert_eq!(found["images"][0]["state"], "available", "{resume}");
        regions.push(found["images"][0]["region"].as_str().unwrap().to_owned());
    }
    regions.sort();
    regions.dedup();
    assert_eq!(regions, [EUROPE, WEST]);
}

#[test]
fn a_dry_run_asks_each_region_and_copies_nothing() {
    let (setup, _) = ready();
    let ran = setup.run("copy web --to us-west-2,eu-west-1 --dry-run").ended(0);
    ran.says(&["dry run: us-west-2: web-v3-2026-01-02 would be copied from us-east-1", "dry run: eu-west-1: "]);
    let asked = setup.calls("CopyImage");
    let mut regions: Vec<_> = asked.iter().map(|call| (call.region.as_str(), call.dry_run)).collect();
    regions.sort_unstable();
    assert_eq!(regions, [(EUROPE, true), (WEST, true)]);
    setup.unchanged();
    let refusal = Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.in_region(EUROPE));
    setup.run("copy web --to us-west-2,eu-west-1 --dry-run").ended(1).says(&["UnauthorizedOperation"]);
    assert!(setup.names(PROD, WEST).is_empty() && setup.names(PROD, EUROPE).is_empty());
}

#[test]
fn a_wrong_flag_is_refused_before_any_call() {
    let setup = Setup::new();
    for (arguments, said) in [
        ("", "--to"),
        ("--to nowhere", "'nowhere' is not a region"),
        ("--to us-west-2 --name ab", "a name has 3 to 128 letters"),
        ("--to us-west-2 --name web:3", "a name has 3 to 128 letters"),
        ("--to us-west-2 --kms-key alias/ami", "--encrypt"),
        ("--to us-west-2 --encrypt --kms-key eu-west-1=alias/ami", "eu-west-1 is not among --to"),
        ("--to us-west-2 --encrypt --kms-key us-west-2=", "the key is empty"),
        ("--to us-west-2 --encrypt --kms-key a --kms-key b", "two keys for us-west-2"),
        ("--to us-west-2 --encrypt --kms-key arn:aws:kms:eu-west-1:111111111111:key/x", "the key is not in us-west-2"),
    ] {
        setup.run(&format!("copy web {arguments}")).ended(2).says(&[said]);
    }
    assert!(setup.fake.calls().is_empty(), "{:?}", setup.fake.calls());
}

#[test]
fn a_region_named_twice_is_copied_to_once() {
    let (setup, _) = ready();
    let made = setup.json("copy web --to us-west-2,us-west-2 --to us-west-2");
    assert_eq!(sorted(&made["images"], "region"), [WEST]);
    assert_eq!(setup.calls("CopyImage").len(), 1);
}
