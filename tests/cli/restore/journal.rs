//! `restore` and the journal: lost properties are put back, deliberate changes are not undone.

use serde_json::{Value, json};

use crate::fake::{Fault, FaultKind, OTHER, PROD, Principal};
use crate::restore::basics::{NAME, deregister, journal, only, portrait, ready, rich, snapshots};
use crate::setup::{EAST, Setup, each, seconds};

/// The lines of the journal that say how far bringing back got.
fn returns(setup: &Setup) -> Vec<Value> {
    let text = std::fs::read_to_string(journal(setup)).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["action"] == "restore" || line["result"]["action"] == "restore").collect()
}

/// Has the endpoint forget everything, as the console would show an image whose owner has withdrawn all.
fn withdraw(setup: &Setup, id: &str) {
    let mut world = setup.world();
    world.image_mut(id).launch.clear();
    world.image_mut(id).tags.clear();
}

#[test]
fn what_was_withdrawn_after_a_refused_deregistration_stays_withdrawn() {
    let setup = ready();
    let id = rich(&setup);
    setup.fake.fault(Fault::error("DeregisterImage", "OperationNotPermitted", "locked by the auditors"));
    setup.run(&format!("deregister {id} --yes")).ended(1);
    setup.fake.clear_faults();
    withdraw(&setup, &id);
    setup.fake.forget_calls();
    let report = setup.json(&format!("restore {id}"));
    let result = only(&report);
    assert_eq!(
        (&result["status"], &result["changed"], &result["detail"]),
        (&"done".into(), &false.into(), &Value::Null)
    );
    setup.unchanged();
    // Gone since by other hands, it comes back as it was then.
    setup.world().put_in_recycle_bin(&id, 30);
    assert_eq!(only(&setup.json(&format!("restore {id}")))["detail"], Value::Null);
    assert!(setup.image(&id).launch.is_empty());
}

#[test]
fn what_was_withdrawn_after_somebody_else_restored_it_stays_withdrawn_and_is_told() {
    let setup = ready();
    let id = rich(&setup);
    let own = snapshots(&setup, &id);
    deregister(&setup, &[&id]);
    setup.world().take_from_recycle_bin(&id);
    withdraw(&setup, &id);
    let report = setup.json(&format!("restore {id}"));
    let result = only(&report);
    assert_eq!((&result["status"], &result["changed"]), (&"done".into(), &false.into()));
    let detail = result["detail"].as_str().unwrap();
    for word in ["2 more tags (Name, Team)", "2 more launch permissions (222222222222, ", "not restored", "on purpose"]
    {
        assert!(detail.contains(word), "{detail}");
    }
    setup.unchanged();
    assert!(returns(&setup).is_empty());
    // Who may launch it cannot be found out: that is no failure either.
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", "No looking."));
    assert_eq!(only(&setup.json(&format!("restore {id}")))["detail"], detail);
    assert_eq!(each(&only(&report)["snapshots"], "id").len(), own.len());
}

#[test]
fn snapshots_that_somebody_else_restored_are_not_shared_again() {
    let setup = ready();
    let id = rich(&setup);
    let own = snapshots(&setup, &id);
    deregister(&setup, &[&id]);
    setup.world().take_from_recycle_bin(&own[0]);
    setup.world().snapshot_mut(&own[0]).shared.clear();
    setup.world().restore_forgets = true;
    setup.run(&format!("restore {id}")).ended(0);
    let copiers = own.iter().map(|id| setup.world().find_snapshot(id).unwrap().shared.len());
    assert_eq!(copiers.collect::<Vec<_>>(), [0, 1, 1]);
}

#[test]
fn the_journal_tells_that_an_image_is_about_to_come_back_and_how_that_ended() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    setup.fake.fault(Fault::error("RestoreImageFromRecycleBin", "UnauthorizedOperation", "No restoring."));
    setup.run(&format!("restore {id}")).ended(3);
    let lines = returns(&setup);
    assert_eq!(each(&json!(lines), "phase"), ["begin", "end"]);
    let image = json!({"id": id, "name": NAME, "region": EAST, "owner_id": PROD});
    assert_eq!((&lines[0]["image"], &lines[0]["run"]), (&image, &lines[1]["run"]));
    assert_eq!((&lines[1]["image_back"], &lines[1]["result"]["status"]), (&false.into(), &"failed".into()));
    // Brought back by somebody else after that, and changed on purpose.
    setup.fake.clear_faults();
    setup.world().take_from_recycle_bin(&id);
    withdraw(&setup, &id);
    setup.run(&format!("restore {id}")).ended(0);
    assert!(setup.image(&id).launch.is_empty());
    deregister(&setup, &[&id]);
    setup.run(&format!("restore {id}")).ended(0);
    assert_eq!((&returns(&setup)[3]["image_back"], returns(&setup).len()), (&true.into(), 4));
}

#[test]
fn an_image_that_is_late_is_completed_by_a_rerun() {
    let setup = ready();
    let id = rich(&setup);
    let before = portrait(&setup, &id);
    deregister(&setup, &[&id]);
    setup.world().restore_forgets = true;
    setup.world().pending_for = seconds(600);
    setup.run(&format!("restore {id} --timeout 2s")).ended(5);
    assert_eq!(returns(&setup)[1]["image_back"], true);
    setup.world().advance(seconds(600));
    setup.run(&format!("restore {id}")).ended(0);
    assert_eq!(portrait(&setup, &id), before);
}

#[cfg(unix)]
#[test]
fn a_run_that_was_killed_is_completed_by_a_rerun() {
    let setup = ready();
    let id = rich(&setup);
    let before = portrait(&setup, &id);
    deregister(&setup, &[&id]);
    setup.world().restore_forgets = true;
    setup.fake.fault(Fault::on("CreateTags", FaultKind::Hang(seconds(60))));
    let mut process = setup.process(&format!("restore {id}")).spawn().unwrap();
    setup.until("CreateTags", 1);
    process.kill().unwrap();
    process.wait().unwrap();
    setup.fake.clear_faults();
    assert_eq!(returns(&setup).len(), 1);
    setup.run(&format!("restore {id}")).ended(0);
    assert_eq!(portrait(&setup, &id), before);
}

#[test]
fn who_may_copy_is_read_of_the_snapshots_that_go_only_and_not_knowing_it_is_no_reason_to_stop() {
    let setup = ready();
    let id = rich(&setup);
    let own = snapshots(&setup, &id);
    let other = setup.world().image(PROD, EAST, "api-v1-2026-01-02").on_snapshots(&[&own[0]]).put();
    let no = Fault::error("DescribeSnapshotAttribute", "UnauthorizedOperation", "No looking.");
    setup.fake.fault(no.matching(&own[1]));
    setup.run(&format!("deregister {id} --yes")).ended(0);
    let text = std::fs::read_to_string(journal(&setup)).unwrap();
    let begin: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(begin["snapshot_permissions"], json!({&own[1]: null, &own[2]: [OTHER]}));
    assert_eq!(setup.calls("DescribeSnapshotAttribute").len(), 2);
    setup.world().restore_forgets = true;
    setup.fake.clear_faults();
    let report = setup.json(&format!("restore {id}"));
    assert!(only(&report)["detail"].as_str().unwrap().contains("1 snapshot permission put back"), "{report}");
    // Nothing goes, so nothing is read.
    setup.fake.forget_calls();
    setup.run(&format!("deregister {other} --yes --keep-snapshots")).ended(0);
    assert!(setup.calls("DescribeSnapshotAttribute").is_empty());
}

#[test]
fn a_snapshot_of_several_images_is_shared_again_whichever_comes_back() {
    let setup = ready();
    let first = rich(&setup);
    let shared = snapshots(&setup, &first)[0].clone();
    let second = setup.world().image(PROD, EAST, "web-v2-2026-01-02").on_snapshots(&[&shared]).put();
    for id in [&first, &second] {
        deregister(&setup, &[&first, &second]);
        setup.world().restore_forgets = true;
        setup.run(&format!("restore {id}")).ended(0);
        assert_eq!(setup.world().find_snapshot(&shared).unwrap().shared.len(), 1, "{id}");
        setup.run(&format!("restore {first} {second}")).ended(0);
    }
}

#[test]
fn an_account_that_is_closed_by_now_does_not_keep_the_others_out() {
    const CLOSED: &str = "333333333333";
    let setup = ready();
    let id = {
        let mut world = setup.world();
        let image = world.image(PROD, EAST, NAME).snapshots(2).shared_with(OTHER).shared_with(CLOSED);
        image.shared_with("444444444444").shared_with("555555555555").copyable_by(OTHER).copyable_by(CLOSED).put()
    };
    let before = portrait(&setup, &id);
    deregister(&setup, &[&id]);
    setup.world().restore_forgets = true;
    setup.world().missing_accounts.insert(CLOSED.into());
    let ran = setup.run(&format!("restore {id} -o json")).ended(3);
    let said = "it is back, but not all of its launch permissions: none for 333333333333: Invalid attribute item value";
    let report = ran.says(&[said]).json();
    let result = only(&report);
    assert_eq!((&result["status"], &result["changed"]), (&"failed".into(), &true.into()));
    assert_eq!(result["detail"], "3 launch permissions and 2 snapshot permissions put back from the journal");
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, "444444444444", "555555555555"]);
    for own in snapshots(&setup, &id) {
        assert_eq!(setup.world().find_snapshot(&own).unwrap().shared.len(), 1, "{own}");
    }
    // With the launch permissions there, those of the snapshots are told of.
    setup.world().image_mut(&id).launch.insert(Principal::Account(CLOSED.into()));
    let ran = setup.run(&format!("restore {id} -o json")).ended(1);
    let ran = ran.says(&["not all of its snapshot permissions: none on snap-", " for 333333333333: "]);
    assert_eq!(only(&ran.json())["changed"], false);
    setup.world().missing_accounts.clear();
    let report = setup.json(&format!("restore {id}"));
    assert_eq!(only(&report)["detail"], "2 snapshot permissions put back from the journal");
    assert_eq!(portrait(&setup, &id), before);
}

#[test]
fn who_may_not_share_at_all_is_not_asked_one_by_one() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    setup.world().restore_forgets = true;
    for call in ["ModifyImageAttribute", "ModifySnapshotAttribute"] {
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "No sharing."));
    }
    let ran = setup.run(&format!("restore {id}")).ended(3);
    ran.says(&["not all of its launch permissions: none for 222222222222, o-abcdefghij: No sharing."]);
    assert_eq!((setup.calls("ModifyImageAttribute").len(), setup.calls("ModifySnapshotAttribute").len()), (1, 3));
}

/// An image that is back without its permissions: EC2 would not give them; gives its id.
fn half_back(setup: &Setup) -> String {
    let id = rich(setup);
    deregister(setup, &[&id]);
    setup.world().restore_forgets = true;
    setup.fake.fault(Fault::error("ModifyImageAttribute", "UnauthorizedOperation", "No sharing."));
    setup.run(&format!("restore {id}")).ended(3);
    setup.fake.clear_faults();
    assert!(setup.image(&id).launch.is_empty());
    id
}

#[test]
fn what_is_still_lacking_is_put_back_whatever_was_done_to_the_image_meanwhile() {
    let setup = ready();
    let id = half_back(&setup);
    setup.run(&format!("disable {id}")).ended(0);
    let ran = setup.run(&format!("restore {id} -o json")).ended(1);
    ran.says(&["not all of its launch permissions: EC2 shares no disabled image: enable it, and restore it again"]);
    setup.run(&format!("enable {id} --restore-shares")).ended(0);
    let report = setup.json(&format!("restore {id}"));
    assert_eq!(only(&report)["detail"], "2 launch permissions put back from the journal");
    assert_eq!(setup.world().launch_permissions(&id).len(), 2);
    // Finished, it is an image like any other.
    setup.world().image_mut(&id).launch.clear();
    assert_eq!(only(&setup.json(&format!("restore {id}")))["changed"], false);
    assert!(setup.image(&id).launch.is_empty());
}

#[test]
fn what_was_withdrawn_from_an_image_that_is_half_back_stays_withdrawn() {
    let setup = ready();
    let id = half_back(&setup);
    let report = setup.json(&format!("unshare {id} --with {OTHER}"));
    assert_eq!(only(&report)["detail"], "restore takes no more permissions from the journal");
    setup.fake.forget_calls();
    let report = setup.json(&format!("restore {id}"));
    assert_eq!((&only(&report)["status"], &only(&report)["changed"]), (&"done".into(), &false.into()));
    setup.unchanged();
    assert!(setup.image(&id).launch.is_empty());
    // It is said once.
    assert_eq!(only(&setup.json(&format!("unshare {id} --with {OTHER}")))["detail"], Value::Null);
}

#[test]
fn a_journal_that_was_named_must_be_there() {
    let setup = ready();
    for line in ["restore", "restore ami-0123456789abcdef0", "restore --dry-run ami-0123456789abcdef0"] {
        let error = setup.run(&format!("{line} --journal /nope.jsonl -o json")).ended(1).error();
        assert_eq!(error["code"], "JournalError", "{line}");
        assert!(error["message"].as_str().unwrap().starts_with("journal /nope.jsonl: "), "{error}");
    }
    setup.run("restore --journal /etc").ended(1).says(&["journal /etc: it is a folder"]);
    assert!(setup.fake.calls().is_empty());
    // Where the environment names it, it may be to be written yet.
    setup.amictl().env("AMICTL_JOURNAL", setup.home.path().join("new.jsonl")).run("restore").ended(0);
}
