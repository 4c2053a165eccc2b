//! A walk through amictl without an AWS account: `cargo run --example demo`.
//!
//! Starts the fake EC2 endpoint of the tests with a small fleet, then runs the real commands against it, each in a
//! process of its own, as a user would type them. The processes are this very program, which then does what the
//! `amictl` binary does.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a demonstration prints, and stops where it cannot go on"
)]

#[path = "../tests/support/fake/mod.rs"]
mod fake;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fake::{Fake, Fault, PROD, World};

/// Set for the processes that are to be amictl.
const BE_AMICTL: &str = "AMICTL_DEMO_COMMAND";
const HERE: &str = "us-east-1";

fn main() -> ExitCode {
    if std::env::var_os(BE_AMICTL).is_some() {
        return amictl();
    }
    let fake = Fake::start();
    let home = Home::new();
    let builder = seed(&mut fake.world());
    let shell = Shell { url: fake.url(), home: &home.0 };

    say("An instance is configured. Make it the next version of the family 'web':");
    shell.run(&format!("amictl create web --instance {builder} --environment prod --owner platform"));
    say("Find it again:");
    shell.run("amictl list --family web");
    say("Copy it to two more regions, encrypted, and look at all of them:");
    shell.run("amictl copy web --to eu-west-1,us-west-2 --encrypt");
    shell.run("amictl list --latest --family web --region us-east-1,eu-west-1,us-west-2");
    say("Launch from it by name, with web traffic let in:");
    shell.run("amictl launch web --type t3.micro --name canary --allow-http");
    say("What is in use is not deregistered:");
    shell.run("amictl deregister web --yes");
    shell.run("amictl refs web");
    say("An old version is, with the snapshots that nothing else needs:");
    shell.run("amictl deregister web:v1 --yes");

    say("Old images go by policy. First the plan; it changes nothing:");
    shell.run("amictl prune --keep 2");
    say("When a source of use cannot be read, everything stays, and the run says so:");
    fake.fault(Fault::error(
        "DescribeFleets",
        "UnauthorizedOperation",
        "You are not authorized to perform this operation.",
    ));
    shell.run("amictl prune --keep 2 --apply --yes --max-delete 50%");
    fake.clear_faults();
    say("With all sources read, and a limit for what a run without a person may delete:");
    shell.run("amictl prune --keep 2 --apply --yes --max-delete 50%");
    say("The journal accounts for every step, before and after:");
    journal(&home.0);
    ExitCode::SUCCESS
}

/// What the binary does.
fn amictl() -> ExitCode {
    let process = amictl::Process { clock: Utc::now, env: std::env::vars().collect() };
    ExitCode::from(amictl::run(std::env::args_os().collect(), process))
}

/// Runs command lines with a home of their own and dummy keys.
struct Shell<'a> {
    url: String,
    home: &'a Path,
}

impl Shell<'_> {
    fn run(&self, line: &str) {
        println!("\x1b[1m$ {line}\x1b[0m");
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        set_name(&mut command, name);
        command.args(words).env_clear();
        for kept in ["TERM", "NO_COLOR", "COLUMNS", "PATH"] {
            command.envs(std::env::var_os(kept).map(|value| (kept, value)));
        }
        let status = command
            .env(BE_AMICTL, "1")
            .env("HOME", self.home)
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_ACCESS_KEY_ID", "AKIAPROD")
            .env("AWS_SECRET_ACCESS_KEY", "demo")
            .env("AWS_REGION", HERE)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .status()
            .unwrap();
        match status.code() {
            Some(0) => println!(),
            code => println!("\x1b[2m(exit code {})\x1b[0m\n", code.unwrap_or_default()),
        }
    }
}

/// Usage errors then name the command as the user typed it.
fn set_name(command: &mut Command, name: &str) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(command, name);
    #[cfg(not(unix))]
    let _ = (command, name);
}

/// A home directory that goes away with the demo.
struct Home(PathBuf);

impl Home {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("amictl-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn say(text: &str) {
    println!("\x1b[36m# {text}\x1b[0m");
}

/// The lines of the journal, without what makes them long.
fn journal(home: &Path) {
    println!("\x1b[1m$ jq -c '[.at, .phase, .image.name // .result.name, .result.status]' journal.jsonl\x1b[0m");
    let text = std::fs::read_to_string(home.join(".local/state/amictl/journal.jsonl")).unwrap();
    for line in text.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = if entry["image"].is_null() { &entry["result"]["name"] } else { &entry["image"]["name"] };
        println!("{}", serde_json::json!([entry["at"], entry["phase"], name, entry["result"]["status"]]));
    }
}

/// A fleet as a small team has it: two families, one image of unknown origin, a group that runs an old version.
fn seed(world: &mut World) -> String {
    world.pending_for = Duration::from_millis(2500);
    let now = world.now();
    let ago = |days: i64| now - TimeDelta::days(days);
    let named = |family: &str, n: i64, made: DateTime<Utc>| format!("{family}-v{n}-{}", made.format("%Y-%m-%d"));
    let mut web = Vec::new();
    for n in 1..=6 {
        let made = ago((7 - n) * 30);
        let image = world.image(PROD, HERE, &named("web", n, made)).created(made).size(8).tag("Environment", "prod");
        web.push(image.tag("Name", "web").last_launched(made + TimeDelta::days(2)).put());
    }
    for n in 1..=4 {
        let made = ago((5 - n) * 45);
        world.image(PROD, HERE, &named("api", n, made)).created(made).size(20).snapshots(2).put();
    }
    world.image(PROD, HERE, "Golden Image 2019").created(ago(2500)).size(30).put();
    world.launch_template(PROD, HERE, "web").image(&web[1]).version(&[("ImageId", &web[5])]).default_version(2).put();
    for _ in 0..2 {
        world.instance(PROD, HERE).image(&web[5]).state("running").tag("Name", "web").put();
    }
    world.parameter(PROD, HERE, "/amictl/web/prod", &web[5]);
    world.instance(PROD, HERE).image(&web[5]).state("running").tag("Name", "builder").put()
}
