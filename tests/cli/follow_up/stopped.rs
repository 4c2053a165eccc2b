//! Steps that `create` and `copy` have left when stopped or timed out, and their completion.

#![cfg(unix)]

use std::process::Command;

use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, OTHER, PROD, Protection};
use crate::follow_up::steps::{ALL, NAME, assert_finished, assert_untouched, follow, hint, ready, steps};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, seconds};

/// Asks a process to stop as Ctrl-C does, and gives what it wrote.
fn stopped(process: std::process::Child) -> Ran {
    let id = process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    Ran::from(process.wait_with_output().unwrap())
}

#[test]
fn an_interrupted_create_says_which_steps_are_left() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    setup.world().pending_for = seconds(600);
    let process = setup.process(&format!("create web --instance {instance} {ALL} -o json")).spawn().unwrap();
    setup.until("CreateImage", 1);
    let asked = setup.calls("DescribeImages").len();
    setup.until("DescribeImages", asked + 1);
    let ran = stopped(process).ended(130);
    assert_eq!(ran.error()["code"], "Interrupted");
    let made = ran.json();
    assert_eq!(made["images"], serde_json::json!([]));
    assert_eq!(each(&made["errors"], "code"), ["Interrupted"]);
    assert_eq!(
        steps(&made),
        [(EAST, "share", "skipped"), (EAST, "deprecate", "skipped"), (EAST, "protect", "skipped")]
    );
    setup.world().advance(seconds(600));
    follow(&setup, &hint(&ran));
    assert_finished(&setup, made["steps"][0]["image_id"].as_str().unwrap());
}

#[test]
fn an_interrupted_copy_is_taken_up_with_its_steps() {
    let (setup, _) = ready();
    setup.world().pending_for = seconds(600);
    let process = setup.process(&format!("copy web --to us-west-2,eu-west-1 {ALL} -o json")).spawn().unwrap();
    setup.until("CopyImage", 2);
    let asked = setup.calls("DescribeImages").len();
    setup.until("DescribeImages", asked + 2);
    let ran = stopped(process).ended(130);
    assert_eq!(steps(&ran.json()).len(), 6);
    assert!(steps(&ran.json()).iter().all(|(_, _, status)| *status == "skipped"));
    setup.world().advance(seconds(600));
    follow(&setup, &hint(&ran));
    for region in [WEST, EUROPE] {
        let id = setup.world().image_named(PROD, region, NAME).unwrap().id.clone();
        assert_finished(&setup, &id);
    }
    assert_eq!(setup.names(PROD, WEST), [NAME]);
}

#[test]
fn steps_that_an_interrupt_leaves_out_are_named() {
    let (setup, _) = ready();
    let slow = FaultKind::Latency(seconds(2));
    setup.fake.fault(Fault::on("ModifyImageAttribute", slow));
    let process = setup.process(&format!("copy web --to us-west-2 {ALL} -o json")).spawn().unwrap();
    setup.until("ModifyImageAttribute", 1);
    let ran = stopped(process).ended(130);
    assert_eq!(
        steps(&ran.json()),
        [(WEST, "share", "done"), (WEST, "deprecate", "skipped"), (WEST, "protect", "skipped")]
    );
    assert_eq!(ran.error()["message"], "interrupted: 2 of 3 steps are not done");
    follow(&setup, &hint(&ran));
    assert_finished(&setup, each(&ran.json()["images"], "id")[0]);
}

#[test]
fn when_the_time_is_over_the_steps_are_in_what_goes_on() {
    let (setup, _) = ready();
    setup.world().pending_for = seconds(600);
    let ran = setup.run(&format!("copy web --to us-west-2 {ALL} --timeout 1s -o json")).ended(5);
    assert_eq!(steps(&ran.json()).len(), 3);
    setup.world().advance(seconds(600));
    follow(&setup, &hint(&ran));
    let id = setup.world().image_named(PROD, WEST, NAME).unwrap().id.clone();
    assert_finished(&setup, &id);
}

#[test]
fn what_create_was_to_copy_is_in_what_goes_on_too() {
    let setup = Setup::new();
    let instance = setup.world().instance(PROD, EAST).put();
    setup.world().pending_for = seconds(600);
    for steps in ["", ALL] {
        let line =
            format!("create web --instance {instance} --copy-to us-west-2,eu-west-1 {steps} --timeout 1s -o json");
        let ran = setup.run(&line).ended(5);
        setup.world().pending_for = seconds(0);
        setup.world().advance(seconds(600));
        follow(&setup, &hint(&ran));
        setup.world().pending_for = seconds(600);
    }
    for region in [EAST, WEST, EUROPE] {
        let names = setup.names(PROD, region);
        assert_eq!(names.len(), 2, "{region}: {names:?}");
        let world = setup.world();
        let ids = names.iter().map(|name| world.image_named(PROD, region, name).unwrap().id.clone());
        let ids: Vec<_> = ids.collect();
        drop(world);
        assert_untouched(&setup, &ids[0]);
        let shares = setup.world().launch_permissions(&ids[1]);
        assert_eq!(
            (shares, setup.image(&ids[1]).protection),
            (vec![OTHER.to_owned()], Protection::Enabled { cooldown: false })
        );
    }
}
