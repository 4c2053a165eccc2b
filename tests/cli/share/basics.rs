//! `share` and `unshare`: who may launch an image, and who may copy it.

use serde_json::json;

use crate::changes::verbs::{NAME, changed};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, each};

const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";
const UNIT: &str = "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-ab12-cdefgh34";
const THIRD: &str = "333333333333";

/// An endpoint with one image of two volumes; gives its id and those of its snapshots.
fn ready() -> (Setup, String, Vec<String>) {
    Setup::with_two_volumes(NAME)
}

/// What a report says of its only image: its detail.
#[track_caller]
fn detail(setup: &Setup, line: &str) -> String {
    let report = setup.json(line);
    report["results"][0]["detail"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn accounts_organizations_and_units_may_launch_it() {
    let (setup, id, snapshots) = ready();
    let line = format!("share web --with {OTHER},{THIRD} --with {ORGANIZATION} --with {UNIT}");
    assert_eq!(detail(&setup, &line), format!("{OTHER}, {THIRD}, o-abcdefghij, 1 more"));
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, THIRD, ORGANIZATION, UNIT]);
    for snapshot in &snapshots {
        assert!(setup.world().snapshot_permissions(snapshot).is_empty(), "launching takes no snapshots");
    }
    let again = setup.json(&format!("share web --with {UNIT},444444444444"));
    assert_eq!((&again["results"][0]["detail"], changed(&again)), (&json!("444444444444"), vec![true]));
    assert_eq!(detail(&setup, &format!("share web --with {ORGANIZATION}")), "");
}

#[test]
fn everybody_may_launch_it() {
    let (setup, id, _) = ready();
    assert_eq!(detail(&setup, "share web --public"), "everybody");
    assert_eq!(setup.world().launch_permissions(&id), ["all"]);
    setup.world().block_public_access.insert((PROD.into(), EAST.into()));
    let again = setup.json("share web --public");
    assert_eq!(changed(&again), [false], "what is public stays so where public images are blocked");
}

#[test]
fn copyable_takes_every_snapshot() {
    let (setup, id, snapshots) = ready();
    let line = format!("share web --with {OTHER} --copyable");
    assert_eq!(detail(&setup, &line), format!("{OTHER}; 2 snapshots copyable"));
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
    for snapshot in &snapshots {
        assert_eq!(setup.world().snapshot_permissions(snapshot), [OTHER]);
    }
    setup.fake.forget_calls();
    assert_eq!(changed(&setup.json(&line)), [false]);
    setup.unchanged();
    assert_eq!(detail(&setup, "share web --public --copyable"), "everybody; 2 snapshots copyable");
    assert_eq!(setup.world().snapshot_permissions(&snapshots[1]), ["all", OTHER]);
}

#[test]
fn what_is_launched_already_is_made_copyable() {
    let (setup, _, snapshots) = ready();
    setup.run(&format!("share web --with {OTHER}")).ended(0);
    setup.world().image(PROD, EAST, "db-v1-2026-01-02").on_snapshots(&[&snapshots[0]]).put();
    assert_eq!(detail(&setup, &format!("share db --with {OTHER} --copyable")), format!("{OTHER}; 1 snapshot copyable"));
    let rest = detail(&setup, &format!("share web --with {OTHER} --copyable"));
    assert_eq!(rest, "1 snapshot copyable", "the other one is shared already, through another image");
    let two = setup.json(&format!("share web db --with {THIRD} --copyable"));
    assert_eq!(two["summary"]["done"], 2, "two images that stand on one snapshot");
    assert_eq!(setup.world().snapshot_permissions(&snapshots[0]), [OTHER, THIRD]);
}

#[test]
fn hundreds_of_accounts_take_several_calls_for_a_snapshot() {
    let (setup, id, snapshots) = ready();
    let accounts: Vec<_> = (0..600).map(|n| format!("{:012}", 400_000_000_000_u64 + n)).collect();
    let line = format!("share web --copyable --with {}", accounts.join(","));
    assert_eq!(detail(&setup, &line), "400000000000, 400000000001, 400000000002, 597 more; 2 snapshots copyable");
    assert_eq!(setup.world().launch_permissions(&id), accounts);
    assert!(snapshots.iter().all(|snapshot| setup.world().snapshot_permissions(snapshot) == accounts));
    assert_eq!((setup.calls("ModifyImageAttribute").len(), setup.calls("ModifySnapshotAttribute").len()), (1, 4));
}

#[test]
fn permissions_of_snapshots_are_changed_in_the_form_that_the_guide_shows() {
    let (setup, _, snapshots) = ready();
    setup.run("share web --copyable --with 222222222222").ended(0);
    let given = setup.calls("ModifySnapshotAttribute").pop().unwrap().params;
    assert_eq!((given["OperationType"].as_str(), given["UserId.1"].as_str()), ("add", "222222222222"));
    assert!(given.keys().all(|name| !name.starts_with("CreateVolumePermission")), "{given:?}");
    setup.run("unshare web --with 222222222222 --copyable").ended(0);
    let taken = setup.calls("ModifySnapshotAttribute").pop().unwrap().params;
    assert_eq!((taken["OperationType"].as_str(), taken["UserId.1"].as_str()), ("remove", "222222222222"));
    assert!(snapshots.iter().all(|snapshot| setup.world().snapshot_permissions(snapshot).is_empty()));
}

#[test]
fn a_snapshot_that_fails_is_named_with_what_was_done() {
    let (setup, id, snapshots) = ready();
    let denied = Fault::error("ModifySnapshotAttribute", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(denied.matching(&snapshots[0]));
    let line = format!("share web --with {OTHER} --copyable -o json");
    let ran = setup.run(&line).ended(3);
    let result = &ran.json()["results"][0];
    let message = format!("it can be launched, but {} cannot be shared: You are not authorized.", snapshots[0]);
    assert_eq!(result["error"], json!({"code": "UnauthorizedOperation", "message": message}));
    assert_eq!(
        (&result["changed"], &result["detail"]),
        (&true.into(), &json!(format!("{OTHER}; 1 snapshot copyable")))
    );
    assert_eq!(ran.error()["code"], "PartialChange");
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
    assert_eq!(setup.world().snapshot_permissions(&snapshots[1]), [OTHER], "the other one is shared all the same");
    setup.run(&line).ended(1);
    setup.fake.clear_faults();
    assert_eq!(detail(&setup, &line.replace(" -o json", "")), "1 snapshot copyable");
}

#[test]
fn a_family_is_one_image_unless_every_version_is_asked_for() {
    let setup = Setup::new();
    let ids = setup.world().bulk_images(PROD, EAST, "web", 4);
    {
        let mut world = setup.world();
        world.image(PROD, EAST, "web-v5-2026-01-02").state("failed").put();
        world.image(PROD, EAST, "web-v6-2026-01-02").state("disabled").put();
        world.image(PROD, EAST, "webshop-v1-2026-01-02").put();
    }
    let one = setup.json(&format!("share web --with {OTHER}"));
    assert_eq!(each(&one["results"], "image_id"), [&ids[3]]);
    let ran = setup.run(&format!("share web --every-version --with {OTHER} -o json")).ended(0);
    assert_eq!(each(&ran.json()["results"], "image_id"), [&ids[3], &ids[2], &ids[1], &ids[0]]);
    assert_eq!(changed(&ran.json()), [false, true, true, true]);
    ran.says(&["left out: web-v5-2026-01-02", "is failed", "left out: web-v6-2026-01-02", "is disabled"]);
    let taken = setup.json("unshare web --every-version --all");
    assert_eq!(changed(&taken), [false, false, true, true, true, true], "newest first, all of them");
    assert!(ids.iter().all(|id| setup.world().launch_permissions(id).is_empty()));
    setup
        .run(&format!("share web:v1 --every-version --with {OTHER}"))
        .ended(2)
        .says(&["names one image, not a family"]);
    let none = setup.run(&format!("share wbe --every-version --with {OTHER}")).ended(1);
    none.says(&["nothing is called 'wbe:latest'", "did you mean web"]);
}

#[test]
fn unshare_takes_what_it_is_told_to_and_no_more() {
    let (setup, id, snapshots) = ready();
    setup.run(&format!("share web --with {OTHER},{THIRD},{UNIT} --public")).ended(0);
    setup.run(&format!("share web --with {OTHER},{THIRD} --copyable")).ended(0);
    assert_eq!(detail(&setup, &format!("unshare web --with {OTHER},555555555555")), OTHER);
    assert_eq!(setup.world().launch_permissions(&id), ["all", THIRD, UNIT]);
    assert_eq!(setup.world().snapshot_permissions(&snapshots[0]), [OTHER, THIRD]);
    assert_eq!(detail(&setup, &format!("unshare web --with {OTHER} --copyable")), "2 snapshots not copyable any more");
    assert_eq!(setup.world().snapshot_permissions(&snapshots[1]), [THIRD]);
    assert_eq!(detail(&setup, "unshare web --public"), "everybody");
    let all = detail(&setup, "unshare web --all");
    assert_eq!(all, format!("{THIRD}, ou-ab12-cdefgh34; 2 snapshots not copyable any more"));
    assert!(setup.world().launch_permissions(&id).is_empty());
    assert!(snapshots.iter().all(|snapshot| setup.world().snapshot_permissions(snapshot).is_empty()));
}

#[test]
fn what_is_not_shared_is_not_unshared() {
    let (setup, _, _) = ready();
    for line in [format!("--with {OTHER} --copyable"), "--public".to_owned(), "--all".to_owned()] {
        let report = setup.json(&format!("unshare web {line}"));
        assert_eq!((changed(&report), &report["results"][0]["detail"]), (vec![false], &json!(null)), "{line}");
    }
    setup.unchanged();
    let ran = setup.run("unshare web --all").ended(0);
    assert!(ran.stdout.contains("not shared"), "{}", ran.stdout);
}

#[test]
fn unsharing_a_snapshot_says_which_other_image_stands_on_it() {
    let (setup, _, snapshots) = ready();
    setup.run(&format!("share web --with {OTHER} --copyable")).ended(0);
    let other = setup.world().image(PROD, EAST, "db-v1-2026-01-02").on_snapshots(&[&snapshots[1]]).put();
    let said = format!("db-v1-2026-01-02 ({other}) in account {PROD}, region us-east-1 has the same snapshots");
    let ran = setup.run(&format!("unshare web --with {OTHER} --copyable --dry-run")).ended(0);
    ran.says(&[&said]);
    let both = setup.run(&format!("unshare web db --with {OTHER} --copyable")).ended(0);
    assert!(!both.stderr.contains("has the same snapshots"), "{}", both.stderr);
    assert!(snapshots.iter().all(|snapshot| setup.world().snapshot_permissions(snapshot).is_empty()));
}

#[test]
fn an_image_that_two_accounts_see_is_changed_by_its_owner() {
    for roles in [[PROD, OTHER], [OTHER, PROD]] {
        let setup = Setup::new();
        let id = setup.world().image(PROD, EAST, NAME).shared_with(OTHER).put();
        let [first, second] = roles.map(crate::changes::verbs::role);
        let report = setup.json(&format!("share {id} --with {THIRD} {first} {second}"));
        assert_eq!((each(&report["results"], "account"), changed(&report)), (vec![PROD], vec![true]), "{roles:?}");
        assert!(setup.calls("ModifyImageAttribute").iter().all(|call| call.account == PROD));
        assert_eq!(setup.world().launch_permissions(&id), [OTHER, THIRD]);
    }
}

#[test]
fn copies_are_shared_as_well_where_they_are_asked_for() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let copy = setup.world().image(PROD, WEST, "renamed-v1-2026-01-02").copied_from(&id, EAST).put();
    let line = format!("share {id} --with {OTHER} --region us-east-1,us-west-2");
    assert_eq!(setup.json(&line)["summary"]["done"], 1);
    assert_eq!(changed(&setup.json(&format!("{line} --copies"))), [false, true]);
    assert_eq!(setup.world().launch_permissions(&copy), [OTHER]);
}

#[test]
fn a_dry_run_of_what_needs_nothing_is_no_failure() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).state("disabled").put();
    let said = ["dry run: web-v1-2026-01-02", "is not shared"];
    setup.run(&format!("unshare web:v1 --with {OTHER} --copyable --dry-run")).ended(0).says(&said);
    let (setup, _, snapshots) = ready();
    let denied = Fault::error("ModifySnapshotAttribute", "UnauthorizedOperation", "No snapshots.");
    setup.fake.fault(denied.matching(&snapshots[1]));
    let ran = setup.run(&format!("share web --with {OTHER} --copyable --dry-run -o json")).ended(1);
    assert_eq!(ran.error()["code"], "UnauthorizedOperation");
    setup.unchanged();
}
