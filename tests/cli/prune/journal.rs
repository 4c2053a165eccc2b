//! The journal of `prune`: a line before and after every step, so that each can be accounted for.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::scene::{ALL_AWAY, Scene, days_ago};
use crate::setup::{EAST, seconds};

/// The lines of a journal.
#[track_caller]
fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn usual(setup: &Scene) -> std::path::PathBuf {
    setup.home.path().join(".local/state/amictl/journal.jsonl")
}

#[test]
fn every_image_has_a_line_before_and_one_after_with_all_that_was_known_of_it() {
    let setup = Scene::new();
    let mut world = setup.world();
    let image = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).snapshots(2).tag("Team", "core");
    let id = image.shared_with(OTHER).put();
    drop(world);
    let snapshots = setup.snapshots_of(&id);
    setup.run(ALL_AWAY).ended(0);
    let found = lines(&usual(&setup));
    let [begin, end] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((&begin["phase"], &end["phase"], &begin["version"]), (&"begin".into(), &"end".into(), &1.into()));
    assert_eq!(begin["action"], "deregister");
    let image = &begin["image"];
    assert_eq!((&image["id"], &image["name"]), (&id.as_str().into(), &"web-v1-2025-01-01".into()));
    assert_eq!((&image["tags"], &image["region"]), (&json!({"Team": "core"}), &EAST.into()));
    assert_eq!(begin["launch_permissions"], json!([OTHER]));
    let mut deleted: Vec<_> = begin["delete_snapshots"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    deleted.sort_unstable();
    assert_eq!(deleted, crate::scene::sorted(&snapshots));
    assert_eq!(image["snapshots"].as_array().unwrap().len(), 2);

    let result = &end["result"];
    assert_eq!((&result["image_id"], &result["status"]), (&id.as_str().into(), &"done".into()));
    assert_eq!(result["snapshots"].as_array().unwrap().len(), 2);
    for line in [begin, end] {
        assert_eq!(line["who"], format!("arn:aws:iam::{PROD}:user/operator"));
        let at = chrono::DateTime::parse_from_rfc3339(line["at"].as_str().unwrap()).unwrap();
        assert!((chrono::Utc::now() - at.to_utc()).num_seconds() < 120, "{line}");
        assert_eq!(line["run"], begin["run"]);
    }
}

#[test]
fn who_an_image_was_shared_with_is_null_where_that_may_not_be_read() {
    let setup = Scene::new();
    setup.family("web", 1);
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", "no"));
    setup.run(ALL_AWAY).ended(0);
    let found = lines(&usual(&setup));
    assert_eq!((found.len(), found[0].get("launch_permissions")), (2, Some(&Value::Null)));
    assert_eq!(setup.left().len(), 0);
}

#[test]
fn what_failed_and_what_was_done_both_end_in_the_journal_and_what_was_skipped_is_not_in_it() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    let file = setup.home.path().join("plan.json");
    setup.run(&format!("prune --keep 0 --plan-out {}", file.display())).ended(0);
    setup.world().instance(PROD, EAST).image(&web[0]).put();
    setup.fake.fault(Fault::error("DeregisterImage", "OperationNotPermitted", "locked").matching(&web[1]));
    setup.run(&format!("apply {} --yes", file.display())).ended(3);
    let found = lines(&usual(&setup));
    let of = |id: &str| -> Vec<&Value> {
        let own = |line: &&Value| line["image"]["id"] == id || line["result"]["image_id"] == id;
        found.iter().filter(own).collect()
    };
    assert!(of(&web[0]).is_empty());
    for (id, status, code) in [(&web[1], "failed", json!("OperationNotPermitted")), (&web[2], "done", Value::Null)] {
        let [begin, end] = of(id)[..] else { panic!("{found:#?}") };
        assert_eq!((&begin["phase"], &end["phase"]), (&"begin".into(), &"end".into()));
        assert_eq!((&end["result"]["status"], &end["result"]["error"]["code"]), (&status.into(), &code));
    }
    assert_eq!(found.len(), 4);
}

#[test]
fn the_journal_is_where_the_user_wants_it_and_is_only_ever_added_to() {
    let setup = Scene::new();
    let (state, named) = (setup.home.path().join("state"), setup.home.path().join("logs/deep/journal.jsonl"));
    setup.family("web", 1);
    setup.amictl().env("XDG_STATE_HOME", &state).run(ALL_AWAY).ended(0);
    assert_eq!(lines(&state.join("amictl/journal.jsonl")).len(), 2);
    assert!(!usual(&setup).exists());
    setup.family("api", 1);
    setup.run(&format!("{ALL_AWAY} --journal {}", named.display())).ended(0);
    assert_eq!(lines(&named).len(), 2);
    setup.family("db", 1);
    setup.amictl().env("AMICTL_JOURNAL", &named).run(ALL_AWAY).ended(0);
    let found = lines(&named);
    assert_eq!(
        (found.len(), &found[0]["image"]["family"], &found[2]["image"]["family"]),
        (4, &"api".into(), &"db".into())
    );
    assert_ne!(found[0]["run"], found[2]["run"]);
}

#[test]
fn a_plan_that_is_only_shown_leaves_no_journal() {
    let setup = Scene::new();
    setup.family("web", 5);
    setup.run("prune").ended(0);
    setup.run("prune --apply --dry-run").ended(0);
    setup.run("prune --apply").ended(4);
    assert!(!usual(&setup).exists());
}

#[test]
fn without_a_journal_nothing_is_deleted() {
    let setup = Scene::new();
    setup.family("web", 5);
    // A folder stands where the file should be.
    let folder = setup.home.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let ran = setup.run(&format!("{ALL_AWAY} --journal {}", folder.display())).ended(1);
    ran.says(&["journal", "folder"]);
    // No file can be made below a file.
    let file = setup.home.write("file", "x");
    setup.run(&format!("{ALL_AWAY} --journal {file}/journal.jsonl")).ended(1);
    setup.unchanged();
    assert_eq!(setup.left().len(), 5);
}

#[cfg(target_os = "linux")]
#[test]
fn when_the_line_before_a_step_cannot_be_written_the_step_is_not_taken() {
    let setup = Scene::new();
    setup.family("web", 3);
    let ran = setup.run(&format!("{ALL_AWAY} --journal /dev/full")).ended(1);
    let report = ran.json();
    assert_eq!(report["summary"], json!({"done": 0, "failed": 3, "skipped": 0}));
    assert_eq!(report["results"][0]["error"]["code"], "JournalError");
    assert_eq!((setup.fake.count("DeregisterImage"), setup.left().len()), (0, 3));
    setup.unchanged();
}

#[test]
fn a_run_that_dies_leaves_the_line_before_its_step() {
    let setup = Scene::new();
    let web = setup.family("web", 1);
    setup.fake.fault(Fault::on("DeregisterImage", FaultKind::Hang(seconds(60))));
    let mut child = setup.process(ALL_AWAY).spawn().unwrap();
    setup.until("DeregisterImage", 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let found = lines(&usual(&setup));
    assert_eq!(
        (found.len(), &found[0]["phase"], &found[0]["image"]["id"]),
        (1, &"begin".into(), &web[0].as_str().into())
    );
    setup.fake.clear_faults();
    setup.run(ALL_AWAY).ended(0);
    assert_eq!(lines(&usual(&setup)).len(), 3);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_all_it_did_and_all_it_left() {
    let setup = Scene::new();
    setup.family("web", 60);
    setup.fake.fault(Fault::on("DeregisterImage", FaultKind::Latency(seconds(1))));
    let child = setup.process(ALL_AWAY).spawn().unwrap();
    setup.until("DeregisterImage", 1);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let count = |status: &str| {
        let rows = report["results"].as_array().unwrap().iter();
        rows.filter(|row| row["status"] == status).count()
    };
    assert_eq!((count("done") + count("skipped"), count("failed")), (60, 0), "{}", report["summary"]);
    assert!(count("done") > 0 && count("skipped") > 0, "{}", report["summary"]);
    assert_eq!(setup.left().len(), count("skipped"));
    // What was about to go has an end as well that says it did not.
    let journal = lines(&usual(&setup));
    let ended = |status: &str| journal.iter().filter(|line| line["result"]["status"] == status).count();
    let begun = journal.iter().filter(|line| line["phase"] == "begin").count();
    assert_eq!((ended("done"), ended("done") + ended("skipped")), (count("done"), begun));
    assert_eq!(setup.deregistered().len(), count("done"));
}
