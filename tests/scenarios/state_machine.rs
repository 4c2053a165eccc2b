//! The state machine of `examples/aws/` in moto's interpreter, which runs the binary for each item.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::fake::PROD;
use crate::scene::days_ago;
use crate::setup::{EAST, EUROPE, Setup, WEST};
use crate::venv;

/// The interpreter, pinned, with what the state machine calls.
const MOTO: &str = "moto[awslambda-simple,s3,stepfunctions]==5.2.5";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/state_machine.py");
const DEFINITION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/aws/fleet.asl.json");

/// A family of so many versions in each region, all of them old.
fn fleet(counts: [(&str, usize); 3]) -> Setup {
    let setup = Setup::new();
    for (region, count) in counts {
        for n in 1..=count {
            setup.world().image(PROD, region, &format!("web-v{n}-2025-01-01")).created(days_ago(100)).put();
        }
    }
    setup
}

/// Runs the state machine; in some regions Lambda refuses the first calls. `None` where there is no Python.
#[track_caller]
fn run(setup: &Setup, regions: &[&str], args: &str, refusals: &Value) -> Option<Value> {
    run_beside(setup, regions, args, refusals, &Value::Null)
}

/// The same while another execution with its own input runs.
#[track_caller]
fn run_beside(setup: &Setup, regions: &[&str], args: &str, refusals: &Value, beside: &Value) -> Option<Value> {
    let python = venv::program("python", &[MOTO])?;
    let bootstrap = setup.home.path().join("bootstrap");
    let binary = Path::new(env!("CARGO_BIN_EXE_amictl"));
    if !bootstrap.exists() {
        std::fs::hard_link(binary, &bootstrap).or_else(|_| std::fs::copy(binary, &bootstrap).map(drop)).unwrap();
    }
    let process = setup.process("");
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    let set = process.get_envs().filter_map(|(name, value)| Some((text(name), Value::from(text(value?)))));
    let environment: serde_json::Map<String, Value> =
        set.chain([("AMICTL_ALLOW".to_owned(), "prune".into())]).collect();
    let asked = json!({
        "definition": DEFINITION, "program": [bootstrap], "environment": environment, "refusals": refusals,
        "input": {"regions": regions, "args": args.split(' ').collect::<Vec<_>>()}, "beside": beside,
    });
    let mut child = Command::new(python)
        .arg(SCRIPT)
        .current_dir(setup.home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    let seen: Value = serde_json::from_slice(&ended.stdout).unwrap();
    Some(seen)
}

/// How often the function was called for a region.
fn calls(seen: &Value, region: &str) -> usize {
    let all = seen["invocations"].as_array().unwrap().iter();
    all.filter(|args| args.as_array().unwrap().ends_with(&["--region".into(), region.into()])).count()
}

/// What the state machine kept in S3.
#[track_caller]
fn kept(seen: &Value, key: &str) -> Value {
    let text = seen["objects"][key].as_str().unwrap_or_else(|| panic!("there is no {key}"));
    serde_json::from_str(text).unwrap()
}

const PRUNE: &str = "prune --keep 1 --apply --yes --max-delete 2";

#[test]
fn a_region_that_fails_is_named_and_does_not_stop_the_others() {
    let setup = fleet([(EAST, 3), (EUROPE, 5), (WEST, 2)]);
    // Lambda begins nothing when it says so: that alone is tried again.
    let refusals = json!({WEST: ["TooManyRequestsException"]});
    let Some(seen) = run(&setup, &[EAST, EUROPE, WEST], PRUNE, &refusals) else { return };
    assert_eq!((&seen["status"], &seen["error"]), (&"FAILED".into(), &"RegionsFailed".into()), "{seen:#}");
    let cause = seen["cause"].as_str().unwrap();
    assert!(cause.starts_with("done in 2 of 3 regions. Failed: [{"), "{cause}");
    assert!(cause.contains(r#"{"region":"eu-west-1","error":"Exit4"}"#), "{cause}");
    assert_eq!(setup.names(PROD, EAST), ["web-v3-2025-01-01"]);
    assert_eq!(setup.names(PROD, EUROPE).len(), 5, "over the limit");
    assert_eq!(setup.names(PROD, WEST), ["web-v2-2025-01-01"]);
    assert_eq!([EAST, EUROPE, WEST].map(|region| calls(&seen, region)), [1, 1, 2]);
    let (east, west) = (kept(&seen, "runs/run-1/done/us-east-1.json"), kept(&seen, "runs/run-1/done/us-west-2.json"));
    assert_eq!((&east["exit_code"], &east["summary"]["done"]), (&0.into(), &2.into()), "{east}");
    assert_eq!((&west["exit_code"], &west["summary"]["done"]), (&0.into(), &1.into()), "{west}");
    let failed = kept(&seen, "runs/run-1/failed/eu-west-1.json");
    assert!(failed["Cause"].as_str().unwrap().contains("max-delete"), "the words of the error are kept: {failed}");
    assert_eq!(seen["objects"].as_object().unwrap().len(), 3);
}

#[test]
fn it_succeeds_where_every_region_did_and_runs_each_once() {
    let setup = fleet([(EAST, 3), (EUROPE, 1), (WEST, 2)]);
    let Some(seen) = run(&setup, &[EAST, WEST, EAST], PRUNE, &json!({})) else { return };
    assert_eq!(seen["status"], "SUCCEEDED", "{seen:#}");
    assert_eq!([EAST, WEST, EUROPE].map(|region| calls(&seen, region)), [1, 1, 0]);
    assert_eq!([EAST, WEST].map(|region| setup.names(PROD, region).len()), [1, 1]);
    let output: Value = serde_json::from_str(seen["output"].as_str().unwrap()).unwrap();
    assert_eq!((&output["asked"], &output["succeeded"], &output["failed"]), (&2.into(), &2.into(), &json!([])));
    let mut runs: Vec<&str> = seen["runs"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    runs.sort_unstable();
    assert_eq!(runs, ["run-1 us-east-1", "run-1 us-west-2"], "a region has a run of its own");
}

#[test]
fn a_second_execution_beside_the_first_runs_nothing() {
    let setup = fleet([(EAST, 3), (EUROPE, 3), (WEST, 3)]);
    let first = json!({"regions": [EAST], "args": PRUNE.split(' ').collect::<Vec<_>>()});
    let Some(seen) = run_beside(&setup, &[EAST, WEST], PRUNE, &json!({EAST: ["Held"]}), &first) else { return };
    assert_eq!((&seen["status"], &seen["error"]), (&"FAILED".into(), &"AlreadyRunning".into()), "{seen:#}");
    assert_eq!((&seen["beside"], &seen["runs"]), (&"SUCCEEDED".into(), &json!(["run-0 us-east-1"])), "{seen:#}");
    assert_eq!([EAST, WEST].map(|region| setup.names(PROD, region).len()), [1, 3]);
}

#[test]
fn what_may_have_begun_is_not_tried_again() {
    let setup = fleet([(EAST, 2), (EUROPE, 2), (WEST, 2)]);
    let refusals = json!({WEST: ["ServiceException"], EAST: ["Timeout"]});
    let Some(seen) = run(&setup, &[EAST, WEST], PRUNE, &refusals) else { return };
    assert_eq!((&seen["status"], &seen["error"]), (&"FAILED".into(), &"RegionsFailed".into()), "{seen:#}");
    let cause = seen["cause"].as_str().unwrap();
    assert!(cause.contains(r#""us-west-2","error":"Lambda.ServiceException""#), "{cause}");
    assert!(cause.contains(r#""us-east-1","error":"Sandbox.Timedout""#), "{cause}");
    assert_eq!([EAST, WEST].map(|region| calls(&seen, region)), [1, 1]);
    setup.unchanged();
}

#[test]
fn an_input_that_says_nothing_or_too_much_runs_nothing() {
    let setup = fleet([(EAST, 3), (EUROPE, 3), (WEST, 3)]);
    let inputs: [(&[&str], &str, &str); 6] = [
        (&[], PRUNE, "NoRegions"),
        (&[EAST], "prune --keep 1 --apply --yes --max-delete 9 --region all", "RegionInArgs"),
        (&[EAST], "prune --region=all --keep 1 --apply --yes --max-delete 9", "RegionInArgs"),
        (&[WEST, "all"], PRUNE, "NoSingleRegion"),
        (&[EAST, "eu-west-1,us-west-2"], PRUNE, "NoSingleRegion"),
        (&[EAST, ""], PRUNE, "NoSingleRegion"),
    ];
    for (regions, args, error) in inputs {
        let Some(seen) = run(&setup, regions, args, &json!({})) else { return };
        assert_eq!((&seen["status"], &seen["error"]), (&"FAILED".into(), &error.into()), "{seen:#}");
        assert_eq!(seen["invocations"], json!([]));
        assert!(seen["cause"].as_str().unwrap().ends_with("nothing ran"), "{seen}");
    }
    setup.unchanged();
}
