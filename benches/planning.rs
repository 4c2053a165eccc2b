//! Planning a prune against an endpoint that answers after 10 ms: `cargo bench --bench planning`.
//!
//! Times the release binary as a whole process, in turn with runs that read one source only. The figure is the ratio
//! of the whole plan to the longest single chain of pages: that of the parameters, of which SSM lists 50 in a page.
//! Launch templates take longer, but their calls do not wait for each other.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

#[path = "../tests/support/fake/mod.rs"]
mod fake;
mod process_times;

use std::process::Command;
use std::time::{Duration, Instant};

use fake::{Fake, Fault, FaultKind, PROD, World};
use process_times::{ROUNDS, against, middle};

const HERE: &str = "us-east-1";
const SOURCES: [&str; 8] = [
    "instances",
    "launch-templates",
    "launch-configurations",
    "auto-scaling-groups",
    "spot-requests",
    "ec2-fleets",
    "ssm-parameters",
    "image-references",
];

fn seed(world: &mut World) -> String {
    let mut used = Vec::new();
    for family in 0..50 {
        used.extend(world.bulk_images(PROD, HERE, &format!("family-{family}"), 100));
    }
    for n in 0..500 {
        let image = &used[n % used.len()];
        let mut template = world.launch_template(PROD, HERE, &format!("template-{n}")).image(image);
        for _ in 1..20 {
            template = template.version(&[("ImageId", image)]);
        }
        template.put();
    }
    for (n, image) in used.iter().take(200).enumerate() {
        world.launch_configuration(PROD, HERE, &format!("configuration-{n}"), image);
    }
    for (n, image) in used.iter().take(1_000).enumerate() {
        world.parameter(PROD, HERE, &format!("/app/{n}"), image);
    }
    used.remove(0)
}

/// One run of the binary, in seconds.
fn time(url: &str, args: &[&str]) -> f64 {
    let begun = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_amictl"));
    // EC2 takes 20 calls a second of one API; what is measured here is what amictl adds to the calls.
    command.args(args).env_clear().env("AMICTL_REQUEST_LIMITS", "off");
    let status = against(url, &mut command).status().unwrap();
    assert!(status.success(), "{args:?} failed");
    begun.elapsed().as_secs_f64()
}

fn main() {
    let fake = Fake::start();
    let some = seed(&mut fake.world());
    fake.fault(Fault::on("*", FaultKind::Latency(Duration::from_millis(10))));
    let url = fake.url();
    let plan = ["prune", "--keep", "60", "--min-age", "0s", "-o", "ids"];
    let mut plans = Vec::new();
    let mut chains = vec![Vec::new(); SOURCES.len() + 1];
    time(&url, &plan);
    for _ in 0..ROUNDS {
        plans.push(time(&url, &plan));
        for (n, source) in SOURCES.iter().enumerate() {
            let others: Vec<_> = SOURCES.iter().filter(|other| *other != source).copied().collect();
            chains[n].push(time(&url, &["refs", &some, "--without-source", &others.join(",")]));
        }
        chains[SOURCES.len()].push(time(&url, &["list", "-o", "ids"]));
    }
    let plan = middle(plans);
    let mut longest = ("", 0.0);
    let chain = |name: &str| name != "launch-templates";
    for (name, times) in SOURCES.iter().chain(&["images"]).zip(chains) {
        let time = middle(times);
        println!("{name:<24}{:>8.0} ms", time * 1000.0);
        if chain(name) && time > longest.1 {
            longest = (name, time);
        }
    }
    println!("{:<24}{:>8.0} ms", "whole plan", plan * 1000.0);
    println!("ratio of the whole plan to the longest chain ({}): {:.2}, at most 3", longest.0, plan / longest.1);
}
