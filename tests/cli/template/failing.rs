//! `template`: lost answers, warnings, other people's changes, and what is left undone.

use serde_json::json;

use super::{ready, template};
use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, PROD};
use crate::scene::Scene;
use crate::setup::{EAST, Setup, seconds};

const NEW: &str = "template web --image web:v1 --type t3.micro -o json";
const NEXT: &str = "template web --image web:v2 --default -o json";

fn with_template() -> Setup {
    let (setup, ..) = ready();
    setup.run(NEW).ended(0);
    setup.fake.forget_calls();
    setup
}

#[test]
fn a_lost_answer_makes_nothing_twice() {
    for kind in [FaultKind::ResetAfter, FaultKind::Truncated] {
        let (setup, ..) = ready();
        for action in ["CreateLaunchTemplate", "CreateLaunchTemplateVersion", "ModifyLaunchTemplate"] {
            setup.fake.fault(Fault::on(action, kind.clone()).times(1));
        }
        setup.run(NEW).ended(0);
        assert_eq!(setup.run(NEXT).ended(0).json()["templates"][0]["default"], 2);
        let made = template(&setup, "web");
        assert_eq!((made.versions.len(), made.default), (2, 2));
        assert_eq!(setup.world().templates(PROD, EAST).count(), 1);
    }
}

#[test]
fn an_answer_that_never_came_is_looked_for() {
    let (setup, ..) = ready();
    for action in ["CreateLaunchTemplate", "CreateLaunchTemplateVersion", "ModifyLaunchTemplate"] {
        setup.fake.fault(Fault::on(action, FaultKind::ResetAfter));
    }
    let made = setup.once().run(NEW).ended(0).json();
    assert_eq!((&made["templates"][0]["version"], &made["templates"][0]["changed"]), (&json!(1), &json!(true)));
    let made = setup.once().run(NEXT).ended(0).json();
    assert_eq!((&made["templates"][0]["version"], &made["templates"][0]["default"]), (&json!(2), &json!(2)));
    assert_eq!((template(&setup, "web").versions.len(), template(&setup, "web").default), (2, 2));
}

#[test]
fn a_call_that_did_not_arrive_is_a_failure_that_says_so() {
    let setup = with_template();
    setup.fake.fault(Fault::on("CreateLaunchTemplateVersion", FaultKind::ResetBefore));
    let ran = setup.once().run(NEXT).ended(1);
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("whether a version was made is unknown"), "{message}");
    assert_eq!(template(&setup, "web").versions.len(), 1);
    assert_eq!(ran.json()["templates"][0]["version"], json!(null));
}

#[test]
fn a_version_that_did_not_become_the_default_is_half_done_and_a_rerun_finishes() {
    let setup = with_template();
    setup.fake.fault(Fault::error("ModifyLaunchTemplate", "UnauthorizedOperation", "You are not authorized.").times(1));
    let ran = setup.run(NEXT).ended(3);
    let error = ran.error();
    let message = error["message"].as_str().unwrap().to_owned();
    assert!(message.contains("version 2 is there, and the default is still 1"), "{message}");
    assert_eq!(ran.json()["templates"][0]["version"], 2);
    assert_eq!((template(&setup, "web").versions.len(), template(&setup, "web").default), (2, 1));
    setup.run(NEXT).ended(0);
    assert_eq!((template(&setup, "web").versions.len(), template(&setup, "web").default), (2, 2));
}

#[test]
fn what_ec2_warns_of_is_told_and_does_not_become_the_default() {
    let (setup, ..) = ready();
    let ran = setup.run("template web --image web:v1 --type t3.micro --key-name none -o json").ended(0);
    assert!(ran.stderr.contains("warning") && ran.stderr.contains("InvalidKeyPair.NotFound"), "{}", ran.stderr);
    assert_eq!(ran.json()["templates"][0]["warnings"][0]["code"], "InvalidKeyPair.NotFound");
    let ran = setup.run("template web --image web:v2 --default -o json").ended(3);
    assert_eq!(ran.error()["code"], "InvalidKeyPair.NotFound");
    assert_eq!((template(&setup, "web").versions.len(), template(&setup, "web").default), (2, 1));
}

#[test]
fn a_template_of_an_aws_service_is_left_alone() {
    let (setup, first, _) = ready();
    setup.world().launch_template(PROD, EAST, "eks").image(&first).managed("eks.amazonaws.com").put();
    let ran = setup.run("template eks --image web -o json").ended(4);
    assert_eq!(ran.error()["code"], "ManagedTemplate");
    setup.unchanged();
}

#[test]
fn somebody_elses_default_is_not_taken_back() {
    let scene = Scene::new();
    let first = scene.old("web-v1-2026-01-01");
    let id = scene.world().launch_template(PROD, EAST, "web").image(&first).image(&first).put();
    scene.old("web-v2-2026-01-02");
    scene.fake.fault(Fault::on("CreateLaunchTemplateVersion", FaultKind::Latency(seconds(2))));
    let child = scene.process(NEXT).spawn().unwrap();
    scene.until("CreateLaunchTemplateVersion", 1);
    scene.ec2("ModifyLaunchTemplate", &[("LaunchTemplateId", &id), ("SetDefaultVersion", "2")]);
    let ran = Ran::from(child.wait_with_output().unwrap()).ended(3);
    assert_eq!(ran.error()["code"], "ConcurrentChange");
    assert!(ran.stderr.contains("somebody else has made version 2 the default in place of 1"), "{}", ran.stderr);
    assert_eq!((template(&scene, "web").default, template(&scene, "web").versions.len()), (2, 3));
}

#[test]
fn groups_that_cannot_be_read_are_unknown_and_not_none() {
    let setup = with_template();
    let denied = "User is not authorized to perform: autoscaling:DescribeAutoScalingGroups";
    setup.fake.fault(Fault::error("DescribeAutoScalingGroups", "AccessDenied", denied));
    let ran = setup.run(NEXT).ended(0).says(&["which groups use it is unknown", "DescribeAutoScalingGroups"]);
    assert_eq!(ran.json()["templates"][0]["groups"], json!(null));
}

#[test]
fn the_id_of_a_template_is_no_name() {
    let (setup, ..) = ready();
    let id = "lt-0123456789abcdef0";
    for line in [
        format!("template {id} --image web --type t3.micro"),
        format!("launch --template {id}"),
        format!("promote web --to prod --template {id}"),
    ] {
        setup.run(&line).ended(2).says(&["give the template's name, not its id"]);
    }
    setup.unchanged();
}
