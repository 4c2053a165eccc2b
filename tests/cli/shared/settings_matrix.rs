//! All settings, set to nothing, blanks, nonsense and far too much: no crash, always a next step.
//!
//! Each setting is tried with one of these values, the next setting with the next value. `AMICTL_TEST_ALL=1 cargo test
//! --test cli settings_matrix` tries each with all of them: some 1,500 runs.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::settings_cases::{Case, LINES, files, flags, profile_keys, variables};
use crate::cli::ONE_ROOT;
use crate::fake::PROD;
use crate::setup::{EAST, Home, Setup, everything};

/// How many run at a time.
const AT_ONCE: usize = 4;
/// What no person should see: dumps of the SDK and of Rust, and the machine that amictl was built on.
const DUMPS: [&str; 16] = [
    "bug in amictl",
    "panicked",
    "Request {",
    "Response {",
    "Error {",
    "ConnectorError",
    "Some(",
    "None)",
    "Os {",
    "Utf8Error",
    "DispatchFailure",
    "SdkError",
    ".cargo/",
    "/rustc/",
    "RUST_BACKTRACE",
    concat!(env!("CARGO_MANIFEST_DIR"), "/src"),
];

/// Runs a case, in a home of its own.
fn run(setup: &Setup, case: &Case, home: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amictl"));
    if let Some((name, contents)) = &case.file {
        let path = home.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }
    // Whatever leads away from the endpoint ends at a proxy that is none.
    command
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("AWS_CONFIG_FILE", home.join("aws-config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", home.join("aws-credentials"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("SSL_CERT_FILE", ONE_ROOT)
        .env("AWS_ENDPOINT_URL", setup.fake.url())
        .env("AWS_ACCESS_KEY_ID", "AKIAPROD")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", EAST)
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("AMICTL_TIMEOUT", "1s")
        .envs(["HTTP_PROXY", "HTTPS_PROXY"].map(|name| (name, "http://127.0.0.1:9")))
        .env("NO_PROXY", "127.0.0.1")
        .envs(case.env.iter().map(|(name, value)| (name, value)))
        .args(&case.args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.output().unwrap()
}

/// What is wrong with the end of a run, if anything.
fn wrong(output: &Output) -> Option<String> {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let Some(code) = output.status.code() else { return Some(format!("ended by a signal: {}", short(&stderr))) };
    if ![0, 1, 2, 3, 4, 5].contains(&code) {
        return Some(format!("ended with {code}: {}", short(&stderr)));
    }
    if let Some(dump) = DUMPS.iter().find(|dump| stderr.contains(**dump)) {
        return Some(format!("says '{dump}': {}", short(&stderr)));
    }
    let leads = ["hint: ", "try '--help'", "\"hint\":\""].iter().any(|words| stderr.contains(words));
    if code != 0 && !leads {
        return Some(format!("ended with {code} and no hint: {}", short(&stderr)));
    }
    stderr.contains('\u{1b}').then(|| format!("writes raw control characters: {}", short(&stderr)))
}

fn short(text: &str) -> String {
    let begin: String = text.chars().take(300).collect();
    let end: String = text.chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect();
    if text.chars().count() > 600 { format!("{begin} […] {end}") } else { text.to_owned() }
}

/// Runs all of them, several at a time, and shows what is wrong with each.
#[track_caller]
fn all_end_well(cases: &[Case]) {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let home = Home::new();
                    let started = Instant::now();
                    let problem = wrong(&run(&setup, case, home.path()));
                    let slow = || Some(format!("took {:?}", started.elapsed()));
                    let problem =
                        problem.or_else(|| (started.elapsed() > Duration::from_secs(30)).then(slow).flatten());
                    if let Some(problem) = problem {
                        found.lock().unwrap().push(format!("{}: {problem}", case.name));
                    }
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    let took = begun.elapsed();
    assert!(found.is_empty(), "{} of {} in {took:?}:\n{}", found.len(), cases.len(), found.join("\n"));
    assert!(cases.len() > if everything() { 100 } else { 30 }, "{}", cases.len());
}

#[test]
fn no_option_makes_it_crash_or_end_without_a_next_step() {
    all_end_well(&flags());
}

#[test]
fn no_variable_makes_it_crash_or_end_without_a_next_step() {
    all_end_well(&variables());
}

#[test]
fn no_key_of_a_profile_makes_it_crash_or_end_without_a_next_step() {
    all_end_well(&profile_keys());
}

#[test]
fn no_file_makes_it_crash_or_end_without_a_next_step() {
    all_end_well(&files());
}

#[test]
fn every_command_has_a_line_to_be_tried_with() {
    let cli = amictl::command_line();
    for command in cli.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help") {
        assert!(LINES.iter().any(|line| line.split(' ').next() == Some(command)), "{command}");
    }
}
