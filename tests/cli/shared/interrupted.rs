//! Ctrl-C: nothing half-done is left unreported.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, EUROPE, Setup, seconds};

fn send(signal: &str, process: &Child) {
    assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
}

/// How a process ended that was asked to stop: exit code, stdout, and the JSON error at the end of stderr.
fn stopped(process: Child) -> (Option<i32>, String, Value) {
    stopped_by("-INT", process)
}

fn stopped_by(signal: &str, process: Child) -> (Option<i32>, String, Value) {
    send(signal, &process);
    let output = process.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let error = serde_json::from_str(stderr.lines().last().unwrap_or_default());
    let error: Value = error.unwrap_or_else(|e| panic!("{e}: {stderr}"));
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), error["error"].clone())
}

#[test]
fn a_wait_says_how_it_is_taken_up() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).put();
    setup.world().pending_for = seconds(600);
    let process = setup.process(&format!("create web --instance {id} -o json")).spawn().unwrap();
    setup.until("CreateImage", 1);
    let asked = setup.calls("DescribeImages").len();
    setup.until("DescribeImages", asked + 1);
    let (code, stdout, error) = stopped(process);
    assert_eq!((code, stdout.as_str()), (Some(130), ""));
    assert_eq!((&error["code"], &error["exit_code"]), (&"Interrupted".into(), &130.into()));
    let hint = error["hint"].as_str().unwrap();
    setup.world().advance(seconds(600));
    let found = setup.json(hint.split_once("amictl ").unwrap().1);
    assert_eq!(found["images"][0]["state"], "available");
}

#[test]
fn the_search_for_an_image_whose_answer_was_lost_stops_at_once() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).put();
    setup.world().visible_after = seconds(600);
    setup.fake.fault(Fault::on("CreateImage", FaultKind::ResetAfter).times(1));
    let process = setup.process(&format!("create web --instance {id} -o json")).spawn().unwrap();
    setup.until("CreateImage", 2);
    setup.until("DescribeImages", 2);
    let begun = Instant::now();
    let (code, stdout, error) = stopped(process);
    assert_eq!((code, stdout.as_str(), &error["code"]), (Some(130), "", &"Interrupted".into()));
    assert!(begun.elapsed() < seconds(5), "{:?}", begun.elapsed());
    let name = setup.names(PROD, EAST).remove(0);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&format!("{name} may have been made")), "{message}");
    assert!(error["hint"].as_str().unwrap().contains("amictl list"), "{error}");
    assert_eq!(setup.names(PROD, EAST).len(), 1);
}

#[test]
fn a_deregistration_finishes_what_is_in_flight_and_reports_the_rest() {
    let setup = Setup::new();
    let ids = setup.world().bulk_images(PROD, EAST, "web", 14);
    setup.fake.fault(Fault::on("DeregisterImage", FaultKind::Latency(seconds(1))));
    let process = setup.process(&format!("deregister {} --yes -o json", ids.join(" "))).spawn().unwrap();
    setup.until("DeregisterImage", 1);
    let (code, stdout, error) = stopped(process);
    assert_eq!((code, &error["code"]), (Some(130), &"Interrupted".into()));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), 14);
    for result in results {
        let there = setup.world().find_image(result["image_id"].as_str().unwrap()).is_some();
        assert_eq!(result["status"], if there { "skipped" } else { "done" }, "{result}");
    }
    let (done, skipped) = (report["summary"]["done"].as_u64().unwrap(), report["summary"]["skipped"].as_u64().unwrap());
    assert!(done >= 1 && skipped >= 1 && done + skipped == 14, "{}", report["summary"]);
}

#[test]
fn changes_in_flight_are_finished_and_the_rest_is_skipped() {
    for (line, call, done) in [
        ("disable", "DisableImage", "disabled"),
        ("share --with 222222222222", "ModifyImageAttribute", "available"),
        ("tag Team=core", "CreateTags", "available"),
    ] {
        let setup = Setup::new();
        let ids = setup.world().bulk_images(PROD, EAST, "web", 20);
        setup.fake.fault(Fault::on(call, FaultKind::Latency(seconds(1))));
        let process = setup.process(&format!("{line} {} -o json", ids.join(" "))).spawn().unwrap();
        setup.until(call, 1);
        let (code, stdout, error) = stopped(process);
        assert_eq!((code, &error["code"], &error["exit_code"]), (Some(130), &"Interrupted".into(), &130.into()));
        let report: Value = serde_json::from_str(&stdout).unwrap();
        let (mut finished, mut skipped) = (0, 0);
        for (result, id) in report["results"].as_array().unwrap().iter().zip(&ids) {
            assert_eq!(result["image_id"], id.as_str());
            let image = setup.image(id);
            let changed =
                !image.launch.is_empty() || image.tags.contains_key("Team") || image.phase.after == "disabled";
            let expected = if changed { ("done", true) } else { ("skipped", false) };
            assert_eq!(
                (result["status"].as_str().unwrap(), result["changed"].as_bool().unwrap()),
                expected,
                "{result}"
            );
            if changed {
                finished += 1;
                assert_eq!(image.phase.after, done);
            } else {
                skipped += 1;
                assert_eq!(result["error"]["code"], "Interrupted");
            }
        }
        assert!(finished >= 1 && skipped >= 1 && finished + skipped == 20, "{line}: {}", report["summary"]);
        setup.fake.clear_faults();
        let rest = setup.json(&format!("{line} {}", ids.join(" ")));
        assert_eq!(rest["summary"]["done"], 20, "{line}");
    }
}

#[test]
fn a_search_for_images_to_change_stops_at_once() {
    let setup = Setup::new();
    setup.world().bulk_images(PROD, EAST, "web", 1);
    for (line, call) in [("share web --public", "DescribeImages"), ("disable web", "DescribeInstances")] {
        setup.fake.fault(Fault::on(call, FaultKind::Hang(seconds(60))));
        let process = setup.process(&format!("{line} -o json")).spawn().unwrap();
        setup.until(call, 1);
        let begun = Instant::now();
        let (code, stdout, error) = stopped(process);
        assert_eq!((code, stdout.as_str()), (Some(130), ""), "{line}");
        assert!(error["message"].as_str().unwrap().contains("nothing was changed"), "{error}");
        assert!(begun.elapsed() < seconds(5), "{line}: {:?}", begun.elapsed());
        setup.fake.clear_faults();
        setup.unchanged();
    }
}

#[test]
fn what_is_stopped_while_it_looks_makes_nothing() {
    let web = "launch web --type t3.micro";
    for (signal, line, call) in [
        ("-INT", "create web --instance INSTANCE", "DescribeInstances"),
        ("-TERM", "create web --instance INSTANCE", "DescribeImages"),
        ("-INT", "create web --instance INSTANCE --dry-run", "DescribeImages"),
        ("-TERM", "create web --snapshot SNAPSHOT", "DescribeSnapshots"),
        ("-INT", "create web --snapshot SNAPSHOT", "DescribeImages"),
        ("-INT", web, "DescribeImages"),
        ("-TERM", &format!("{web} --allow-http"), "DescribeVpcs"),
        ("-INT", &format!("{web} --allow-http"), "DescribeSecurityGroups"),
        ("-TERM", "wait web", "DescribeImages"),
        ("-INT", "wait INSTANCE", "DescribeInstances"),
    ] {
        let setup = Setup::new();
        setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
        let instance = setup.world().instance(PROD, EAST).put();
        let snapshot = setup.world().snapshot(PROD, EAST).put();
        let line = line.replace("INSTANCE", &instance).replace("SNAPSHOT", &snapshot);
        setup.fake.fault(Fault::on(call, FaultKind::Hang(seconds(60))));
        let process = setup.process(&format!("{line} -o json")).spawn().unwrap();
        setup.until(call, 1);
        let begun = Instant::now();
        let (code, stdout, error) = stopped_by(signal, process);
        assert_eq!((code, stdout.as_str()), (Some(130), ""), "{line}: {error}");
        assert_eq!((&error["code"], &error["exit_code"]), (&"Interrupted".into(), &130.into()), "{line}");
        assert_eq!(error["message"], "interrupted: nothing was changed", "{line}");
        assert!(begun.elapsed() < seconds(5), "{line}: {:?}", begun.elapsed());
        setup.unchanged();
    }
}

#[test]
fn a_creation_whose_name_was_taken_is_not_tried_again_after_the_stop() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).put();
    setup.fake.fault(Fault::error("CreateImage", "InvalidAMIName.Duplicate", "taken"));
    setup.fake.fault(Fault::on("CreateImage", FaultKind::Latency(seconds(1))));
    let process = setup.process(&format!("create web --instance {id} -o json")).spawn().unwrap();
    setup.until("CreateImage", 1);
    let (code, _, error) = stopped(process);
    assert_eq!((code, &error["message"]), (Some(130), &"interrupted: nothing was changed".into()), "{error}");
    assert_eq!(setup.fake.count("CreateImage"), 1);
}

#[test]
fn a_group_that_is_being_made_is_finished_and_nothing_is_launched() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.fake.fault(Fault::on("CreateSecurityGroup", FaultKind::Latency(seconds(1))));
    let line = "launch web --type t3.micro --allow-http";
    let process = setup.process(&format!("{line} -o json")).spawn().unwrap();
    setup.until("CreateSecurityGroup", 1);
    let (code, stdout, error) = stopped_by("-TERM", process);
    assert_eq!((code, stdout.as_str(), &error["code"]), (Some(130), "", &"Interrupted".into()));
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("interrupted: group sg-"), "{message}");
    assert!(message.ends_with("(amictl-allow-http) admits ports 80 and 443, nothing was launched"), "{message}");
    assert_eq!(
        setup.changes(),
        ["CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupIngress"]
    );
    setup.fake.forget_calls();
    setup.json(line);
    assert_eq!(setup.changes(), ["RunInstances"], "{}", error["hint"]);
}

#[test]
fn a_copy_that_is_looked_for_is_not_begun_after_the_stop() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Hang(seconds(60))).in_region(EUROPE));
    let process = setup.process(&format!("copy web --to {EUROPE} -o json")).spawn().unwrap();
    let there = || setup.calls("DescribeImages").iter().any(|call| call.region == EUROPE);
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < seconds(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    let begun = Instant::now();
    let (code, _, error) = stopped(process);
    assert_eq!((code, &error["code"]), (Some(130), &"Interrupted".into()), "{error}");
    assert!(begun.elapsed() < seconds(5), "{:?}", begun.elapsed());
    setup.unchanged();
}

#[test]
fn deregistrations_that_wait_for_their_turn_are_skipped() {
    let setup = Setup::new();
    let ids = setup.world().bulk_images(PROD, EAST, "web", 160);
    let process = setup.process(&format!("deregister {} --yes -o json", ids.join(" "))).spawn().unwrap();
    // The burst is used up: all that comes now comes one by one.
    setup.until("DeregisterImage", 97);
    let (code, stdout, error) = stopped(process);
    let sent = setup.fake.count("DeregisterImage");
    assert!(sent < 150, "{sent} were sent");
    assert_eq!((code, &error["code"]), (Some(130), &"Interrupted".into()));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&report["summary"]["done"], &report["summary"]["failed"]), (&sent.into(), &0.into()));
    assert_eq!(report["summary"]["skipped"], 160 - sent);
    for result in report["results"].as_array().unwrap() {
        let there = setup.world().find_image(result["image_id"].as_str().unwrap()).is_some();
        assert_eq!(result["status"], if there { "skipped" } else { "done" }, "{result}");
    }
    let journal = std::fs::read_to_string(setup.home.path().join(".local/state/amictl/journal.jsonl")).unwrap();
    let lines: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let begun = lines.iter().filter(|line| line["phase"] == "begin").count();
    let ended = |status: &str| lines.iter().filter(|line| line["result"]["status"] == status).count();
    assert_eq!((ended("done"), ended("done") + ended("skipped")), (sent, begun));
    assert!(ended("skipped") >= 1, "none was waiting");
}

#[test]
fn a_listing_stops_at_once() {
    let setup = Setup::new();
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Hang(seconds(60))));
    let process = setup.process("list -o json").spawn().unwrap();
    setup.until("DescribeImages", 1);
    let begun = Instant::now();
    let (code, stdout, _) = stopped(process);
    assert_eq!((code, stdout.as_str()), (Some(130), ""));
    assert!(begun.elapsed() < seconds(5), "{:?}", begun.elapsed());
}

#[test]
fn the_second_signal_ends_at_once_what_the_first_lets_finish() {
    for (first, second) in [("-INT", "-INT"), ("-TERM", "-INT"), ("-INT", "-TERM")] {
        let setup = Setup::new();
        let id = setup.world().bulk_images(PROD, EAST, "web", 1).remove(0);
        setup.fake.fault(Fault::on("DeregisterImage", FaultKind::Hang(seconds(60))));
        let mut process = setup.process(&format!("deregister {id} --yes -o json")).spawn().unwrap();
        setup.until("DeregisterImage", 1);
        send(first, &process);
        let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
        let told = said.find(|line| line.as_ref().is_ok_and(|line| line.contains("interrupt again to stop at once")));
        assert!(told.is_some(), "{first}: nothing was said");
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(process.try_wait().unwrap(), None, "{first}: the call in flight is not waited for");
        let begun = Instant::now();
        send(second, &process);
        let output = process.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{first} {second}: {:?}", output.status);
        assert!(begun.elapsed() < seconds(2), "{first} {second}: {:?}", begun.elapsed());
        assert_eq!((output.stdout.as_slice(), said.next().is_none()), (&b""[..], true), "{first} {second}");
        assert!(setup.world().find_image(&id).is_some());
    }
}

#[test]
fn the_second_signal_ends_a_run_whose_talk_nobody_reads() {
    let setup = Setup::new();
    let id = setup.world().bulk_images(PROD, EAST, "web", 1).remove(0);
    setup.fake.fault(Fault::on("DeregisterImage", FaultKind::Hang(seconds(60))));
    let (unread, stderr) = std::io::pipe().unwrap();
    let mut filling = stderr.try_clone().unwrap();
    let filler = std::thread::spawn(move || while filling.write_all(&[b'.'; 4096]).is_ok() {});
    std::thread::sleep(Duration::from_millis(300));
    let mut process = setup.process(&format!("deregister {id} --yes -q -o json")).stderr(stderr).spawn().unwrap();
    setup.until("DeregisterImage", 1);
    let begun = Instant::now();
    send("-INT", &process);
    // The word that the first signal is answered with does not get out, so there is nothing to wait for.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(process.try_wait().unwrap(), None);
    send("-INT", &process);
    assert_eq!(process.wait().unwrap().code(), Some(130));
    assert!(begun.elapsed() < seconds(3), "{:?}", begun.elapsed());
    drop(unread);
    filler.join().unwrap();
}
