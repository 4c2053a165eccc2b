//! `create` from a snapshot.

use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST};

#[test]
fn ec2_is_told_what_it_would_get_wrong_by_itself() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).size(20).put();
    let made = setup.json(&format!("create web --snapshot {snapshot} --description golden"));
    let image = setup.image(made["images"][0]["id"].as_str().unwrap());
    assert_eq!((image.architecture.as_str(), image.virtualization.as_str(), image.ena), ("x86_64", "hvm", true));
    assert_eq!(image.root_device, "/dev/xvda");
    assert_eq!(image.snapshots().collect::<Vec<_>>(), [snapshot]);
    assert_eq!(image.description.as_deref(), Some("golden"));
    let root = image.mappings[0].ebs.as_ref().unwrap();
    assert_eq!((root.size, root.delete_on_termination), (20, true));
    setup.run(&format!("launch {} --type t3.micro --no-wait", image.id)).ended(0);
}

#[test]
fn architecture_and_root_device_can_be_chosen() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).put();
    let made = setup.json(&format!("create web --snapshot {snapshot} --arch arm64 --root-device /dev/sda1"));
    let image = setup.image(made["images"][0]["id"].as_str().unwrap());
    assert_eq!((image.architecture.as_str(), image.root_device.as_str()), ("arm64", "/dev/sda1"));
    assert_eq!(image.mappings[0].device, "/dev/sda1");
    setup.run(&format!("launch {} --type t4g.micro --no-wait", image.id)).ended(0);
}

#[test]
fn the_snapshot_is_tagged_and_keeps_what_it_says_of_itself() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).tag("Name", "nightly").tag("Team", "core").put();
    let made = setup.json(&format!("create web --snapshot {snapshot} --date 2026-01-02 --tag Team=web"));
    let image = setup.image(made["images"][0]["id"].as_str().unwrap());
    let tags = setup.world().find_snapshot(&snapshot).unwrap().tags.clone();
    assert_eq!((image.tags["Name"].as_str(), image.tags["Team"].as_str()), ("web-v1-2026-01-02", "web"));
    assert_eq!((tags["Name"].as_str(), tags["Team"].as_str()), ("nightly", "core"));
    assert_eq!((tags["Family"].as_str(), tags["Version"].as_str()), ("web", "1"));
    assert!(tags.contains_key("amictl:created-by"), "{tags:?}");
}

#[test]
fn without_snapshot_tags_the_snapshot_is_left_alone() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).put();
    setup.run(&format!("create web --snapshot {snapshot} --no-snapshot-tags")).ended(0);
    assert_eq!(setup.changes(), ["RegisterImage"]);
    assert!(setup.world().find_snapshot(&snapshot).unwrap().tags.is_empty());
}

#[test]
fn an_image_whose_snapshot_may_not_be_tagged_is_made_and_said_to_lack_tags() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).put();
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "You are not authorized."));
    let ran = setup.run(&format!("create web --snapshot {snapshot} -o json")).ended(3);
    let id = ran.json()["images"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(setup.image(&id).tags["Family"], "web");
    assert_eq!(ran.error()["code"], "SnapshotNotTagged");
    assert!(ran.error()["hint"].as_str().unwrap().contains("--no-snapshot-tags"), "{}", ran.stderr);
}

#[test]
fn versions_go_on_from_those_made_of_instances() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).put();
    setup.world().image(PROD, EAST, "web-v9-2026-01-02").put();
    let made = setup.json(&format!("create web --snapshot {snapshot}"));
    assert_eq!(made["images"][0]["image_version"], 10);
}

#[test]
fn a_snapshot_that_cannot_be_used_is_named() {
    let setup = Setup::new();
    let (foreign, elsewhere, pending, broken) = {
        let mut world = setup.world();
        (
            world.snapshot(OTHER, EAST).put(),
            world.snapshot(PROD, WEST).put(),
            world.snapshot(PROD, EAST).state("pending").put(),
            world.snapshot(PROD, EAST).state("error").put(),
        )
    };
    for id in ["snap-0123456789abcdef0", &foreign, &elsewhere] {
        let ran = setup.run(&format!("create web --snapshot {id} -o json")).ended(1);
        assert_eq!(ran.error()["code"], "InvalidSnapshot.NotFound");
        let message = format!("there is no snapshot {id} in account 111111111111, region us-east-1");
        assert_eq!(ran.error()["message"], message);
    }
    for (id, state, hint) in
        [(pending, "pending", "hint: run the command again"), (broken, "error", "hint: EC2 could not")]
    {
        let said = format!("{id} in us-east-1 is {state}, not completed");
        setup.run(&format!("create web --snapshot {id}")).ended(1).says(&[&said, hint]);
    }
    setup.unchanged();
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn a_dry_run_registers_nothing_and_tags_nothing() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).put();
    let line = format!("create web --snapshot {snapshot} --dry-run");
    setup.run(&line).ended(0).says(&["would be made in us-east-1"]);
    assert!(setup.calls("RegisterImage")[0].dry_run);
    setup.unchanged();
    setup.fake.fault(Fault::error("RegisterImage", "UnauthorizedOperation", "You are not authorized."));
    setup.run(&line).ended(1).says(&["UnauthorizedOperation"]);
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn a_failed_image_shows_the_reason_of_ec2() {
    let setup = Setup::new();
    let snapshot = setup.world().snapshot(PROD, EAST).put();
    setup.world().fail_next_image = Some(("Client.InternalError".to_owned(), "Client error on launch".to_owned()));
    let said = ["is failed: Client.InternalError: Client error on launch"];
    setup.run(&format!("create web --snapshot {snapshot}")).ended(1).says(&said);
}

#[test]
fn an_origin_is_needed_and_only_one() {
    let setup = Setup::new();
    for (arguments, said) in [
        ("", "--instance"),
        ("--instance i-0123456789abcdef0 --snapshot snap-0123456789abcdef0", "cannot be used with"),
        ("--snapshot snap-0123456789abcdef0 --no-reboot", "cannot be used with"),
        ("--instance i-0123456789abcdef0 --arch arm64", "cannot be used with"),
        ("--instance i-0123456789abcdef0 --root-device /dev/sda1", "cannot be used with"),
        ("--snapshot snap-0123456789abcdef0 --arch sparc", "x86_64, arm64, i386, x86_64_mac, arm64_mac"),
        ("--instance ami-0123456789abcdef0", "it should look like i-0123456789abcdef0"),
        ("--snapshot snap-xyz", "it should look like snap-0123456789abcdef0"),
    ] {
        setup.run(&format!("create web {arguments}")).ended(2).says(&[said]);
    }
    assert!(setup.fake.calls().is_empty());
}
