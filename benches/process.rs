//! The binary as a whole process, against the fake endpoint: `cargo bench --bench process`.
//!
//! - `AMICTL_BENCH_SHORT=1` leaves out the run with EC2's request limits, which takes three minutes.
//! - `AMICTL_BENCH_OTHER='aws ec2 describe-images --owners self'` times another command line in turn with
//!   `amictl list`, in the same environment.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

#[path = "../tests/support/fake/mod.rs"]
mod fake;
mod prepared;
mod process_times;

use std::process::Command;
use std::time::{Duration, Instant};

use aws_sdk_ec2::config::{BehaviorVersion, Region};
use fake::{Fake, Fault, FaultKind, PROD};
use process_times::{against, middle};

const HERE: &str = "us-east-1";
const REGIONS: [&str; 6] = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1"];
const ONE: &str = "list -o json";
/// Set for the process that is the bare loop to compare with.
const BARE: &str = "AMICTL_BENCH_BARE";

fn main() {
    if std::env::var_os(BARE).is_some() {
        return bare_loop();
    }
    println!("{:<58}{:>12}{:>12}", "", "measured", "at most");
    start();
    listing();
    regions();
    memory();
    pruning(false);
    if std::env::var_os("AMICTL_BENCH_SHORT").is_none() {
        pruning(true);
    }
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_amictl")).unwrap().len();
    // The binary of a release is two megabytes smaller, see docs/benchmarks.md.
    println!("size of the binary as built with the crates of the tests, MB: {:.2}", size as f64 / 1e6);
}

fn row(what: &str, measured: f64, most: f64) {
    println!("{what:<58}{measured:>12.2}{most:>12.2}");
}

/// A command in the environment of the benchmark, with nothing of the user's.
fn command(program: &str, url: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    against(url, &mut command);
    command
}

fn amictl(url: &str, line: &str) -> Command {
    let mut command = command(env!("CARGO_BIN_EXE_amictl"), url);
    command.args(line.split_whitespace());
    command
}

/// How long a command takes, in seconds.
fn time(mut command: Command) -> f64 {
    let begun = Instant::now();
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?} failed");
    begun.elapsed().as_secs_f64()
}

/// The ratio of two commands, run in turn so that a machine that changes its speed changes both.
fn ratio(rounds: usize, first: impl Fn() -> Command, second: impl Fn() -> Command) -> f64 {
    time(first());
    time(second());
    middle((0..rounds).map(|_| time(first()) / time(second())).collect())
}

fn start() {
    let version = || amictl("http://127.0.0.1:9", "--version");
    time(version());
    row("start: amictl --version, ms", middle((0..50).map(|_| time(version()) * 1000.0).collect()), 5.0);
}

fn listing() {
    let fake = Fake::start();
    fake.world().bulk_images(PROD, HERE, "web", 10_000);
    let url = prepared::serve(&fake.url(), Duration::ZERO);
    let list = || amictl(&url, "list -o json");
    let bare = || {
        let mut command = command(std::env::current_exe().unwrap().to_str().unwrap(), &url);
        command.env(BARE, "1");
        command
    };
    row("list 10,000 images as JSON, times a bare paginator loop", ratio(9, list, bare), 1.25);
    if let Ok(other) = std::env::var("AMICTL_BENCH_OTHER") {
        let other_command = || {
            let mut words = other.split_whitespace();
            let mut command = command(words.next().unwrap(), &url);
            command.args(words);
            command
        };
        println!("list 10,000 images as JSON, times '{other}': {:.2}", ratio(5, list, other_command));
    }
}

/// What the SDK's paginator takes by itself: reads all pages and counts.
fn bare_loop() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let count = runtime.block_on(async {
        let config = aws_config::defaults(BehaviorVersion::latest()).region(Region::new(HERE)).load().await;
        let client = aws_sdk_ec2::Client::new(&config);
        let mut pages = client.describe_images().owners("self").into_paginator().page_size(1000).send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += page.unwrap().images().len();
        }
        count
    });
    assert_eq!(count, 10_000);
}

fn regions() {
    let fake = Fake::start();
    // Of the regions that every account has, six have images.
    for region in REGIONS {
        fake.world().bulk_images(PROD, region, "web", 1000);
    }
    let url = prepared::serve(&fake.url(), Duration::from_millis(50));
    for (what, regions) in [("all", "all".to_owned()), ("6 named", REGIONS.join(","))] {
        let several = || amictl(&url, &format!("{ONE} --region {regions}"));
        let text = format!("list --region {what}, 6 with images, 50 ms a call, times one");
        row(&text, ratio(25, several, || amictl(&url, ONE)), 1.5);
    }
}

fn memory() {
    let fake = Fake::start();
    fake.world().bulk_images(PROD, HERE, "web", 50_000);
    let mut child = amictl(&fake.url(), "list -o json").spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        peak = peak.max(kib.unwrap_or(0.0) * 1024.0 / 1e6);
        std::thread::sleep(Duration::from_millis(2));
    }
    match peak > 0.0 {
        true => row("memory: 50,000 images as JSON, MB", peak, 150.0),
        false => println!("memory: not measured, as this system has no /proc"),
    }
}

fn pruning(limits: bool) {
    let fake = Fake::start();
    fake.world().bulk_images(PROD, HERE, "web", 1010);
    fake.world().throttle = limits;
    let line = "prune --keep 10 --min-age 0s --apply --yes --max-delete 1000 -o json";
    if limits {
        let taken = time(amictl(&fake.url(), line));
        let throttled =
            fake.calls().iter().filter(|call| format!("{:?}", call.outcome).contains("RequestLimit")).count();
        println!("prune of 1,000 images with EC2's limits: {taken:.0} s, {throttled} calls throttled");
        row("the same, times what the limits allow at best", taken / ((1000.0 - 100.0) / 5.0), 1.1);
    } else {
        fake.fault(Fault::on("*", FaultKind::Latency(Duration::from_millis(50))));
        let taken = time(amictl(&fake.url(), &format!("{line} --request-limits off")));
        println!(
            "prune of 1,000 images without limits, 50 ms a call, images a second (at least 100): {:.0}",
            1000.0 / taken
        );
    }
    assert_eq!(fake.count("DeregisterImage"), 1000);
}
