//! `restore` where something fails or takes its time: nothing is lost, and a rerun does the rest.

use serde_json::Value;

use crate::fake::{Fault, FaultKind, PROD};
use crate::restore::basics::{NAME, deregister, gone, journal, only, portrait, ready, refuses, rich, snapshots};
use crate::setup::{EAST, each, seconds};

#[test]
fn snapshots_that_ec2_names_one_by_one_are_waited_for() {
    let setup = ready();
    let spare: Vec<String> = (0..3).map(|_| setup.world().snapshot(PROD, EAST).description("by hand").put()).collect();
    let id = setup.world().image(PROD, EAST, NAME).on_snapshots(&[&spare[0], &spare[1], &spare[2]]).put();
    let before = portrait(&setup, &id);
    setup.world().put_in_recycle_bin(&id, 30);
    setup.world().recovering_for = seconds(2);
    let report = setup.json(&format!("restore {id}"));
    assert_eq!(each(&only(&report)["snapshots"], "result"), ["restored"; 3]);
    assert_eq!(portrait(&setup, &id), before);
    // Not within the time there is; a rerun waits for what the first run asked for, and asks for the rest.
    setup.world().put_in_recycle_bin(&id, 30);
    setup.world().recovering_for = seconds(600);
    let ran = setup.run(&format!("restore {id} --timeout 2s -o json")).ended(5);
    let (report, error) = (ran.json(), ran.error());
    assert_eq!((&error["code"], &only(&report)["error"]["code"]), (&"Timeout".into(), &"Timeout".into()));
    assert_eq!(
        (&only(&report)["changed"], each(&only(&report)["snapshots"], "result")),
        (&true.into(), vec!["failed"])
    );
    let ran = setup.run(&format!("restore {id} --timeout 2s -o json")).ended(5);
    assert!(only(&ran.json())["error"]["message"].as_str().unwrap().contains("EC2 is still bringing it back"));
    setup.world().recovering_for = seconds(2);
    setup.world().advance(seconds(598));
    setup.run(&format!("restore {id}")).ended(0);
    assert_eq!(portrait(&setup, &id), before);
}

#[test]
fn lost_answers_and_throttles_do_no_harm() {
    for attempts in ["1", "4"] {
        let setup = ready();
        let id = rich(&setup);
        let before = portrait(&setup, &id);
        deregister(&setup, &[&id]);
        for call in ["RestoreSnapshotFromRecycleBin", "RestoreImageFromRecycleBin"] {
            setup.fake.fault(Fault::on(call, FaultKind::ResetAfter).times(1));
        }
        let ran = setup.amictl().env("AWS_MAX_ATTEMPTS", attempts).run(&format!("restore {id} -o json")).ended(0);
        assert_eq!(each(&only(&ran.json())["snapshots"], "result"), ["restored"; 3], "{attempts}");
        assert_eq!(portrait(&setup, &id), before, "{attempts}");
    }
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    for call in ["ListImagesInRecycleBin", "RestoreSnapshotFromRecycleBin", "RestoreImageFromRecycleBin"] {
        setup.fake.fault(Fault::error(call, "RequestLimitExceeded", "Request limit exceeded.").times(1));
    }
    setup.run(&format!("restore {id}")).ended(0);
}

#[test]
fn without_one_of_its_snapshots_an_image_is_not_asked_for_and_a_rerun_does_the_rest() {
    let setup = ready();
    let id = rich(&setup);
    let (before, stuck) = (portrait(&setup, &id), snapshots(&setup, &id)[2].clone());
    let other = setup.world().image(PROD, EAST, "api-v1-2026-01-02").put();
    deregister(&setup, &[&id, &other]);
    let fault = Fault::error("RestoreSnapshotFromRecycleBin", "UnauthorizedOperation", "Not that one.");
    setup.fake.fault(fault.matching(&stuck));
    let ran = setup.run(&format!("restore {id} {other} -o json")).ended(3).says(&["1 done, 1 failed"]);
    let report = ran.json();
    let result = report["results"].as_array().unwrap().iter().find(|result| result["image_id"] == *id).unwrap();
    assert_eq!((&result["status"], &result["changed"]), (&"failed".into(), &true.into()));
    let message = result["error"]["message"].as_str().unwrap();
    assert!(message.contains(&stuck) && message.contains("Not that one."), "{message}");
    let mut results = each(&result["snapshots"], "result");
    results.sort_unstable();
    assert_eq!(results, ["failed", "restored", "restored"]);
    gone(&setup, &id);
    assert!(setup.world().find_image(&other).is_some());
    setup.fake.clear_faults();
    let report = setup.json(&format!("restore {id}"));
    let mut results = each(&only(&report)["snapshots"], "result");
    results.sort_unstable();
    assert_eq!((results, portrait(&setup, &id)), (vec!["kept", "kept", "restored"], before));
}

#[test]
fn tags_and_permissions_that_cannot_be_put_back_are_reported_and_a_rerun_completes_them() {
    let setup = ready();
    let id = rich(&setup);
    let before = portrait(&setup, &id);
    deregister(&setup, &[&id]);
    setup.world().restore_forgets = true;
    setup.fake.fault(Fault::error("CreateTags", "UnauthorizedOperation", "No tagging."));
    for call in ["ModifyImageAttribute", "ModifySnapshotAttribute"] {
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "No sharing."));
    }
    let ran = setup.run(&format!("restore {id} -o json")).ended(3);
    let result = only(&ran.json()).clone();
    assert_eq!((&result["status"], &result["changed"]), (&"failed".into(), &true.into()));
    let message = result["error"]["message"].as_str().unwrap();
    assert!(message.contains("it is back, but not all of its tags: No tagging."), "{message}");
    setup.fake.clear_faults();
    let report = setup.json(&format!("restore {id}"));
    assert_eq!(
        only(&report)["detail"],
        "5 tags, 2 launch permissions and 3 snapshot permissions put back from the journal"
    );
    assert_eq!(portrait(&setup, &id), before);
    assert_eq!(only(&setup.json(&format!("restore {id}")))["changed"], false);
}

#[test]
fn what_takes_its_time_is_waited_for() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    setup.world().recovering_for = seconds(2);
    setup.world().pending_for = seconds(2);
    let report = setup.json(&format!("restore {id}"));
    assert_eq!(report["summary"]["done"], 1);
    deregister(&setup, &[&id]);
    setup.world().recovering_for = seconds(600);
    let ran = setup.run(&format!("restore {id} --timeout 2s -o json")).ended(5);
    let report = ran.json();
    assert_eq!(
        (&only(&report)["changed"], each(&only(&report)["snapshots"], "result")),
        (&true.into(), vec!["failed"; 3])
    );
    setup.world().advance(seconds(600));
    setup.world().recovering_for = seconds(0);
    setup.world().pending_for = seconds(600);
    let ran = setup.run(&format!("restore {id} --timeout 3s -o json")).ended(5);
    assert_eq!((&ran.error()["code"], &only(&ran.json())["error"]["code"]), (&"Timeout".into(), &"Timeout".into()));
    setup.world().advance(seconds(600));
    setup.run(&format!("restore {id}")).ended(0);
}

#[test]
fn a_journal_that_cannot_be_read_is_an_error_and_strange_lines_are_passed_over() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    let folder = setup.home.path().display().to_string();
    refuses(&setup, &format!("{id} --journal {folder}"), 1, "JournalError", &["journal", &folder]);
    let text = std::fs::read_to_string(journal(&setup)).unwrap();
    let torn = &text[..200];
    let file = setup.home.write("logs/journal.jsonl", &format!("nonsense\n{{}}\n{torn}{text}{torn}"));
    setup.world().restore_forgets = true;
    let report = setup.amictl().env("AMICTL_JOURNAL", &file).run(&format!("restore {id} -o json")).ended(0).json();
    assert_eq!(
        only(&report)["detail"],
        "5 tags, 2 launch permissions and 3 snapshot permissions put back from the journal"
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_what_is_back_and_a_rerun_does_the_rest() {
    let setup = ready();
    let id = rich(&setup);
    let before = portrait(&setup, &id);
    deregister(&setup, &[&id]);
    setup.fake.fault(Fault::on("RestoreSnapshotFromRecycleBin", FaultKind::Latency(seconds(1))));
    let process = setup.process(&format!("restore {id} -o json")).spawn().unwrap();
    setup.until("RestoreSnapshotFromRecycleBin", 3);
    let process_id = process.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &process_id]).status().unwrap().success());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let result = only(&report);
    assert_eq!((&result["status"], &result["error"]["code"]), (&"failed".into(), &"Interrupted".into()));
    assert_eq!(each(&result["snapshots"], "result"), ["restored"; 3]);
    gone(&setup, &id);
    setup.fake.clear_faults();
    setup.run(&format!("restore {id}")).ended(0);
    assert_eq!(portrait(&setup, &id), before);
}
