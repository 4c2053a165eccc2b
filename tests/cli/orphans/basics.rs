//! `orphans`: snapshots made for images that no longer exist, and nothing else.

use serde_json::{Value, json};

use crate::fake::{Fault, PROD, World};
use crate::scene::{Scene, days_ago, sorted};
use crate::setup::{EAST, WEST, each, seconds};

const GONE: &str = "ami-0aaaaaaaaaaaaaaaa";

fn created(image: &str) -> String {
    format!("Created by CreateImage(i-0123456789abcdef0) for {image}")
}

/// A snapshot of a hundred days with this description.
fn snapshot(setup: &Scene, description: &str) -> String {
    setup.world().snapshot(PROD, EAST).started(days_ago(100)).description(description).put()
}

/// The ids that a run found, sorted.
#[track_caller]
fn found(setup: &Scene, flags: &str) -> Vec<String> {
    let listed = setup.json(&format!("orphans {flags}"));
    let mut ids: Vec<_> = each(&listed["snapshots"], "id").into_iter().map(str::to_owned).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn what_ec2_made_for_an_image_that_is_gone_is_an_orphan() {
    let setup = Scene::new();
    let image = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).snapshots(2).put();
    let mut snapshots = setup.snapshots_of(&image);
    assert_eq!(found(&setup, ""), [""; 0]);
    setup.ec2("DeregisterImage", &[("ImageId", &image)]);
    snapshots.push(snapshot(&setup, &created(GONE)));
    let own = setup.world().snapshot(PROD, EAST).started(days_ago(100)).volume("vol-ffffffff").put();
    setup.tag(&own, "amictl:snapshot-of", &format!("{own}/{GONE}"));
    snapshots.push(own);
    assert_eq!(found(&setup, ""), sorted(&snapshots));
    let listed = setup.json("orphans");
    let row = listed["snapshots"].as_array().unwrap().iter().find(|row| row["id"] == snapshots[0]).unwrap();
    assert_eq!((&row["region"], &row["size_gib"], &row["result"]), (&EAST.into(), &8.into(), &"planned".into()));
    assert!(row["reason"].as_str().unwrap().contains(&image), "{row}");
}

#[test]
fn what_is_not_certainly_left_over_is_left_alone() {
    let setup = Scene::new();
    let disabled = setup.old("web-v1-2025-01-01");
    setup.ec2("DisableImage", &[("ImageId", &disabled)]);
    let own = created(GONE);
    let kept: [(&str, fn(&mut World, &str) -> String); 11] = [
        ("made by hand", |world, _| world.snapshot(PROD, EAST).description("before the upgrade").put()),
        ("by hand, with an image in the words", |world, own| {
            world.snapshot(PROD, EAST).description(&format!("copy of: {own}")).put()
        }),
        ("without a word", |world, _| world.snapshot(PROD, EAST).put()),
        ("of AWS Backup", |world, own| {
            world.snapshot(PROD, EAST).description(own).tag("aws:backup:source-resource", "x").put()
        }),
        ("of Data Lifecycle Manager", |world, own| {
            world.snapshot(PROD, EAST).description(own).tag("aws:dlm:lifecycle-policy-id", "x").put()
        }),
        ("of Data Lifecycle Manager, as it tags now", |world, own| {
            world.snapshot(PROD, EAST).description(own).tag("dlm:managed", "true").put()
        }),
        ("to be kept", |world, own| world.snapshot(PROD, EAST).description(own).tag("amictl:keep", "").put()),
        ("not finished", |world, own| world.snapshot(PROD, EAST).description(own).state("pending").put()),
        ("failed", |world, own| world.snapshot(PROD, EAST).description(own).state("error").put()),
        ("used by another image", |world, own| {
            let id = world.snapshot(PROD, EAST).description(own).put();
            world.image(PROD, EAST, "web-v2-2025-01-01").on_snapshots(&[&id]).put();
            id
        }),
        ("used by a disabled image only", |world, own| {
            let id = world.snapshot(PROD, EAST).description(own).put();
            world.image(PROD, EAST, "web-v3-2025-01-01").on_snapshots(&[&id]).state("disabled").put();
            id
        }),
    ];
    for (what, put) in kept {
        let id = put(&mut setup.world(), &own);
        assert_eq!(found(&setup, "--min-age 0s"), [""; 0], "{what} {id}");
    }
    let foreign = setup.world().snapshot(crate::fake::OTHER, EAST).description(&own).shared_with(PROD).put();
    assert!(!found(&setup, "--min-age 0s").contains(&foreign));
    // The same search finds one that differs from these in nothing but that.
    let orphan = snapshot(&setup, &own);
    assert_eq!(found(&setup, "--min-age 0s"), [orphan]);
}

#[test]
fn the_young_are_left_alone_for_a_week_or_as_long_as_is_asked() {
    let setup = Scene::new();
    let young = setup.world().snapshot(PROD, EAST).description(&created(GONE)).started(days_ago(6)).put();
    let old = setup.world().snapshot(PROD, EAST).description(&created(GONE)).started(days_ago(8)).put();
    assert_eq!(found(&setup, ""), [old.as_str()]);
    assert_eq!(found(&setup, "--min-age 5d"), sorted([&young, &old]));
    assert_eq!(found(&setup, "--min-age 9d"), [""; 0]);
}

#[test]
fn an_image_in_the_recycle_bin_keeps_its_snapshots() {
    let setup = Scene::new();
    setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), (30, 0));
    let image = setup.old("web-v1-2025-01-01");
    let snapshots = setup.snapshots_of(&image);
    setup.ec2("DeregisterImage", &[("ImageId", &image)]);
    // This one is that of a copy, which is in the bin as well.
    let binned = setup.old("api-v1-2025-01-01");
    setup.ec2("DeregisterImage", &[("ImageId", &binned)]);
    let copy = setup.world().snapshot(PROD, EAST).started(days_ago(100)).volume("vol-ffffffff").put();
    setup.tag(&copy, "amictl:snapshot-of", &format!("{copy}/{binned}"));
    let other = snapshot(&setup, &created(GONE));
    assert!(setup.world().is_in_recycle_bin(&image));
    assert_eq!(found(&setup, ""), [other.as_str()]);
    setup.world().advance(seconds(31 * 86_400));
    let of_binned = setup.world().snapshots(PROD, EAST).find(|s| s.description.contains(&binned)).unwrap().id.clone();
    assert_eq!(found(&setup, ""), sorted(snapshots.iter().chain([&copy, &other, &of_binned])));
}

#[test]
fn a_bin_that_cannot_be_read_keeps_everything_unless_that_is_accepted() {
    let setup = Scene::new();
    let orphan = snapshot(&setup, &created(GONE));
    setup.fake.fault(Fault::error("ListImagesInRecycleBin", "UnauthorizedOperation", "not yours"));
    let ran = setup.run("orphans --apply --yes --max-delete 9 -o json").ended(4);
    let error = ran.error();
    assert_eq!((ran.stdout.as_str(), &error["code"]), ("", &"Unverified".into()));
    assert!(error["message"].as_str().unwrap().contains("not yours"), "{error}");
    setup.unchanged();
    assert_eq!(found(&setup, "--ignore-recycle-bin"), [orphan]);
}

#[test]
fn images_that_cannot_be_listed_to_their_end_keep_everything() {
    let setup = Scene::new();
    snapshot(&setup, &created(GONE));
    setup.family("web", 4);
    setup.world().image_page_limit = Some(2);
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "not any more").skip(1));
    setup.run("orphans --apply --yes --max-delete 9").ended(1).says(&["not any more"]);
    setup.unchanged();
}

#[test]
fn more_than_a_page_of_snapshots_is_read() {
    let setup = Scene::new();
    let mut world = setup.world();
    for _ in 0..1050 {
        world.snapshot(PROD, EAST).started(days_ago(100)).description(&created(GONE)).put();
    }
    drop(world);
    assert_eq!(found(&setup, "").len(), 1050);
    let listed = setup.json("orphans");
    assert_eq!((&listed["size_gib"], &listed["monthly_saving_usd_at_most"]), (&8400.into(), &420.0.into()));
}

#[test]
fn nothing_is_deleted_without_apply_or_without_a_yes_and_a_limit() {
    let setup = Scene::new();
    for _ in 0..3 {
        snapshot(&setup, &created(GONE));
    }
    setup.run("orphans").ended(0).says(&["3 orphaned snapshots of 24 GiB", "up to $1.20 a month"]);
    setup.run("orphans --price-per-gb 1").ended(0).says(&["up to $24.00 a month"]);
    setup.run("orphans --apply --yes").ended(2).says(&["--apply --yes needs a limit", "--max-delete N"]);
    let refused = setup.run("orphans --apply").ended(4);
    refused.says(&["no terminal to ask on", "add --yes and --max-delete N"]);
    setup.run("orphans --yes --max-delete 3").ended(2).says(&["--apply"]);
    setup.run("orphans --apply --yes --max-delete 2").ended(4).says(&["3 snapshots would be deleted"]);
    setup.run("orphans --apply").ended(4).says(&["not confirmed"]);
    setup.run("orphans --apply --dry-run").ended(0).says(&["dry run"]);
    setup.unchanged();
    assert_eq!(setup.world().snapshots(PROD, EAST).count(), 3);
}

#[test]
fn the_limit_may_be_a_share_of_all_own_snapshots_of_the_places() {
    let setup = Scene::new();
    for _ in 0..3 {
        snapshot(&setup, &created(GONE));
    }
    setup.world().image(PROD, WEST, "web-v1-2025-01-01").snapshots(3).put();
    setup.world().snapshot(crate::fake::OTHER, WEST).shared_with(PROD).put();
    let line = |limit: &str| format!("orphans --region us-east-1,us-west-2 --apply --yes --max-delete {limit}");
    setup.run(&line("49%")).ended(4).says(&["3 snapshots would be deleted, but the limit of 49% allows 2 of 6"]);
    for limit in ["101%", "half", "%"] {
        setup.run(&line(limit)).ended(2).says(&["a number, e.g. 20, or a share, e.g. 20%"]);
    }
    setup.unchanged();
    setup.run(&line("50%")).ended(0);
    assert_eq!(setup.world().snapshots(PROD, EAST).count(), 0);
}

#[test]
fn orphans_are_deleted_and_nothing_else_is_and_the_journal_has_it() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    let by_hand = snapshot(&setup, "by hand");
    let orphans = [snapshot(&setup, &created(GONE)), snapshot(&setup, &created(GONE))];
    let report = setup.json("orphans --apply --yes --max-delete 2");
    assert_eq!(each(&report["snapshots"], "result"), ["deleted", "deleted"]);
    let left = web.iter().flat_map(|id| setup.snapshots_of(id)).chain([by_hand]).collect::<Vec<_>>();
    assert_eq!((setup.there(&orphans), setup.there(&left)), (0, 3));
    assert_eq!(setup.changes(), ["DeleteSnapshot", "DeleteSnapshot"]);

    let journal = setup.home.path().join(".local/state/amictl/journal.jsonl");
    let text = std::fs::read_to_string(journal).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for id in &orphans {
        let own: Vec<_> = lines.iter().filter(|line| line["snapshot"] == **id).collect();
        assert_eq!(own.iter().map(|line| &line["phase"]).collect::<Vec<_>>(), ["begin", "end"]);
        assert_eq!((&own[0]["description"], &own[1]["error"]), (&created(GONE).into(), &Value::Null));
        assert_eq!((&own[0]["action"], &own[0]["region"]), (&"delete-snapshot".into(), &EAST.into()));
    }
    assert_eq!(lines.len(), 4);
    setup.run("orphans").ended(0).says(&["no orphaned snapshots"]);
}

#[test]
fn a_snapshot_that_cannot_be_deleted_is_named_and_a_rerun_takes_only_that() {
    let setup = Scene::new();
    let orphans: Vec<_> = (0..5).map(|_| snapshot(&setup, &created(GONE))).collect();
    setup.fake.fault(Fault::error("DeleteSnapshot", "SnapshotLocked", "locked until June").matching(&orphans[2]));
    let report = setup.run("orphans --apply --yes --max-delete 5 -o json").ended(3).json();
    let rows = report["snapshots"].as_array().unwrap();
    let failed: Vec<_> = rows.iter().filter(|row| row["result"] == "failed").collect();
    assert_eq!((failed.len(), &failed[0]["id"]), (1, &orphans[2].as_str().into()));
    assert_eq!(failed[0]["error"], json!({"code": "SnapshotLocked", "message": "locked until June"}));
    assert_eq!(setup.there(&orphans), 1);
    setup.fake.clear_faults();
    setup.fake.forget_calls();
    setup.run("orphans --apply --yes --max-delete 5").ended(0);
    assert_eq!((setup.fake.count("DeleteSnapshot"), setup.there(&orphans)), (1, 0));
}

#[test]
fn several_regions_are_searched_each_with_its_own_images() {
    let setup = Scene::new();
    let east = snapshot(&setup, &created(GONE));
    let image = setup.world().image(PROD, WEST, "web-v1-2025-01-01").created(days_ago(100)).put();
    // An id says nothing about another region.
    let stray = snapshot(&setup, &created(&image));
    let west = setup.world().snapshot(PROD, WEST).started(days_ago(100)).description(&created(GONE)).put();
    assert_eq!(found(&setup, "--region us-east-1,us-west-2"), sorted([&east, &stray, &west]));
    setup.run("orphans --region us-east-1,us-west-2 --apply --yes --max-delete 3").ended(0);
    let places: Vec<_> = setup.calls("DeleteSnapshot").into_iter().map(|call| call.region).collect();
    assert_eq!(places.iter().filter(|region| *region == WEST).count(), 1);
    assert_eq!((setup.there(&[east, stray, west]), setup.names(PROD, WEST).len()), (0, 1));
}

#[test]
fn orphans_come_in_every_format() {
    let setup = Scene::new();
    let id = snapshot(&setup, &created(GONE));
    assert_eq!(setup.run("orphans -o ids").ended(0).lines(), [id.as_str()]);
    let csv = setup.run("orphans -o csv").ended(0).stdout;
    assert!(csv.starts_with("id,region,size_gib,started_at,reason,result,error,account\n"), "{csv}");
    assert!(csv.contains(&format!("{id},us-east-1,8,")), "{csv}");
    let line: Value = serde_json::from_str(&setup.run("orphans -o jsonl").ended(0).stdout).unwrap();
    assert_eq!(line["id"], *id);
    let table = setup.run("orphans").ended(0).stdout;
    assert!(table.starts_with("SNAPSHOT") && table.contains(&id) && table.contains("would be deleted"), "{table}");
}
