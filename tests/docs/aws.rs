//! The templates of `examples/aws/` and the state machine: linters, and the promises of the guide.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

use crate::pages::root;
use crate::{lines, venv};

/// The linter of templates, pinned; it brings a reader of YAML.
const CFN_LINT: &str = "cfn-lint==1.58.0";
/// The linter of state machines, pinned.
const STATELINT: &str = "statelint==3.1.0";
const TEMPLATES: [&str; 3] = ["accounts", "fleet", "function"];
/// Templates, their function, and how many runs at a time it allows.
const FUNCTIONS: [(&str, u64); 2] = [("fleet", 5), ("function", 1)];

fn example(name: &str) -> PathBuf {
    root().join("examples/aws").join(name)
}

fn cfn_lint() -> Option<PathBuf> {
    venv::program("cfn-lint", &[CFN_LINT])
}

/// A template as JSON.
fn template(name: &str) -> Option<&'static Value> {
    static ALL: OnceLock<Option<Value>> = OnceLock::new();
    Some(&ALL.get_or_init(templates).as_ref()?[name])
}

/// All templates, read by the linter's own reader.
fn templates() -> Option<Value> {
    let python = cfn_lint()?.with_file_name("python");
    let read =
        "import json, sys; from cfnlint.decode.cfn_yaml import load; print(json.dumps([*map(load, sys.argv[1:])]))";
    let paths = TEMPLATES.map(|name| example(&format!("{name}.yaml")));
    let ran = Command::new(python).args(["-c", read]).args(paths).output().unwrap();
    assert!(ran.status.success(), "{}", said(&ran));
    let all: Vec<Value> = serde_json::from_slice(&ran.stdout).unwrap();
    Some(TEMPLATES.into_iter().map(str::to_owned).zip(all).collect())
}

fn machine() -> Value {
    serde_json::from_slice(&std::fs::read(example("fleet.asl.json")).unwrap()).unwrap()
}

fn said(ran: &Output) -> String {
    String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr)
}

/// The resources of a type: their names and properties.
fn resources<'a>(template: &'a Value, kind: &str) -> Vec<(&'a str, &'a Value)> {
    let all = template["Resources"].as_object().unwrap().iter().filter(|(_, resource)| resource["Type"] == kind);
    all.map(|(name, resource)| (name.as_str(), &resource["Properties"])).collect()
}

/// Runs a linter over a file as it is, and over a copy with something wrong; it must tell the two apart.
#[track_caller]
fn linted(program: &Path, name: &str, sound: &str, broken: &str, told: &str) {
    let ran = Command::new(program).arg(example(name)).output().unwrap();
    assert!(ran.status.success() && said(&ran).trim().is_empty(), "{name}: {}", said(&ran));
    let text = std::fs::read_to_string(example(name)).unwrap();
    assert!(text.contains(sound), "{name} has no {sound}");
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("broken-{}-{name}", std::process::id()));
    std::fs::write(&copy, text.replacen(sound, broken, 1)).unwrap();
    let ran = Command::new(program).arg(&copy).output().unwrap();
    std::fs::remove_file(copy).unwrap();
    assert!(!ran.status.success() && said(&ran).contains(told), "{name}: {}", said(&ran));
}

#[test]
fn cfn_lint_finds_nothing_in_the_function() {
    let Some(program) = cfn_lint() else { return };
    linted(&program, "function.yaml", "MaximumRetryAttempts: 0", "MaximumRetryAttempts: none", "E3012");
}

#[test]
fn cfn_lint_finds_nothing_in_the_fleet() {
    let Some(program) = cfn_lint() else { return };
    linted(&program, "fleet.yaml", "Runtime: provided.al2023", "Runtime: provided.al2099", "E3030");
}

#[test]
fn cfn_lint_finds_nothing_in_the_roles_of_accounts() {
    let Some(program) = cfn_lint() else { return };
    linted(&program, "accounts.yaml", "!Ref ExternalId", "!Ref ExternId", "E1020");
}

#[test]
fn statelint_finds_nothing_in_the_state_machine() {
    let Some(program) = venv::program("statelint", &[STATELINT]) else { return };
    linted(&program, "fleet.asl.json", "\"StartAt\": \"Words\"", "\"StartAt\": \"Wods\"", "Wods");
}

/// What `amictl permissions` prints.
fn permissions(line: &str) -> Value {
    let ran =
        assert_cmd::Command::cargo_bin("amictl").unwrap().env_clear().arg("permissions").args(line.split(' ')).output();
    let ran = ran.unwrap();
    assert!(ran.status.success(), "{}", said(&ran));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// A document with values in place of references, and of what is put together of them.
fn filled(document: &Value, values: &[(&str, &str)]) -> Value {
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    match document {
        Value::Object(fields) => match (fields.get("Ref"), fields.get("Fn::Sub")) {
            (Some(Value::String(name)), _) => value(name).map_or_else(|| document.clone(), Value::from),
            (_, Some(Value::String(text))) => {
                let put = |text: String, (name, value): &(&str, &str)| text.replace(&format!("${{{name}}}"), value);
                values.iter().fold(text.clone(), put).into()
            }
            _ => fields.iter().map(|(name, field)| (name.clone(), filled(field, values))).collect(),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, values)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => document.clone(),
    }
}

#[test]
fn the_policies_of_the_roles_are_what_the_program_prints() {
    const TRUSTED: &str = "arn:aws:iam::111122223333:role/fleet";
    const VALUES: [(&str, &str); 3] =
        [("OrgRole", "amictl-prune"), ("FunctionRole", TRUSTED), ("ExternalId", "customer-7")];
    let trust = permissions(&format!("prune --trust {TRUSTED} --external-id customer-7"));
    for (name, role, line) in [
        ("function", "Role", "create prune"),
        ("fleet", "Role", "prune --org-role amictl-prune"),
        ("accounts", "Read", "aliases audit lineage list refs show stale"),
        ("accounts", "Prune", "prune"),
    ] {
        let Some(template) = template(name) else { return };
        let role = &template["Resources"][role]["Properties"];
        let policies = role["Policies"].as_array().unwrap();
        let policy = policies.iter().find(|policy| policy["PolicyName"] == "amictl").unwrap();
        let printed = permissions(line);
        assert_eq!(filled(&policy["PolicyDocument"], &VALUES), printed, "{name}: amictl permissions {line}");
        if name == "accounts" {
            assert_eq!(policies.len(), 1, "{name}");
            assert_eq!(filled(&role["AssumeRolePolicyDocument"], &VALUES), trust, "{name}");
        }
    }
}

#[test]
fn a_function_is_bounded_and_never_tried_again() {
    for (name, at_once) in FUNCTIONS {
        let Some(template) = template(name) else { return };
        let [(_, function)] = resources(template, "AWS::Lambda::Function")[..] else { panic!("{name}: one function") };
        assert_eq!(function["ReservedConcurrentExecutions"], at_once, "{name}");
        assert_eq!((&function["Handler"], &function["Timeout"]), (&"bootstrap".into(), &900.into()), "{name}");
        assert_eq!(function["LoggingConfig"]["LogFormat"], "Text", "{name}: the journal stands in the log as it is");
        let allowed = function["Environment"]["Variables"]["AMICTL_ALLOW"].as_str().unwrap();
        assert!(["create prune", "prune"].contains(&allowed), "{name}: {allowed}");
        let [(_, events)] = resources(template, "AWS::Lambda::EventInvokeConfig")[..] else { panic!("{name}") };
        assert_eq!(events["FunctionName"]["Ref"], "Function", "{name}");
        assert_eq!(events["MaximumRetryAttempts"], 0, "{name}");
        assert!(events["MaximumEventAgeInSeconds"].as_u64().is_some_and(|age| age <= 3600), "{name}");
        let log = &template["Resources"]["Log"];
        assert_eq!((&log["DeletionPolicy"], &log["UpdateReplacePolicy"]), (&"Retain".into(), &"Retain".into()));
        assert_eq!(log["Properties"]["RetentionInDays"]["Ref"], "LogDays", "{name}");
    }
    assert_eq!(machine()["States"]["EachRegion"]["MaxConcurrency"], FUNCTIONS[0].1, "the map and its function");
}

#[test]
fn a_schedule_says_its_blast_radius_and_is_off_at_first() {
    let cli = lines::built();
    let mut commands = Vec::new();
    for (name, _) in FUNCTIONS {
        let Some(template) = template(name) else { return };
        let function = &template["Resources"]["Function"]["Properties"];
        let allowed = function["Environment"]["Variables"]["AMICTL_ALLOW"].as_str().unwrap();
        for (schedule, properties) in resources(template, "AWS::Scheduler::Schedule") {
            let target = &properties["Target"];
            assert_eq!(target["RetryPolicy"]["MaximumRetryAttempts"], 0, "{schedule}");
            assert!(target["RetryPolicy"]["MaximumEventAgeInSeconds"].as_u64().unwrap() <= 300, "{schedule}");
            assert_eq!(properties["ScheduleExpressionTimezone"]["Ref"], "TimeZone", "{schedule}");
            let state = properties["State"]["Ref"].as_str().unwrap();
            assert_eq!(template["Parameters"][state]["Default"], "DISABLED", "{schedule}");
            let event = event(&target["Input"], template);
            let args: Vec<String> = serde_json::from_value(event["args"].clone()).unwrap();
            // A delivery that comes twice has the same two attributes; an execution of the machine has a name.
            let run = "<aws.scheduler.schedule-arn> <aws.scheduler.scheduled-time>";
            assert_eq!(event["run"].as_str(), (name == "function").then_some(run), "{schedule}");
            assert!(allowed.split(' ').any(|command| command == args[0]), "{schedule}: {args:?}");
            let line = format!("amictl {}", shell_words::join(&args));
            assert_eq!(lines::refused(&cli, &line), None, "{schedule}: {line}");
            let has = |option: &str| args.iter().any(|arg| arg == option);
            match args[0].as_str() {
                "prune" => assert!(has("--apply") && has("--yes") && has("--max-delete"), "{schedule}: {args:?}"),
                "create" => assert!(has("--no-wait"), "{schedule}: {args:?}"),
                other => panic!("{schedule} runs {other}"),
            }
            assert_eq!(has("--org-role"), name == "fleet", "{schedule}: use across accounts is seen");
            commands.push(args[0].clone());
        }
    }
    assert_eq!(commands, ["prune", "create", "prune"]);
}

/// The input of a schedule, with the defaults of the template.
fn event(input: &Value, template: &Value) -> Value {
    let text = match &input["Fn::Sub"] {
        Value::String(text) => text.clone(),
        parts => parts[0].as_str().unwrap().to_owned(),
    };
    let defaults = template["Parameters"].as_object().unwrap().iter();
    let put = |text: String, (name, parameter): (&String, &Value)| {
        let value = match &parameter["Default"] {
            Value::String(value) => value.clone(),
            Value::Number(value) => value.to_string(),
            _ => "web".to_owned(),
        };
        text.replace(&format!("${{{name}}}"), &value)
    };
    let text = defaults.fold(text, put).replace("${Policy}", "/ops/amictl-jobs/policy").replace("${List}", "us-east-1");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_schedule_may_start_what_stands_beside_it_and_nothing_else() {
    for (name, action, resource) in [
        ("function", "lambda:InvokeFunction", serde_json::json!({"Fn::GetAtt": ["Function", "Arn"]})),
        ("fleet", "states:StartExecution", serde_json::json!({"Ref": "Machine"})),
    ] {
        let Some(template) = template(name) else { return };
        let role = &template["Resources"]["SchedulerRole"]["Properties"];
        let [policy] = &role["Policies"].as_array().unwrap()[..] else { panic!("{name}: one policy") };
        let [statement] = &policy["PolicyDocument"]["Statement"].as_array().unwrap()[..] else { panic!("{name}") };
        assert_eq!((&statement["Action"], &statement["Resource"]), (&action.into(), &resource), "{name}");
        let trust = &role["AssumeRolePolicyDocument"]["Statement"][0];
        assert_eq!(trust["Principal"]["Service"], "scheduler.amazonaws.com", "{name}");
        assert!(
            trust["Condition"]["StringEquals"]["aws:SourceArn"].is_object(),
            "{name}: this group of schedules only"
        );
    }
}

#[test]
fn every_way_to_fail_raises_an_alarm() {
    for (name, metrics) in [
        ("function", ["AsyncEventsDropped", "Errors", "InvocationDroppedCount"]),
        ("fleet", ["ExecutionsFailed", "ExecutionsTimedOut", "InvocationDroppedCount"]),
    ] {
        let Some(template) = template(name) else { return };
        let alarms = resources(template, "AWS::CloudWatch::Alarm");
        let mut watched: Vec<_> = alarms.iter().map(|(_, alarm)| alarm["MetricName"].as_str().unwrap()).collect();
        watched.sort_unstable();
        assert_eq!(watched, metrics, "{name}");
        for (alarm, properties) in alarms {
            assert_eq!(properties["AlarmActions"][0]["Ref"], "AlarmTopic", "{alarm}");
            assert_eq!(properties["Threshold"], 1, "{alarm}");
        }
        let rules = resources(template, "AWS::Events::Rule");
        // The nightly run does not wait for its image.
        assert_eq!(rules.len(), usize::from(name == "function"), "{name}");
        for (rule, properties) in rules {
            assert_eq!(properties["EventPattern"]["detail"]["State"][0], "failed", "{rule}");
            assert_eq!(properties["Targets"][0]["Arn"]["Ref"], "AlarmTopic", "{rule}");
        }
    }
}

#[test]
fn the_state_machine_tries_nothing_again_but_what_did_not_begin() {
    let machine = machine();
    let states = machine["States"].as_object().unwrap();
    let inner = states["EachRegion"]["ItemProcessor"]["States"].as_object().unwrap();
    let retried = states.iter().chain(inner).filter(|(_, state)| state.get("Retry").is_some());
    let [(name, state)] = &retried.collect::<Vec<_>>()[..] else { panic!("one state retries") };
    let [retry] = &state["Retry"].as_array().unwrap()[..] else { panic!("one reason") };
    assert_eq!(
        (name.as_str(), &retry["ErrorEquals"]),
        ("Run", &serde_json::json!(["Lambda.TooManyRequestsException"]))
    );
    assert_eq!(states["EachRegion"]["ToleratedFailurePercentage"], 100);
}

#[test]
fn every_template_is_looked_at() {
    let files = std::fs::read_dir(root().join("examples/aws")).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect();
    names.sort();
    assert_eq!(names, TEMPLATES.map(|name| example(&format!("{name}.yaml"))));
}
