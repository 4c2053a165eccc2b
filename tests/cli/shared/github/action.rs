//! `run.py` of the action, run for real.

#![cfg(unix)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::commands;
use crate::fake::PROD;
use crate::scene::Scene;
use crate::setup::{EAST, Setup, seconds};

/// A file of the action.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/actions/amictl").join(name)
}

/// A step that ran.
pub struct Step {
    pub code: i32,
    pub stderr: String,
    pub outputs: HashMap<String, String>,
    summary: String,
}

impl Step {
    /// Starts the step with these arguments.
    fn start(setup: &Setup, args: &str) -> Child {
        Self::start_with(setup, args, &[])
    }

    /// The same with other variables; an empty one is removed.
    pub fn start_with(setup: &Setup, args: &str, variables: &[(&str, &str)]) -> Child {
        let home = setup.home.path();
        let of_amictl = setup.process("");
        let mut command = Command::new("python3");
        command.arg("-I").arg(script("run.py")).current_dir(home).env_clear();
        command.envs(of_amictl.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("GITHUB_ACTIONS", "true");
        command.env("RUNNER_TEMP", home).env("GITHUB_OUTPUT", home.join("outputs"));
        command.env("GITHUB_STEP_SUMMARY", home.join("summary"));
        command.env("INPUT_ARGS", args).env("INPUT_BINARY", env!("CARGO_BIN_EXE_amictl"));
        for (name, value) in variables {
            match value.is_empty() {
                true => command.env_remove(name),
                false => command.env(name, value),
            };
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits for the end of a step.
    pub fn end(setup: &Setup, child: Child) -> Self {
        let ended = child.wait_with_output().unwrap();
        let read = |name: &str| fs::read_to_string(setup.home.path().join(name)).unwrap_or_default();
        assert_eq!(String::from_utf8(ended.stdout).unwrap(), "", "data does not go into the log");
        let outputs = outputs(&read("outputs"));
        let _ = fs::remove_file(setup.home.path().join("outputs"));
        Self {
            code: ended.status.code().unwrap(),
            stderr: String::from_utf8(ended.stderr).unwrap(),
            outputs,
            summary: read("summary"),
        }
    }

    pub fn run(setup: &Setup, args: &str) -> Self {
        Self::end(setup, Self::start(setup, args))
    }

    /// The same, after checking its exit code and the output that repeats it.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(
            (self.code, self.outputs["exit-code"].as_str()),
            (code, code.to_string().as_str()),
            "{}",
            self.stderr
        );
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        let file = fs::read_to_string(&self.outputs["json-file"]).unwrap();
        assert_eq!(file.trim_end(), self.outputs["json"]);
        serde_json::from_str(&file).unwrap()
    }
}

/// The file of the outputs, as the runner reads it.
fn outputs(text: &str) -> HashMap<String, String> {
    let (mut found, mut lines) = (HashMap::new(), text.lines());
    while let Some(line) = lines.next() {
        let (name, end) = line.split_once("<<").unwrap();
        let value: Vec<_> = lines.by_ref().take_while(|line| *line != end).collect();
        found.insert(name.to_owned(), value.join("\n"));
    }
    found
}

#[test]
fn words_keep_their_quotes_and_the_outputs_name_what_was_made() {
    let setup = Setup::new();
    setup.world().instance(PROD, EAST).tag("Role", "build machine").put();
    let args =
        "create web\n  --instance 'tag:Role=build machine'\n  --description \"it's \\\"golden\\\"\" --tag Team=a\\ b";
    let step = Step::run(&setup, args).ended(0);
    let id = &step.outputs["image-id"];
    let image = setup.image(id);
    assert_eq!((image.description.as_deref(), &image.tags["Team"][..]), (Some("it's \"golden\""), "a b"));
    assert_eq!(step.json()["images"][0]["id"], id[..]);
    assert!(step.summary.starts_with("1 image\n\n| NAME |") && step.summary.contains(&id[..]), "{}", step.summary);
    assert_eq!(fs::read_to_string(&step.outputs["summary-file"]).unwrap(), step.summary);
    assert_eq!(setup.calls("CreateImage").len(), 1);
}

#[test]
fn nothing_in_the_words_is_executed_or_expanded() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).put();
    let hostile = "$(touch PWNED)`touch PWNED`${HOME}*";
    let step = Step::run(&setup, &format!("create web --instance {id} --description '{hostile}'")).ended(0);
    assert_eq!(setup.image(&step.outputs["image-id"]).description.as_deref(), Some(hostile));
    for rest in ["; touch PWNED", "&& touch PWNED", "| tee PWNED", "> PWNED", "$(touch PWNED)", "`touch PWNED`", "\n*"]
    {
        let step = Step::run(&setup, &format!("list {rest} --nope")).ended(2);
        assert_eq!(commands(&step.stderr), [""; 0], "{}", step.stderr);
    }
    assert!(!setup.home.path().join("PWNED").exists());
}

#[test]
fn a_command_that_fails_fails_the_step_and_leaves_the_outputs() {
    let setup = Scene::new();
    let id = setup.old("web-v1-2025-01-01");
    setup.world().instance(PROD, EAST).image(&id).put();
    let step = Step::run(&setup, "deregister web:v1 --yes").ended(4);
    let lines: Vec<_> = step.stderr.lines().collect();
    assert!(lines[lines.len() - 2].starts_with("::error title=amictl%3A "), "{}", step.stderr);
    let error: Value = serde_json::from_str(lines[lines.len() - 1]).unwrap();
    let message = error["error"]["message"].as_str().unwrap();
    assert!(step.summary.contains("**amictl ended with exit code 4**\n\n```text\n"), "{}", step.summary);
    assert!(step.summary.contains(message), "{}", step.summary);
    assert_eq!(step.outputs["image-id"], "");
    assert!(setup.has(&id));
    let step = Step::run(&setup, "show web:v9").ended(1);
    assert_eq!(step.outputs["json"], "");
}

#[test]
fn a_partly_done_change_has_its_report_its_journal_and_its_error() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    setup.world().instance(PROD, EAST).image(&web[0]).put();
    let step = Step::run(&setup, "prune --keep 1 --apply --yes --max-delete 5").ended(0);
    assert_eq!(step.json()["summary"]["done"], 1, "{}", step.outputs["json"]);
    assert!(step.summary.contains(&web[1]), "{}", step.summary);
    let journal = step.stderr.lines().filter(|line| line.contains("\"phase\":"));
    assert_eq!(journal.count(), 2, "the journal is in the log: {}", step.stderr);
    assert!(!setup.home.path().join(".local").exists());
    setup.world().put_in_recycle_bin(&web[2], 7);
    let step = Step::run(&setup, &format!("restore {}", web[2]));
    assert!(!step.stderr.contains("\"code\":\"Usage\""), "a journal on stderr cannot be read: {}", step.stderr);
}

#[test]
fn what_the_action_cannot_run_is_refused_without_a_call() {
    let setup = Setup::new();
    for (args, why) in [("", "'args' are empty"), ("list 'web", "'args' are no shell words")] {
        let step = Step::run(&setup, args).ended(2);
        assert!(step.stderr.starts_with(&format!("::error title=amictl::{why}")), "{}", step.stderr);
    }
    assert_eq!(setup.fake.calls().len(), 0);
}

#[test]
fn a_long_document_is_in_the_file_alone() {
    let setup = Scene::new();
    setup.family("web", 180);
    let step = Step::run(&setup, "list").ended(0);
    let file = fs::read_to_string(&step.outputs["json-file"]).unwrap();
    let found: Value = serde_json::from_str(&file).unwrap();
    assert_eq!(found["images"].as_array().map(Vec::len), Some(180));
    assert!(file.len() > 100_000, "{}", file.len());
    assert_eq!((step.outputs["json"].as_str(), step.outputs["image-id"].as_str()), ("", ""));
}

#[test]
fn a_cancelled_job_stops_amictl_and_tells_what_is_left() {
    for signal in ["-INT", "-TERM"] {
        let setup = Setup::new();
        let id = setup.world().instance(PROD, EAST).put();
        setup.world().pending_for = seconds(600);
        let child = Step::start(&setup, &format!("create web --instance {id}"));
        setup.until("CreateImage", 1);
        let asked = setup.calls("DescribeImages").len();
        setup.until("DescribeImages", asked + 1);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let step = Step::end(&setup, child).ended(130);
        assert!(step.summary.contains("amictl wait ami-"), "{}", step.summary);
    }
}
