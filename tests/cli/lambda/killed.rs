//! Functions and runs that are killed in the middle of their work.

use std::process::Command;

use super::events::event;
use super::runtime_api::Function;
use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, Setup, seconds};

const NAME: &str = "web-v1-2026-01-02";

/// An image that can come back from the Recycle Bin, and a function that has asked EC2 to deregister it, and has no
/// answer yet; gives the ids of the image and of the request, too.
fn in_the_middle() -> (Setup, String, Function, String) {
    let setup = Setup::new();
    setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), (30, 30));
    let image = setup.world().image(PROD, EAST, NAME).snapshots(2).tag("Team", "core").shared_with(OTHER).put();
    setup.world().restore_forgets = true;
    setup.fake.fault(Fault::on("DeregisterImage", FaultKind::Latency(seconds(90))).times(1));
    let mut function = Function::start(&setup, &[("AMICTL_ALLOW", "deregister list")]);
    let request = function.send(&event(&format!("deregister {image} --yes")));
    setup.until("DeregisterImage", 1);
    let begun = std::time::Instant::now();
    while setup.world().find_image(&image).is_some() {
        assert!(begun.elapsed() < seconds(30), "the image stays");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    (setup, image, function, request)
}

#[test]
fn the_log_of_a_function_that_was_killed_brings_an_image_back() {
    let (setup, image, function, _) = in_the_middle();
    let log = function.kill();
    assert_eq!(log.stdout, "");
    // As a collector of logs has it: a time stamp before each line, and lines of others.
    let lines: Vec<_> = log.stderr.lines().map(|line| format!("2026-11-28T12:00:00.000Z {line}\n")).collect();
    let text = format!("START RequestId: 8a4f1c0e Version: $LATEST\n{}REPORT Status: timeout\n", lines.concat());
    let file = setup.home.write("collected.log", &text);
    let report = setup.json(&format!("restore {image} --journal {file}"));
    assert_eq!((&report["summary"]["done"], &report["results"][0]["changed"]), (&1.into(), &true.into()));
    let back = setup.image(&image);
    assert_eq!((back.tags["Team"].as_str(), back.launch.len()), ("core", 1));
    // Without it EC2 gives back neither.
    setup.run(&format!("deregister {image} --yes --journal {}", setup.home.path().join("other").display())).ended(0);
    setup.json(&format!("restore {image} --journal {}", setup.home.write("empty.log", "")));
    assert!(setup.image(&image).tags.is_empty());
}

#[test]
fn a_run_that_was_killed_ends_nothing_else() {
    let (setup, image, mut function, request) = in_the_middle();
    let children = function.children();
    assert_eq!(children.len(), 1);
    assert!(Command::new("kill").args(["-9", &children[0].to_string()]).status().unwrap().success());
    let ended = function.end_of(&request);
    assert_eq!(ended.error_type.as_deref(), Some("Crashed"));
    let message = ended.body["errorMessage"].as_str().unwrap();
    for word in
        ["signal: 9", "may have changed something", "8a4f1c0e0b7d4c1e9d3a000000000001", "amictl restore --journal"]
    {
        assert!(message.contains(word), "{word}: {message}");
    }
    assert_eq!(function.answer(&event("list"))["summary"]["images"], 0);
    let log = function.log();
    assert!(
        log.stderr.lines().any(|line| line.contains(r#""phase":"begin""#) && line.contains(&image)),
        "{}",
        log.stderr
    );
    drop(setup);
}
