//! `deregister` of images that EC2 still lists or has not finished, and interrupted runs.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::fake::{Fault, FaultKind, Outcome, PROD};
use crate::setup::{EAST, Setup, refused, seconds};

const NAME: &str = "web-v1-2026-01-02";

/// An endpoint with one image of two volumes; gives its id and those of its snapshots.
fn ready() -> (Setup, String, Vec<String>) {
    Setup::with_two_volumes(NAME)
}

/// What a report says of the snapshots of its first image.
fn results(report: &Value) -> Vec<&str> {
    crate::setup::each(&report["results"][0]["snapshots"], "result")
}

fn left(setup: &Setup) -> usize {
    setup.world().snapshots(PROD, EAST).count()
}

/// An endpoint whose dry runs look at permissions only.
fn only_permissions() -> Fault {
    Fault::error("DeregisterImage", "DryRunOperation", "Request would have succeeded.").skip(1)
}

/// Runs a command, and lets time pass at the endpoint after so many more looks at images.
#[track_caller]
fn while_time_passes(setup: &Setup, line: &str, looks: usize, by: Duration, code: i32) -> Value {
    let before = setup.fake.count("DescribeImages");
    thread::scope(|scope| {
        let run = scope.spawn(|| setup.run(line).ended(code).json());
        setup.until("DeregisterImage", 1);
        setup.until("DescribeImages", before + looks);
        setup.world().advance(by);
        run.join().unwrap()
    })
}

#[test]
fn an_image_that_is_listed_for_a_while_is_waited_for_and_its_snapshots_go() {
    let (setup, id, _) = ready();
    setup.world().deregistered_shows_for = seconds(100);
    setup.world().ignore_delete_snapshots = true;
    setup.fake.fault(only_permissions());
    let report = while_time_passes(&setup, &format!("deregister {id} --yes -o json"), 5, seconds(101), 0);
    assert_eq!((&report["results"][0]["status"], results(&report)), (&"done".into(), vec!["deleted", "deleted"]));
    assert_eq!(left(&setup), 0);
}

#[test]
fn an_image_that_ec2_says_is_gone_is_done_though_it_is_listed() {
    let (setup, id, _) = ready();
    setup.world().deregistered_shows_for = seconds(3600);
    setup.world().ignore_delete_snapshots = true;
    let report = setup.run(&format!("deregister {id} --yes -o json")).ended(0).json();
    assert_eq!(results(&report), ["deleted", "deleted"]);
    let outcomes = setup.outcomes("DeregisterImage");
    assert_eq!(
        outcomes,
        [Outcome::Ok, refused("InvalidAMIID.Unavailable")],
        "it is asked about, not deregistered again"
    );
    assert!(setup.calls("DeregisterImage")[1].dry_run);
    assert_eq!(left(&setup), 0);
}

#[test]
fn a_stop_while_an_image_is_listed_names_what_is_left_and_a_rerun_takes_it() {
    let (setup, id, snapshots) = ready();
    setup.world().deregistered_shows_for = seconds(3600);
    setup.world().ignore_delete_snapshots = true;
    setup.fake.fault(only_permissions());
    let process = setup.process(&format!("deregister {id} --yes -o json")).spawn().unwrap();
    setup.until("DeregisterImage", 1);
    let looks = setup.fake.count("DescribeImages");
    setup.until("DescribeImages", looks + 1);
    let begun = std::time::Instant::now();
    assert!(std::process::Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let output = process.wait_with_output().unwrap();
    assert!(begun.elapsed() < seconds(5), "{:?}", begun.elapsed());
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let message = report["results"][0]["error"]["message"].as_str().unwrap();
    assert!(snapshots.iter().all(|id| message.contains(id)), "{message}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(&format!("amictl deregister {id} --yes")), "{stderr}");
    // By the time of the rerun it is no longer shown: the journal knows what was to go with it.
    setup.world().advance(seconds(3601));
    let report = setup.json(&format!("deregister {id} --yes"));
    assert_eq!((&report["results"][0]["status"], results(&report)), (&"done".into(), vec!["deleted", "deleted"]));
    assert_eq!((&report["results"][0]["name"], left(&setup)), (&NAME.into(), 0));
    // That is done, and the next one finds nothing.
    setup.run(&format!("deregister {id} --yes")).ended(1).says(&["nothing is called", &id]);
}

#[test]
fn a_rerun_deletes_nothing_that_is_needed_by_now() {
    let (setup, id, snapshots) = ready();
    let third = setup.world().snapshot(PROD, EAST).put();
    setup.world().ignore_delete_snapshots = true;
    setup.fake.fault(Fault::error("DeleteSnapshot", "UnauthorizedOperation", "No deleting."));
    setup.run(&format!("deregister {id} --yes")).ended(3);
    setup.fake.clear_faults();
    let mut world = setup.world();
    world.image(PROD, EAST, "api-v1-2026-01-02").on_snapshots(&[&snapshots[0]]).put();
    world.launch_template(PROD, EAST, "data").image("ami-00000001").volume(&snapshots[1]).put();
    drop(world);
    let report = setup.json(&format!("deregister {id} --yes"));
    let mut said = results(&report);
    said.sort_unstable();
    assert_eq!((said, left(&setup)), (vec!["kept-in-use", "kept-shared"], 3));
    assert!(setup.world().find_snapshot(&third).is_some());
}

#[test]
fn without_a_journal_or_a_yes_what_an_interrupted_run_left_is_not_touched() {
    let (setup, id, _) = ready();
    setup.world().ignore_delete_snapshots = true;
    setup.fake.fault(Fault::error("DeleteSnapshot", "UnauthorizedOperation", "No deleting."));
    setup.run(&format!("deregister {id} --yes")).ended(3);
    setup.fake.clear_faults();
    setup.fake.forget_calls();
    let empty = setup.home.path().join("empty.jsonl");
    setup.run(&format!("deregister {id} --yes --journal {}", empty.display())).ended(1).says(&["nothing is called"]);
    setup.run(&format!("deregister {id}")).ended(4).says(&["not confirmed"]);
    setup.run(&format!("deregister {id} --dry-run")).ended(0).says(&["these snapshots would be deleted"]);
    setup.run(&format!("deregister {id} ami-0123456789abcdef0 --yes")).ended(1);
    setup.unchanged();
    setup.run(&format!("deregister {id} --yes")).ended(0);
    assert_eq!(left(&setup), 0);
}

#[test]
fn snapshots_that_ec2_tells_of_late_go_with_a_pending_image() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    setup.world().pending_for = seconds(600);
    setup.world().snapshots_appear_late = true;
    setup.run(&format!("create web --instance {instance} --no-wait")).ended(0);
    let id = setup.world().images(PROD, EAST).next().unwrap().id.clone();
    let line = format!("deregister {id} --yes -o json");
    let refused = setup.run(&format!("deregister {id}")).ended(4);
    refused.says(&["EC2 may still create snapshots for it"]);
    let report = setup.run(&line).ended(0).json();
    assert_eq!((results(&report), left(&setup)), (vec!["deleted"], 0), "{report:#}");
    let detail = report["results"][0]["detail"].as_str().unwrap();
    let search = "aws ec2 describe-snapshots --region us-east-1 --owner-ids self --filters";
    assert!(detail.contains(search) && detail.contains(&id), "{detail}");
}

#[test]
fn what_a_pending_image_leaves_is_kept_where_the_user_keeps_snapshots_and_where_a_text_is_all_there_is() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    setup.world().pending_for = seconds(600);
    setup.world().snapshots_appear_late = true;
    setup.run(&format!("create web --instance {instance} --no-wait")).ended(0);
    let id = setup.world().images(PROD, EAST).next().unwrap().id.clone();
    let report = setup.json(&format!("deregister {id} --yes --keep-snapshots"));
    assert_eq!((results(&report), left(&setup)), (vec!["kept"], 1));
    assert!(setup.world().snapshots(PROD, EAST).all(|snapshot| snapshot.tags["amictl:keep"] == id));
    // A copy by hand says the same as a snapshot that EC2 made.
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).state("failed").instance_store().put();
    let mut world = setup.world();
    let words = format!("Created by CreateImage(i-0123456789abcdef0) for {id}");
    world.snapshot(PROD, EAST).volume("vol-ffffffff").description(&words).put();
    world.snapshot(PROD, EAST).description("by hand").put();
    drop(world);
    let report = setup.json(&format!("deregister {id} --yes"));
    assert_eq!((results(&report), left(&setup)), (vec!["kept-unverified"], 2));
}

#[test]
fn a_look_for_late_snapshots_that_fails_says_how_to_look() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).state("failed").instance_store().put();
    setup.fake.fault(Fault::on("DescribeSnapshots", FaultKind::HtmlError(400)));
    let report = setup.json(&format!("deregister {id} --yes"));
    let detail = report["results"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("aws ec2 describe-snapshots") && detail.contains("unknown"), "{detail}");
}
