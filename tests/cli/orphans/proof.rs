//! `orphans`: what proves that a snapshot is left over, and what only looks so and stays.

use serde_json::Value;

use crate::fake::{Fault, OTHER, PROD};
use crate::scene::{Scene, days_ago};
use crate::setup::{EAST, WEST, each};

const GONE: &str = "ami-0aaaaaaaaaaaaaaaa";
const APPLY: &str = "--min-age 0s --apply --yes --max-delete 5 -o json";

fn created(image: &str) -> String {
    format!("Created by CreateImage(i-0123456789abcdef0) for {image}")
}

/// What a run says of the snapshots that stay, as (id, code, reason).
fn kept(document: &Value) -> Vec<(&str, &str, &str)> {
    let text = |row: &'_ Value, field: &str| row[field].as_str().unwrap().len();
    let rows = document["kept"].as_array().unwrap();
    assert!(rows.iter().all(|row| text(row, "reason") > 0), "{document:#}");
    rows.iter()
        .map(|r| (r["id"].as_str().unwrap(), r["code"].as_str().unwrap(), r["reason"].as_str().unwrap()))
        .collect()
}

/// Copies `web` to us-west-2; gives the id of the copy.
fn copied(setup: &Scene, flags: &str) -> String {
    let copied = setup.json(&format!("copy web:v1 --to {WEST} {flags}"));
    copied["images"][0]["id"].as_str().unwrap().to_owned()
}

/// Deregisters an image in us-west-2 as somebody does who leaves its snapshots.
fn gone(setup: &Scene, image: &str) {
    setup.ec2_in(WEST, "DeregisterImage", &[("ImageId", image)]);
}

#[test]
fn a_copy_made_by_hand_of_the_snapshot_of_a_living_image_stays() {
    let setup = Scene::new();
    let alive = setup.old("web-v1-2025-01-01");
    let by_hand = {
        let mut world = setup.world();
        let seed = world.snapshot(PROD, WEST).started(days_ago(90)).volume("vol-ffffffff");
        seed.description(&created(&alive)).put()
    };
    let other_account = {
        let mut world = setup.world();
        let seed = world.snapshot(OTHER, EAST).started(days_ago(90)).volume("vol-ffffffffffffffffff");
        seed.description(&created(&alive)).put()
    };
    let report = setup.run(&format!("orphans --region {WEST} {APPLY}")).ended(0).json();
    assert_eq!(each(&report["snapshots"], "id"), [""; 0]);
    let [(id, code, reason)] = kept(&report)[..] else { panic!("{report:#}") };
    assert_eq!((id, code), (by_hand.as_str(), "doubt"));
    assert!(reason.contains(&alive), "{reason}");
    setup.run("orphans --role-arn arn:aws:iam::222222222222:role/ami --apply --yes --max-delete 5").ended(0);
    setup.unchanged();
    assert_eq!(setup.there(&[by_hand, other_account]), 2);
}

#[test]
fn a_copy_that_carries_the_tags_of_amictl_stays() {
    let setup = Scene::new();
    let original = setup.world().snapshot(PROD, EAST).put();
    let mut world = setup.world();
    let seed = world.snapshot(PROD, WEST).started(days_ago(90)).volume("vol-ffffffff").description(&created(GONE));
    let tags = seed.tag("amictl:snapshot-of", &format!("{original}/{GONE}")).tag("amictl:copied-from", "x/y");
    let id = tags.tag("amictl:created-by", "amictl/0.1.0").put();
    drop(world);
    let report = setup.json(&format!("orphans --region {WEST}"));
    assert_eq!(each(&report["snapshots"], "id"), [""; 0]);
    let [(kept, "doubt", reason)] = kept(&report)[..] else { panic!("{report:#}") };
    assert!(kept == id && reason.contains(&original), "{reason}");
}

#[test]
fn the_snapshots_of_a_copy_are_tagged_and_are_orphans_once_it_is_gone() {
    let setup = Scene::new();
    setup.world().image(PROD, EAST, "web-v1-2025-01-01").snapshots(2).put();
    let copy = copied(&setup, "");
    let snapshots = setup.snapshots_of(&copy);
    for id in &snapshots {
        let tags = setup.world().find_snapshot(id).unwrap().tags.clone();
        assert_eq!(tags["amictl:snapshot-of"], format!("{id}/{copy}"));
    }
    assert_eq!(each(&setup.json(&format!("orphans --region {WEST} --min-age 0s"))["snapshots"], "id"), [""; 0]);
    gone(&setup, &copy);
    let report = setup.run(&format!("orphans --region {WEST} {APPLY}")).ended(0).json();
    assert_eq!(each(&report["snapshots"], "result"), ["deleted", "deleted"]);
    assert_eq!((kept(&report).len(), setup.there(&snapshots)), (0, 0));
}

#[test]
fn a_copy_that_is_there_already_gets_the_tag_and_has_it_once() {
    let setup = Scene::new();
    setup.world().image(PROD, EAST, "web-v1-2025-01-01").put();
    let copy = copied(&setup, "--no-wait");
    let [snapshot] = &setup.snapshots_of(&copy)[..] else { panic!() };
    let tag = || setup.world().find_snapshot(snapshot).unwrap().tags.get("amictl:snapshot-of").cloned();
    assert_eq!(tag(), None);
    assert_eq!(copied(&setup, ""), copy);
    assert_eq!(tag(), Some(format!("{snapshot}/{copy}")));
    setup.fake.forget_calls();
    copied(&setup, "");
    assert_eq!(setup.fake.count("CreateTags"), 0);
}

#[test]
fn a_copy_that_nobody_waited_for_is_kept_for_doubt_unless_wait_has_tagged_it() {
    for waits in [true, false] {
        let setup = Scene::new();
        setup.world().image(PROD, EAST, "web-v1-2025-01-01").put();
        let copy = copied(&setup, "--no-wait");
        let snapshots = setup.snapshots_of(&copy);
        if waits {
            setup.run(&format!("wait {copy} --region {WEST}")).ended(0);
        }
        gone(&setup, &copy);
        let report = setup.run(&format!("orphans --region {WEST} {APPLY}")).ended(0).json();
        let (left, doubted) = if waits { (0, 0) } else { (1, 1) };
        assert_eq!((setup.there(&snapshots), kept(&report).len()), (left, doubted), "{report:#}");
    }
}

#[test]
fn a_copy_whose_snapshots_cannot_be_tagged_is_good_and_that_is_a_warning() {
    let setup = Scene::new();
    setup.world().image(PROD, EAST, "web-v1-2025-01-01").put();
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "No tagging.").matching("amictl:snapshot-of"));
    let ran = setup.run(&format!("copy web:v1 --to {WEST}")).ended(0);
    ran.says(&["warning: the snapshots of ami-", "No tagging.", "amictl orphans"]);
    assert_eq!(setup.names(PROD, WEST), ["web-v1-2025-01-01"]);
}

#[test]
fn what_is_kept_for_doubt_is_counted_and_shown_with_the_line_that_removes_it() {
    let setup = Scene::new();
    let doubtful: Vec<_> = (0..5)
        .map(|_| {
            let mut world = setup.world();
            let seed = world.snapshot(PROD, EAST).started(days_ago(100)).volume("vol-ffffffff");
            seed.description(&format!("Copied for DestinationAmi {GONE} from SourceAmi ami-00000001 for …")).put()
        })
        .collect();
    let said = ["no orphaned snapshots", "5 snapshots of 40 GiB kept as doubtful", "and so on for 2 more"];
    let ran = setup.run("orphans").ended(0).says(&said);
    assert_eq!(ran.stderr.matches("aws ec2 delete-snapshot --region us-east-1 --snapshot-id snap-").count(), 3);
    assert!(doubtful.iter().all(|id| ran.stdout.contains(id)) && ran.stdout.contains("kept: doubt"), "{}", ran.stdout);
    let document = setup.json("orphans");
    let line = format!(
        "aws ec2 delete-snapshot --region us-east-1 --snapshot-id {}",
        document["kept"][0]["id"].as_str().unwrap()
    );
    assert_eq!((kept(&document).len(), &document["kept"][0]["remove"]), (5, &line.into()));
    assert_eq!((&document["kept"][0]["size_gib"], &document["size_gib"]), (&8.into(), &0.into()));
    setup.unchanged();
}

#[test]
fn what_templates_and_configurations_name_is_in_use_and_stays() {
    let setup = Scene::new();
    let orphan = || {
        let mut world = setup.world();
        world.snapshot(PROD, EAST).started(days_ago(100)).description(&created(GONE)).put()
    };
    let ids = [orphan(), orphan(), orphan()];
    let mut world = setup.world();
    // Only an old version of the template names it.
    let template = world.launch_template(PROD, EAST, "data").image("ami-00000001").volume(&ids[0]);
    template.image("ami-00000001").default_version(2).put();
    world.launch_configuration(PROD, EAST, "old-config", "ami-00000001");
    world.launch_configuration_volume(PROD, EAST, "old-config", &ids[1]);
    drop(world);
    let report = setup.run(&format!("orphans {APPLY}")).ended(0).json();
    assert_eq!(each(&report["snapshots"], "id"), [ids[2].as_str()]);
    let rows = kept(&report);
    let reason = |id: &str| rows.iter().find(|row| row.0 == id).map(|row| (row.1, row.2)).unwrap();
    assert!(reason(&ids[0]).0 == "in-use" && reason(&ids[0]).1.contains("data:1"), "{report:#}");
    assert!(reason(&ids[1]).0 == "in-use" && reason(&ids[1]).1.contains("old-config"), "{report:#}");
    assert_eq!((setup.there(&ids[..2]), setup.there(&ids[2..])), (2, 0));
}

#[test]
fn templates_that_cannot_be_read_keep_every_orphan() {
    for call in ["DescribeLaunchTemplates", "DescribeLaunchConfigurations", "DescribeSpotFleetRequests"] {
        let setup = Scene::new();
        let id = {
            let mut world = setup.world();
            world.snapshot(PROD, EAST).started(days_ago(100)).description(&created(GONE)).put()
        };
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "Not yours to see."));
        for line in ["orphans -o json".to_owned(), format!("orphans {APPLY}")] {
            let ran = setup.run(&line).ended(4);
            let error = ran.error();
            assert_eq!((&error["code"], kept(&ran.json())[0].1), (&"Unverified".into(), "unverified"), "{call}");
            assert!(error["message"].as_str().unwrap().contains("Not yours to see."), "{error}");
        }
        setup.unchanged();
        assert_eq!(setup.there(&[id]), 1);
        setup.fake.clear_faults();
        setup.run(&format!("orphans {APPLY}")).ended(0);
    }
}

#[test]
fn templates_are_not_asked_for_where_nothing_would_go() {
    let setup = Scene::new();
    setup.fake.fault(Fault::error("DescribeLaunchTemplates", "UnauthorizedOperation", "Not yours to see."));
    setup.run("orphans").ended(0).says(&["no orphaned snapshots"]);
}

#[test]
fn what_deregister_kept_on_purpose_is_no_orphan() {
    let setup = Scene::new();
    let id = setup.old("web-v1-2025-01-01");
    let snapshots = setup.snapshots_of(&id);
    setup.run(&format!("deregister {id} --keep-snapshots --yes")).ended(0);
    let report = setup.run(&format!("orphans {APPLY}")).ended(0).json();
    assert_eq!((each(&report["snapshots"], "id").len(), kept(&report).len()), (0, 0));
    assert_eq!(setup.there(&snapshots), 1);
}
