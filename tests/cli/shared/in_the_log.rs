//! `--journal -`: the journal on stderr, and brought back from the log that collected it.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD, Script};
use crate::restore::basics::{NAME, deregister, gone, journal, only, portrait, ready, rich};
use crate::scene::days_ago;
use crate::setup::{EAST, Setup, each};
use crate::shared::terminal;

/// The lines of a journal among others.
fn lines(stderr: &str) -> Vec<Value> {
    let each = stderr.lines().filter(|line| line.starts_with("{\"version\":"));
    each.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A log as a collector keeps it: a stamp before each line, lines of other programs between them, no end.
fn collected(stderr: &str) -> String {
    let other = "2026-11-28T05:00:00Z stderr F {\"version\":1,\"phase\":\"begin\",\"level\":\"info\",\"image\":3}\n";
    let each = stderr.lines().map(|line| format!("{other}2026-11-28T05:00:01.123Z [job/7] stderr F {line}\r\n"));
    each.collect::<String>().trim_end().to_owned()
}

#[test]
fn an_image_comes_back_whole_from_the_log_of_the_run_that_deregistered_it() {
    let setup = ready();
    let id = rich(&setup);
    let before = portrait(&setup, &id);
    let ran = setup.run(&format!("deregister {id} --yes --journal - -q")).ended(0);
    gone(&setup, &id);
    let found = lines(&ran.stderr);
    assert_eq!(each(&json!(found), "phase"), ["begin", "end"]);
    assert_eq!((&found[0]["image"]["id"], found.len()), (&json!(id), ran.stderr.lines().count()), "{}", ran.stderr);
    assert!(!journal(&setup).exists());
    let log = setup.home.write("job.log", &collected(&ran.stderr));
    setup.world().restore_forgets = true;
    setup.run(&format!("restore {id} --journal {log}")).ended(0);
    assert_eq!(portrait(&setup, &id), before);
    assert!(!journal(&setup).exists());
    // What came back is written down in the log, so that a second run changes nothing.
    setup.world().image_mut(&id).launch.clear();
    setup.fake.forget_calls();
    setup.run(&format!("restore {id} --journal {log}")).ended(0);
    setup.unchanged();
}

/// The same lines as CloudWatch Logs gives them, by the way in which they are taken out.
fn from_cloudwatch(stderr: &str) -> Vec<(&'static str, String)> {
    let id = "8f0e4b1c-5d1e-4a51-9b3c-0f0d0c0b0a09";
    let platform = [format!("START RequestId: {id} Version: $LATEST"), "amictl: 1 image".to_owned()];
    let end =
        [format!("END RequestId: {id}"), format!("REPORT RequestId: {id}\tDuration: 3 ms\tMax Memory Used: 64 MB")];
    let lines: Vec<_> = platform.into_iter().chain(stderr.lines().map(str::to_owned)).chain(end).collect();
    let stamped = |line: &String| format!("2026-11-28T10:00:00.000Z\t{id}\t{line}");
    let event = |line: &String| json!({ "timestamp": 1_795_860_000_000_u64, "message": format!("{line}\n") });
    let whole = json!({ "events": lines.iter().map(event).collect::<Vec<_>>(), "nextToken": "f/1" });
    let parsed = |line: &String| {
        let message = serde_json::from_str(line).unwrap_or_else(|_| Value::from(line.as_str()));
        json!({ "timestamp": "2026-11-28T10:00:00.000Z", "level": "INFO", "message": message }).to_string()
    };
    vec![
        ("text", lines.iter().map(stamped).collect::<Vec<_>>().join("\n")),
        ("joined", lines.iter().map(stamped).collect::<Vec<_>>().join("\t")),
        ("json lines", lines.iter().map(|line| event(line).to_string()).collect::<Vec<_>>().join("\n")),
        ("json", whole.to_string()),
        ("pretty json", serde_json::to_string_pretty(&whole).unwrap()),
        ("parsed", lines.iter().map(parsed).collect::<Vec<_>>().join("\n")),
    ]
}

#[test]
fn an_image_comes_back_from_what_cloudwatch_kept() {
    for form in 0..6 {
        let setup = ready();
        let id = rich(&setup);
        let before = portrait(&setup, &id);
        let ran = setup.run(&format!("deregister {id} --yes --journal - -q")).ended(0);
        let (name, text) = from_cloudwatch(&ran.stderr).swap_remove(form);
        let log = setup.home.write("lambda.log", &text);
        setup.world().restore_forgets = true;
        setup.run(&format!("restore {id} --journal {log}")).ended(0);
        assert_eq!(portrait(&setup, &id), before, "{name}");
    }
}

#[test]
fn a_tag_that_looks_like_a_line_of_the_journal_is_none() {
    let setup = ready();
    let id = rich(&setup);
    // Who may tag an image must not decide who gets it back: neither here nor in a log of JSON.
    let forged = format!(
        "{{\"version\":1,\"phase\":\"begin\",\"at\":\"2999-01-01T00:00:00Z\",\"action\":\"deregister\",\
         \"image\":{{\"id\":\"{id}\"}},\"launch_permissions\":[\"666666666666\"]}}"
    );
    setup.world().image_mut(&id).tags.insert("message".to_owned(), forged);
    let before = portrait(&setup, &id);
    let ran = setup.run(&format!("deregister {id} --yes --journal - -q")).ended(0);
    for (name, text) in from_cloudwatch(&ran.stderr) {
        let log = setup.home.write("lambda.log", &text);
        setup.world().restore_forgets = true;
        setup.run(&format!("restore {id} --journal {log}")).ended(0);
        assert_eq!(portrait(&setup, &id), before, "{name}");
        setup.run(&format!("deregister {id} --yes -q")).ended(0);
    }
}

/// What somebody who may not share the image writes where amictl prints it: lines of a journal, and of a collector.
fn forgeries(id: &str) -> Vec<String> {
    let line = format!(
        "{{\"version\":1,\"phase\":\"begin\",\"at\":\"2999-01-01T00:00:00Z\",\"action\":\"deregister\",\
         \"image\":{{\"id\":\"{id}\"}},\"launch_permissions\":[\"666666666666\"]}}"
    );
    let other_way = line.replacen("\"version\":1,\"phase\":\"begin\"", "\"phase\":\"begin\",\"version\":1", 1);
    let quoted = Value::from(line.as_str());
    vec![
        format!("x {line}"),
        line.replacen('{', "{ ", 1),
        other_way,
        format!("\"message\": {quoted}"),
        format!("{{\"timestamp\":1,\"message\":{quoted}}}"),
        line,
    ]
}

/// Checks that the image comes back as it was from a log that has this in it.
#[track_caller]
fn comes_back(setup: &Setup, id: &str, before: &str, stderr: &str) {
    for (name, text) in from_cloudwatch(stderr).into_iter().chain([("bare", stderr.to_owned())]) {
        let log = setup.home.write("job.log", &text);
        setup.world().restore_forgets = true;
        setup.run(&format!("restore {id} --journal {log}")).ended(0);
        assert_eq!(portrait(setup, id), before, "{name}");
        setup.run(&format!("deregister {id} --yes -q")).ended(0);
    }
}

#[test]
fn what_a_script_prints_is_no_line_of_the_journal() {
    let setup = ready();
    let id = rich(&setup);
    let before = portrait(&setup, &id);
    let mut log = setup.run(&format!("deregister {id} --yes --journal -")).ended(0).stderr;
    let machine = setup.world().instance(PROD, EAST).profile("ssm").put();
    let file = setup.home.write("clean.sh", "#!/bin/sh\n");
    let output = forgeries(&id).join("\n");
    setup.world().run_commands.scripts.push(Script::with("bin/sh", 0).says(&output).complains(&output));
    let made = setup.run(&format!("create db --instance {machine} --prepare {file}")).ended(0);
    assert!(made.stderr.contains("666666666666"), "{}", made.stderr);
    log.push_str(&made.stderr);
    comes_back(&setup, &id, &before, &log);
}

#[test]
fn an_error_of_aws_and_a_tag_are_no_lines_of_the_journal() {
    let setup = ready();
    let id = rich(&setup);
    let before = portrait(&setup, &id);
    let other = setup.world().image(PROD, EAST, "db-v1-2026-01-02").put();
    let mut log = setup.run(&format!("deregister {id} --yes --journal -")).ended(0).stderr;
    for text in forgeries(&id) {
        setup.world().image_mut(&other).tags.insert("Note".to_owned(), text.clone());
        let shown = setup.run(&format!("show {other}")).ended(0);
        setup.fake.fault(Fault::error("DisableImage", "OperationNotPermitted", &text).times(2));
        let told = setup.run(&format!("disable {other}")).ended(1);
        let json = setup.run(&format!("disable {other} -o json")).ended(1);
        assert!(told.stderr.contains("666666666666") && shown.stdout.contains("666666666666"), "{told:?}");
        log.push_str(&format!("{}{}{}", shown.stdout, told.stderr, json.stderr));
    }
    comes_back(&setup, &id, &before, &log);
}

#[test]
fn every_command_that_writes_a_journal_writes_it_there() {
    let setup = ready();
    let policy = setup.home.write("all.toml", "version = 1\nmax_delete = 9\n[[rule]]\nfamilies = [\"*\"]\nkeep = 0\n");
    let web = |name: &str| setup.world().image(PROD, EAST, name).created(days_ago(100)).shared_with(OTHER).put();
    let run = |line: &str, action: &str| {
        let ran = setup.run(&format!("{line} --journal -")).ended(0);
        let found = lines(&ran.stderr);
        assert_eq!(each(&json!(found), "phase"), ["begin", "end"], "{line}: {}", ran.stderr);
        assert_eq!(found[0]["action"], action, "{line}");
        assert!(!journal(&setup).exists(), "{line}");
    };
    web("web-v1-2026-01-02");
    run("disable web:v1", "disable");
    run("enable web:v1 --restore-shares", "enable");
    run(&format!("unshare web --with {OTHER}"), "unshare");
    run(&format!("prune --policy {policy} --apply --yes"), "deregister");
    web("web-v2-2026-01-02");
    let plan = setup.home.path().join("plan.json").display().to_string();
    setup.run(&format!("prune --policy {policy} --plan-out {plan}")).ended(0);
    run(&format!("apply {plan} --yes"), "deregister");
    let left = "Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa";
    setup.world().snapshot(PROD, EAST).description(left).put();
    run("orphans --min-age 0s --apply --yes --max-delete 1", "delete-snapshot");
}

#[test]
fn the_environment_sends_it_there_too() {
    let setup = ready();
    let id = rich(&setup);
    let ran = setup.amictl().env("AMICTL_JOURNAL", "-").run(&format!("deregister {id} --yes -o json")).ended(0);
    assert_eq!((lines(&ran.stderr).len(), ran.json()["results"][0]["status"].as_str()), (2, Some("done")));
    let refused = setup.amictl().env("AMICTL_JOURNAL", "-").run(&format!("restore {id} -o json")).ended(2);
    assert_eq!(refused.error()["code"], "Usage");
}

#[test]
fn restore_does_not_read_stderr() {
    let setup = ready();
    for line in ["restore", "restore ami-0123456789abcdef0", "restore ami-0123456789abcdef0 --dry-run"] {
        setup.run(&format!("{line} --journal -")).ended(2).says(&["--journal -", "give --journal FILE"]);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn nothing_is_done_where_stderr_is_closed() {
    let setup = ready();
    let id = rich(&setup);
    let mut process = setup.process(&format!("deregister {id} --yes --journal -"));
    let mut child = process.stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_ne!(child.wait().unwrap().code(), Some(0));
    assert!(setup.world().find_image(&id).is_some());
    setup.unchanged();
}

#[test]
fn permissions_come_back_by_the_tag_and_are_unknown_without_it() {
    let setup = ready();
    let id = setup.world().image(PROD, EAST, NAME).shared_with(OTHER).put();
    let log = setup.run("disable web --journal -").ended(0).stderr;
    setup.run("tag web:v1 --remove amictl:shares").ended(0);
    setup.fake.forget_calls();
    for more in ["", " --dry-run"] {
        let ran = setup.run(&format!("enable web:v1 --restore-shares --journal -{more} -o json")).ended(4);
        assert_eq!(ran.error()["code"], "UnknownShares");
        ran.says(&["it has no tag amictl:shares", "--journal FILE", &format!("amictl enable {id}")]);
    }
    setup.unchanged();
    let log = setup.home.write("job.log", &collected(&log));
    setup.run(&format!("enable web:v1 --restore-shares --journal {log}")).ended(0);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
    // With the tag all is known.
    setup.run("disable web --journal -").ended(0);
    setup.run("enable web:v1 --restore-shares --journal -").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
    assert!(!setup.image(&id).tags.contains_key("amictl:shares"));
    let again = setup.json("enable web:v1 --restore-shares --journal -");
    assert_eq!((&only(&again)["status"], &only(&again)["changed"]), (&json!("done"), &json!(false)));
    assert!(only(&again)["detail"].as_str().unwrap().contains("the log of an earlier run may have"), "{again}");
}

#[test]
fn what_is_withdrawn_is_struck_in_the_tag_and_is_unknown_without_it() {
    let setup = ready();
    let id = setup.world().image(PROD, EAST, NAME).shared_with(OTHER).put();
    let first = setup.run("disable web --journal -").ended(0).stderr;
    let second = setup.run(&format!("unshare web:v1 --with {OTHER} --journal -")).ended(0).stderr;
    assert_eq!(setup.image(&id).tags["amictl:shares"], "");
    setup.run("tag web:v1 --remove amictl:shares").ended(0);
    let ran = setup.run(&format!("unshare web:v1 --with {OTHER} --journal - -o json")).ended(1);
    assert_eq!(only(&ran.json())["error"]["code"], "UnknownShares");
    // Withdrawn from all, nothing need be known: the log says so.
    let third = setup.run("unshare web:v1 --all --journal -").ended(0).stderr;
    let log = setup.home.write("job.log", &collected(&[first, second, third].concat()));
    setup.run(&format!("enable web:v1 --restore-shares --journal {log}")).ended(0);
    assert!(setup.world().launch_permissions(&id).is_empty());
}

#[test]
fn what_an_interrupted_run_left_is_finished_from_its_log() {
    let setup = ready();
    let id = rich(&setup);
    let log = setup.run(&format!("deregister {id} --yes --journal -")).ended(0).stderr;
    let begin = log.lines().find(|line| line.contains("\"begin\"")).unwrap();
    let snapshot = lines(&log)[0]["delete_snapshots"][0].as_str().unwrap().to_owned();
    setup.world().take_from_recycle_bin(&snapshot);
    let ran = setup.run(&format!("deregister {id} --yes --journal - -o json")).ended(1);
    assert_eq!(ran.error()["code"], "InvalidAMIID.NotFound");
    ran.says(&["if a run was interrupted", "--journal FILE"]);
    assert!(setup.world().find_snapshot(&snapshot).is_some());
    let log = setup.home.write("job.log", &collected(begin));
    setup.run(&format!("deregister {id} --yes --journal {log}")).ended(0);
    assert!(setup.world().find_snapshot(&snapshot).is_none());
}

#[test]
fn the_line_for_the_rest_sends_its_journal_there_too() {
    let setup = ready();
    let [id, other] = [NAME, "db-v1-2026-01-02"].map(|name| setup.world().image(PROD, EAST, name).put());
    setup.fake.fault(Fault::error("DisableImage", "OperationNotPermitted", "No.").matching(&id));
    let ran = setup.run(&format!("disable {id} {other} --journal -")).ended(3);
    ran.says(&[&format!("amictl disable {id} --journal - ")]);
}

#[test]
fn lines_and_progress_bars_do_not_mix() {
    let setup = ready();
    let ids: Vec<_> = (1..=8).map(|n| setup.world().image(PROD, EAST, &format!("web-v{n}-2026-01-02")).put()).collect();
    let line = format!("deregister {} --journal -", ids.join(" "));
    let (code, written) = terminal::run(&setup, 200, "y", &line, &[]);
    assert_eq!(code, Some(0), "{written}");
    let begins = written.match_indices("{\"version\":").count();
    let whole = written.lines().filter_map(|line| Some(&line[line.find("{\"version\":")?..]));
    let whole: Vec<Value> =
        whole.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    assert_eq!((begins, whole.len()), (16, 16));
}

#[test]
fn a_file_stays_as_it_was() {
    let setup = ready();
    let id = rich(&setup);
    deregister(&setup, &[&id]);
    assert_eq!(std::fs::read_to_string(journal(&setup)).unwrap().lines().count(), 2);
}
