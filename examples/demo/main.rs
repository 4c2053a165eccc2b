//! A walk through amictl without an AWS account: `cargo run --example demo`.
//!
//! Starts the fake EC2 endpoint of the tests with a small fleet, then runs the real commands against it, each in a
//! process of its own, as a user would type them. The processes are this very program, which then does what the
//! `amictl` binary does.
//!
//! `-- --svg` prints the session of the README as a picture, `-- --text` the same session as text. Both need `python3`,
//! for the terminal that the commands write to.
//!
//! `-- --serve` keeps the endpoint running, with an organization of eight accounts, and prints the lines that make
//! `amictl` and the AWS CLI in another shell talk to it.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a demonstration prints, and stops where it cannot go on"
)]

#[path = "../../tests/support/fake/mod.rs"]
mod fake;
mod fleet;
mod picture;
mod serve;
mod shell;

use std::path::Path;
use std::process::ExitCode;

use fake::{Fake, Fault};
use shell::{Home, Shell};

fn main() -> ExitCode {
    if shell::is_amictl() {
        return shell::amictl();
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => walk(),
        ["--svg"] => print!("{}", picture::svg()),
        ["--serve"] => serve::serve(),
        ["--text"] => print!("{}", picture::text()),
        _ => {
            println!("usage: cargo run --example demo [-- --serve | --svg | --text]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// The whole tour, for a terminal.
fn walk() {
    let fake = Fake::start();
    let home = Home::new();
    let builder = fleet::seed(&mut fake.world());
    let shell = Shell::new(&fake, &home);

    say("An instance is configured. Make it the next version of the family 'web':");
    shell.run(&format!("amictl create web --instance {builder} --environment prod --owner platform"));
    say("Find it again:");
    shell.run("amictl list --family web");
    say("Copy it to two more regions, encrypted, and look at all of them:");
    shell.run("amictl copy web --to eu-west-1,us-west-2 --encrypt");
    shell.run("amictl list --latest --family web --region us-east-1,eu-west-1,us-west-2");
    say("Launch from it by name, with web traffic let in:");
    shell.run("amictl launch web --type t3.micro --name canary --allow-http");
    say("Release it. Every account and region is checked before one is changed:");
    shell.run("amictl promote web --to prod --reason 'OpenSSL fix'");
    say("It was bad: back to the last good image. The alias remembers who did what, and why:");
    shell.run("amictl rollback web:prod --reason 'login fails'");
    shell.run("amictl aliases --history");
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
    journal(home.path());
    boot_test();
    bad_image();
    take_over();
}

/// An image that is made clean, and tested before it is released.
fn boot_test() {
    let fake = Fake::start();
    let home = Home::new();
    std::fs::write(home.path().join("clean.sh"), fleet::CLEAN).unwrap();
    fleet::seed_builder(&mut fake.world());
    let shell = Shell::new(&fake, &home);
    let create = "amictl create shop --instance tag:Role=shop-builder --prepare clean.sh --stop";
    let test = "amictl test shop --type t3.micro --instance-profile ssm \\\n    \
                --ssm 'systemctl is-active shop' --probe-timeout 3s";
    println!();
    say("Another team bakes 'shop'. A script cleans the machine, which is stopped for the image and runs again:");
    shell.run(create);
    say("It is booted before anybody trusts it. The instance is terminated in every case:");
    fake.world().run_commands.scripts = vec![fleet::service("inactive", 3)];
    shell.run(test);
    say("So it is not released:");
    shell.run("amictl promote shop --to prod --require-tested");
    say("The machine is repaired. The next version passes, and is released:");
    fake.world().run_commands.scripts = vec![fleet::service("active", 0)];
    shell.run(create);
    shell.run(test);
    shell.run("amictl promote shop --to prod --require-tested --tested-within 7d");
}

/// A base image that turns out bad, from the finding to the mending.
fn bad_image() {
    let fake = Fake::start();
    let home = Home::new();
    fleet::seed_bad_base(&mut fake.world());
    let shell = Shell::new(&fake, &home);
    println!();
    say("The second version of a base image has a hole. What was made of it?");
    shell.run("amictl lineage base:v2");
    say("Revoke all of it. amictl says who uses it, and how to take it back:");
    shell.run("amictl revoke base:v2 --reason CVE-2026-1234 --descendants");
    say("The alias goes back to the last good image. New instances have that:");
    shell.run("amictl rollback web:prod --reason CVE-2026-1234");
    say("Who still runs the bad one?");
    shell.run("amictl stale");
    say("Its group is rolled out again:");
    shell.run("amictl rollout web --image web:prod");
    say("Nothing runs or names it any more:");
    shell.run("amictl audit");
}

/// A fleet that amictl did not name.
fn take_over() {
    let fake = Fake::start();
    let home = Home::new();
    fake.world().organization_to_take_over();
    let shell = Shell::new(&fake, &home);
    let patterns = r"--family-pattern '(?<family>.+?)[-_ ](?<order>\d{8,14})' \
    --family-pattern '(?<family>.+) (?<order>\d{4}-\d{2}-\d{2}T.+Z)'";
    println!();
    say("Another fleet: eight accounts, images named by Packer, Image Builder and by hand. Few are in families:");
    shell.run("amictl list --families --org-role ami");
    say("Two patterns group the others by their names:");
    shell.run(&format!("amictl list --families --org-role ami \\\n    {patterns}"));
    say("The plan goes by them. A closed account may use images again, which leaves doubt (exit code 4):");
    shell.run(&format!("amictl prune --org-role ami --keep 2 --min-age 30d \\\n    {patterns}"));
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
