//! `copy` of images of other accounts: tags and names of the copy, and missing permissions.

use crate::cli::Ran;
use crate::fake::{Fault, Image, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each};

pub const NAME: &str = "base-v3-2026-01-02";
pub const ROLE: &str = "arn:aws:iam::222222222222:role/ami";
const ORGANIZATION: &str = "arn:aws:organizations::222222222222:organization/o-abcdefghij";

/// An endpoint with an image of the other account that ours may copy; gives its id too.
pub fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let mut world = setup.world();
    let image = world.image(OTHER, EAST, NAME).snapshots(2).description("golden").shared_with(PROD).copyable_by(PROD);
    let tags = [
        ("Name", NAME),
        ("Family", "base"),
        ("Version", "3"),
        ("Team", "core"),
        ("amictl:shares", "333333333333"),
        ("ec2:SharedTag/Kind", "golden"),
    ];
    let id = tags.iter().fold(image, |image, (key, value)| image.tag(key, value)).put();
    drop(world);
    (setup, id)
}

/// Our image of that name in a region.
#[track_caller]
pub fn ours(setup: &Setup, region: &str) -> Image {
    let world = setup.world();
    world.image_named(PROD, region, NAME).unwrap_or_else(|| panic!("there is no copy in {region}")).clone()
}

/// Runs it as JSON, checks that it fails with this code, and gives the message and the hint.
#[track_caller]
pub fn refused(setup: &Setup, line: &str, code: &str) -> (String, String) {
    let error = setup.run(&format!("{line} -o json")).ended(1).error();
    assert_eq!(error["code"], code, "{error}");
    (error["message"].as_str().unwrap().to_owned(), error["hint"].as_str().unwrap_or_default().to_owned())
}

/// Runs the command line that a hint ends with.
#[track_caller]
fn follow(setup: &Setup, hint: &str) -> Ran {
    let line = hint.split_once("amictl ").unwrap_or_else(|| panic!("no command in: {hint}")).1;
    let line = line.split(';').next().unwrap().replace('\'', "");
    setup.run(&line).ended(0)
}

#[test]
fn a_shared_image_becomes_our_own_in_one_and_in_many_regions() {
    let (setup, theirs) = ready();
    let line = format!("copy {theirs} --to us-east-1,us-west-2,eu-west-1");
    let ran = setup.run(&format!("{line} -o json")).ended(0);
    assert_eq!(each(&ran.json()["images"], "region"), [EUROPE, EAST, WEST]);
    assert_eq!(each(&ran.json()["images"], "owner_id"), [PROD; 3]);
    ran.says(&["the tags that account 222222222222 set", "made from its name", "--from-role-arn ROLE"]);
    for region in [EAST, WEST, EUROPE] {
        let copy = ours(&setup, region);
        let origin = format!("{EAST}/{theirs}");
        let expected = [
            ("Family", "base"),
            ("Name", NAME),
            ("Version", "3"),
            ("amictl:copied-from", &origin),
            ("ec2:SharedTag/Kind", "golden"),
        ];
        let tags: Vec<_> = copy.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(tags, expected);
        assert_eq!((copy.description.as_deref(), copy.source_ami.as_ref()), (Some("golden"), Some(&theirs)));
        for snapshot in copy.snapshots() {
            let snapshot = setup.world().find_snapshot(snapshot).unwrap().clone();
            assert_eq!((snapshot.owner.as_str(), setup.snapshot_tags(&snapshot.id)), (PROD, copy.tags.clone()));
        }
    }
    setup.fake.forget_calls();
    setup.run(&line).ended(0).says(&["is a copy of"]);
    setup.unchanged();
}

#[test]
fn a_name_that_follows_no_pattern_gives_no_tags() {
    let setup = Setup::new();
    let theirs = {
        let mut world = setup.world();
        world.image(OTHER, EAST, "golden image").tag("Team", "core").shared_with(PROD).copyable_by(PROD).put()
    };
    let ran = setup.run(&format!("copy {theirs} --to us-east-1 -o json")).ended(0);
    let copy = setup.image(each(&ran.json()["images"], "id")[0]);
    assert_eq!((copy.name.as_str(), copy.tags.len()), ("golden image", 1), "{:?}", copy.tags);
    ran.says(&["the copies get none"]);
    let ran = setup.run(&format!("copy {theirs} --to us-west-2 --no-tags")).ended(0);
    assert!(!ran.stderr.contains("--from-role-arn"), "{}", ran.stderr);
}

#[test]
fn with_the_role_of_the_owner_the_tags_are_carried_over() {
    let (setup, theirs) = ready();
    let ran = setup.run(&format!("copy {theirs} --to us-west-2,eu-west-1 --from-role-arn {ROLE}")).ended(0);
    assert!(!ran.stderr.contains("the tags that"), "{}", ran.stderr);
    for region in [WEST, EUROPE] {
        let copy = ours(&setup, region);
        assert_eq!(
            (copy.owner.as_str(), copy.tags["Team"].as_str(), copy.tags["Family"].as_str()),
            (PROD, "core", "base")
        );
        assert!(!copy.tags.contains_key("amictl:shares"), "nobody has had the copy: {:?}", copy.tags);
        for snapshot in copy.snapshots() {
            assert_eq!(setup.snapshot_tags(snapshot), copy.tags);
        }
    }
    assert!(setup.calls("CopyImage").iter().all(|call| call.account == PROD));
    assert!(setup.calls("DescribeSnapshotAttribute").iter().all(|call| call.account == OTHER));
}

#[test]
fn with_the_role_of_the_owner_names_are_theirs() {
    let (setup, theirs) = ready();
    setup.world().image(PROD, EAST, "base-v9-2026-01-02").put();
    setup.world().image(OTHER, EAST, "base-v2-2026-01-01").put();
    setup.world().parameter(OTHER, EAST, "/amictl/base/prod", &theirs);
    for (reference, region) in
        [("base", EAST), ("base:v3", WEST), ("base-v3-2026-01-02", EUROPE), ("base:prod", "us-east-2")]
    {
        setup.run(&format!("copy {reference} --to {region} --from-role-arn {ROLE}")).ended(0);
        assert_eq!(ours(&setup, region).source_ami.as_ref(), Some(&theirs), "{reference}");
    }
    let ran = setup.run(&format!("copy nothing --to us-west-2 --from-role-arn {ROLE}")).ended(1);
    ran.says(&["no own image of that name in account 222222222222"]);
}

#[test]
fn an_image_that_is_not_shared_says_who_shares_it_and_how() {
    let setup = Setup::new();
    let theirs = setup.world().image(OTHER, EAST, NAME).snapshots(2).put();
    let line = format!("copy {theirs} --to us-west-2");
    let (message, hint) = refused(&setup, &line, "InvalidAMIID.NotFound");
    assert!(message.contains("that the account can see in account 111111111111, region us-east-1"), "{message}");
    let share = format!("amictl share {theirs} --with 111111111111 --copyable --region us-east-1");
    assert!(hint.contains(&share) && hint.contains("another region"), "{hint}");

    let (message, hint) = refused(&setup, &format!("{line} --from-role-arn {ROLE}"), "InvalidAMIID.NotFound");
    assert!(message.contains("is not shared with account 111111111111"), "{message}");
    assert!(setup.calls("CopyImage").is_empty(), "it is known before EC2 is asked");
    setup.unchanged();
    assert!(hint.contains(&format!("{share} --role-arn {ROLE}")), "{hint}");
    follow(&setup, &hint);
    setup.run(&format!("{line} --from-role-arn {ROLE}")).ended(0);
    assert_eq!(ours(&setup, WEST).owner, PROD);
}

#[test]
fn snapshots_that_are_not_shared_are_named_before_ec2_is_asked() {
    let setup = Setup::new();
    let (shared, first, second, theirs);
    {
        let mut world = setup.world();
        shared = world.snapshot(OTHER, EAST).shared_with(PROD).put();
        first = world.snapshot(OTHER, EAST).put();
        second = world.snapshot(OTHER, EAST).shared_with("333333333333").put();
        theirs = world.image(OTHER, EAST, NAME).on_snapshots(&[&first, &shared, &second]).shared_with(PROD).put();
    }
    let line = format!("copy {theirs} --to us-west-2 --from-role-arn {ROLE}");
    let (message, hint) = refused(&setup, &line, "SnapshotNotShared");
    let mut missing = [first, second];
    missing.sort();
    let said = format!("{} and {} are not shared with account 111111111111", missing[0], missing[1]);
    assert!(message.contains(&said) && !message.contains(&shared), "{message}");
    assert!(setup.calls("CopyImage").is_empty());
    setup.unchanged();
    follow(&setup, &hint);
    setup.run(&line).ended(0);
    assert_eq!(ours(&setup, WEST).mappings.len(), 3);
}

#[test]
fn snapshots_that_are_not_shared_are_understood_from_what_ec2_says() {
    let setup = Setup::new();
    let theirs = setup.world().image(OTHER, EAST, NAME).shared_with(PROD).put();
    for dry_run in ["", " --dry-run"] {
        let (message, hint) = refused(&setup, &format!("copy {theirs} --to us-west-2{dry_run}"), "SnapshotNotShared");
        assert!(message.contains("its snapshots are not shared with account 111111111111"), "{message}");
        assert!(message.contains("You do not have permission to access the storage of this ami"), "{message}");
        let share = format!("amictl share {theirs} --with 111111111111 --copyable --region us-east-1");
        assert!(hint.contains(&share), "{hint}");
    }
    let ran = setup.run(&format!("copy {theirs} --to us-west-2,eu-west-1 -o json")).ended(1);
    assert_eq!(each(&ran.json()["errors"], "code"), ["SnapshotNotShared"; 2]);
    assert_eq!(each(&ran.json()["errors"], "account"), [PROD; 2]);
}

#[test]
fn an_image_of_an_organization_is_copied_once_its_snapshots_are_shared() {
    let setup = Setup::new();
    let image = |name: &str, copyable: bool| {
        let mut world = setup.world();
        let image = world.image(OTHER, EAST, name).shared_with_arn(ORGANIZATION);
        if copyable { image.copyable_by(PROD) } else { image }.put()
    };
    let (closed, open) = (image("closed-v1-2026-01-02", false), image(NAME, true));
    let from = format!("--to us-west-2 --from-role-arn {ROLE}");
    // Whether an account is in the organization is left to EC2.
    let (message, hint) = refused(&setup, &format!("copy {open} {from}"), "InvalidAMIID.NotFound");
    assert!(message.contains("CopyImage in us-west-2") && hint.contains("amictl share"), "{message}: {hint}");
    setup.world().memberships.entry(PROD.into()).or_default().insert(ORGANIZATION.into());
    setup.run(&format!("copy {open} {from}")).ended(0);
    assert_eq!(ours(&setup, WEST).owner, PROD);
    let (_, hint) = refused(&setup, &format!("copy {closed} {from}"), "SnapshotNotShared");
    assert!(hint.contains("--copyable") && hint.contains("sharing with an organization does not do it"), "{hint}");
}

#[test]
fn a_public_image_is_copied_only_with_public_snapshots() {
    let setup = Setup::new();
    let open = setup.world().image(OTHER, EAST, NAME).public().copyable_by_all().put();
    let closed = setup.world().image(OTHER, EAST, "closed-v1-2026-01-02").public().put();
    for role in ["", " --from-role-arn arn:aws:iam::222222222222:role/ami"] {
        setup.run(&format!("copy {open} --to us-west-2{role}")).ended(0);
        refused(&setup, &format!("copy {closed} --to us-west-2{role}"), "SnapshotNotShared");
    }
    assert_eq!(setup.names(PROD, WEST), [NAME]);
}

#[test]
fn a_role_that_cannot_be_assumed_is_named() {
    let (setup, theirs) = ready();
    setup.world().denied_roles.insert(ROLE.to_owned());
    let ran = setup.run(&format!("copy {theirs} --to us-west-2 --from-role-arn {ROLE} -o json")).ended(1);
    let error = ran.error();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&format!("the role {ROLE} of --from-role-arn cannot be assumed")), "{message}");
    assert!(error["hint"].as_str().unwrap().contains("trust policy"), "{error}");
    assert!(setup.calls("DescribeImages").is_empty());
    setup.unchanged();
}

#[test]
fn a_role_in_our_own_account_makes_a_plain_copy() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).tag("Team", "core").put();
    let from = "--from-role-arn arn:aws:iam::111111111111:role/ami";
    setup.run(&format!("copy base --to us-west-2 {from}")).ended(0);
    assert_eq!(ours(&setup, WEST).tags["Team"], "core");
    setup.run(&format!("copy base --to us-east-1 {from}")).ended(2).says(&["is in us-east-1 already"]);
}

#[test]
fn a_role_in_another_account_than_the_owner_is_refused() {
    let setup = Setup::new();
    setup.world().add_account("AKIATHIRD", "333333333333");
    let third = setup.world().image("333333333333", EAST, NAME).shared_with(OTHER).shared_with(PROD).put();
    let line = format!("copy {third} --to us-west-2 --from-role-arn {ROLE}");
    let (message, hint) = refused(&setup, &line, "AuthFailure");
    assert!(message.contains("belongs to account 333333333333"), "{message}");
    assert!(message.contains("leads to account 222222222222") && hint.contains("--from-role-arn"), "{message}: {hint}");
    setup.unchanged();
}

#[test]
fn what_the_role_may_not_see_is_left_to_ec2() {
    let (setup, theirs) = ready();
    for action in ["DescribeImageAttribute", "DescribeSnapshotAttribute"] {
        setup.fake.fault(Fault::error(action, "UnauthorizedOperation", "You are not authorized."));
    }
    let ran = setup.run(&format!("copy {theirs} --to us-west-2 --from-role-arn {ROLE}")).ended(0);
    ran.says(&["whether base-v3-2026-01-02", "is shared with account 111111111111 is unknown", "whether snap-"]);
    assert_eq!(ours(&setup, WEST).tags["Team"], "core");
}

#[test]
fn what_failed_is_finished_with_the_same_role() {
    let (setup, _) = ready();
    let refusal = Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.in_region(EUROPE).times(1));
    let ran = setup.run(&format!("copy base --to us-west-2,eu-west-1 --from-role-arn {ROLE} -o json")).ended(3);
    assert_eq!(each(&ran.json()["images"], "region"), [WEST]);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains(&format!("--from-role-arn {ROLE}")), "{hint}");
    follow(&setup, &hint);
    assert_eq!(ours(&setup, EUROPE).tags["Team"], "core");
}
