//! `rollout`: what is refused before anything is written.

use super::{following, ready};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup};

/// Runs a line that is refused with this code, and gives message and hint.
#[track_caller]
fn refused(setup: &Setup, line: &str, code: &str) -> String {
    setup.fake.forget_calls();
    let ran = setup.run(&format!("{line} -o json")).ended(4);
    let error = ran.error();
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(ran.stdout, "");
    setup.unchanged();
    format!("{} {}", error["message"].as_str().unwrap(), error["hint"].as_str().unwrap_or_default())
}

#[test]
fn groups_without_a_template_are_told_what_to_do() {
    let (setup, first, _) = ready();
    let mut world = setup.world();
    world.launch_configuration(PROD, EAST, "old", &first);
    world.auto_scaling_group(PROD, EAST, "configured").launch_configuration("old").put();
    world.auto_scaling_group(PROD, EAST, "orphan").launch_template("deleted", "1").put();
    world.auto_scaling_group(PROD, EAST, "behind").launch_template("web", "7").put();
    drop(world);
    let said = refused(&setup, "rollout configured --image web:v2", "LaunchConfiguration");
    assert!(said.contains("configuration old") && said.contains("amictl template NAME --image REF"), "{said}");
    let said = refused(&setup, "rollout orphan --image web:v2", "NoLaunchTemplate");
    assert!(said.contains("its launch template deleted does not exist"), "{said}");
    let said = refused(&setup, "rollout behind --image web:v2", "InvalidLaunchTemplateId.VersionNotFound");
    assert!(said.contains("version 7 of its template web does not exist"), "{said}");
}

#[test]
fn overrides_with_an_image_of_their_own_are_refused() {
    let (setup, first, _) = ready();
    setup.world().launch_template(PROD, EAST, "arm").image(&first).put();
    setup.world().auto_scaling_group(PROD, EAST, "images").mixed("web", "1").override_image(&first).put();
    setup.world().auto_scaling_group(PROD, EAST, "templates").mixed("web", "1").override_template("arm", "1").put();
    let said = refused(&setup, "rollout images --image web:v2", "OverrideImages");
    assert!(said.contains(&first), "{said}");
    let said = refused(&setup, "rollout templates --template-version 1", "OverrideImages");
    assert!(said.contains("template arm"), "{said}");
}

#[test]
fn images_that_cannot_be_launched_are_refused() {
    let (setup, first, _) = ready();
    let mut world = setup.world();
    let pending = world.image(PROD, EAST, "web-v3-2026-01-03").state("pending").put();
    let disabled = world.image(PROD, EAST, "web-v4-2026-01-04").state("disabled").put();
    let revoked = world.image(PROD, EAST, "web-v5-2026-01-05").tag("amictl:revoked", "2026-02-01 stolen key").put();
    let arm = world.image(PROD, EAST, "web-v6-2026-01-06").architecture("arm64").put();
    let gone = "ami-0123456789abcdef0";
    world
        .launch_template(PROD, EAST, "odd")
        .image(&first)
        .image(gone)
        .image(&disabled)
        .version(&[("InstanceType", "t3.micro")])
        .put();
    world.auto_scaling_group(PROD, EAST, "odd").launch_template("odd", "1").running(&["1"]).put();
    drop(world);
    let said = refused(&setup, &format!("rollout web --image {pending}"), "InvalidAMIID.Unavailable");
    assert!(said.contains(&format!("amictl wait {pending}")), "{said}");
    refused(&setup, &format!("rollout web --image {disabled}"), "InvalidAMIID.Unavailable");
    let said = refused(&setup, &format!("rollout web --image {revoked}"), "Revoked");
    assert!(said.contains("stolen key"), "{said}");
    let said = refused(&setup, &format!("rollout web --image {arm}"), "ArchitectureMismatch");
    assert!(said.contains("is for arm64, and the instances are for x86_64"), "{said}");
    let said = refused(&setup, "rollout odd --template-version 2", "NoImage");
    assert!(said.contains(gone) && said.contains("cannot see"), "{said}");
    refused(&setup, "rollout odd --template-version 3", "InvalidAMIID.Unavailable");
    refused(&setup, "rollout odd --template-version 4", "NoImage");
    refused(&setup, "rollout odd --template-version 5", "InvalidLaunchTemplateId.VersionNotFound");
    setup.run("rollout web --image web:v9").ended(1).says(&["nothing is called 'web:v9'"]);
    setup.unchanged();
}

#[test]
fn images_of_others_must_be_visible_and_allowed() {
    let (setup, ..) = ready();
    let theirs = setup.world().image(OTHER, EAST, "base-v1-2026-01-01").put();
    setup.run(&format!("rollout web --image {theirs}")).ended(1).says(&["no image", &theirs]);
    let shared = setup.world().image(OTHER, EAST, "base-v2-2026-01-02").shared_with(PROD).put();
    setup.world().not_allowed.insert(PROD.to_owned(), [shared.clone()].into());
    let said = refused(&setup, &format!("rollout web --image {shared}"), "NotAllowed");
    assert!(said.contains("Allowed AMIs"), "{said}");
    setup.world().not_allowed.insert(PROD.to_owned(), [].into());
    setup.run(&format!("rollout web --image {shared} --dry-run")).ended(0);
}

#[test]
fn another_architecture_goes_with_another_type() {
    let (setup, first, _) = ready();
    let arm = setup.world().image(PROD, EAST, "arm-v1-2026-01-06").architecture("arm64").put();
    let data = [("ImageId", arm.as_str()), ("InstanceType", "t4g.micro")];
    let mut world = setup.world();
    world.launch_template(PROD, EAST, "both").image(&first).version(&data).put();
    world.auto_scaling_group(PROD, EAST, "both").launch_template("both", "1").running(&["1"]).put();
    drop(world);
    setup.run("rollout both --template-version 2").ended(0);
}

#[test]
fn an_unknown_group_is_told_the_nearest() {
    let (setup, ..) = following("1");
    let error = setup.run("rollout wbe --image web:v2 -o json").ended(1).error();
    assert_eq!((&error["code"], &error["hint"]), (&"NoSuchGroup".into(), &"did you mean web?".into()));
    let error = setup.run("wait --group zzzzzz -o json").ended(1).error();
    assert_eq!(error["hint"], "there are web");
    setup.run("rollout web --cancel --region us-west-2").ended(1).says(&["there are no groups"]);
    setup.unchanged();
}

#[test]
fn all_groups_are_checked_before_anything_is_written() {
    let (setup, first, _) = ready();
    let mut world = setup.world();
    world.launch_configuration(PROD, EAST, "old", &first);
    world.auto_scaling_group(PROD, EAST, "configured").launch_configuration("old").put();
    world.auto_scaling_group(PROD, EAST, "images").mixed("web", "1").override_image(&first).put();
    drop(world);
    refused(&setup, "rollout web configured --image web:v2", "LaunchConfiguration");
    let ran = setup.run("rollout web configured images --image web:v2").ended(4);
    ran.says(&[
        "group configured: it uses",
        "group images: overrides",
        "2 of 3 groups are refused; nothing was changed",
    ]);
    setup.unchanged();
}

#[test]
fn command_lines_that_make_no_sense_ask_nobody() {
    let (setup, ..) = ready();
    for (line, said) in [
        ("rollout web", "--image"),
        ("rollout --image web", "GROUP"),
        ("rollout web --image web --template-version 2", "cannot be used"),
        ("rollout web --template-version 0", "0"),
        ("rollout web web --image web", "given twice"),
        ("rollout web --image web --checkpoint 50,20,100", "ascending"),
        ("rollout web --image web --checkpoint 20,50", "ascending"),
        ("rollout web --image web --checkpoint-delay 5m", "--checkpoint"),
        ("rollout web --image web --max-healthy 150", "--min-healthy"),
        ("rollout web --image web --min-healthy 20 --max-healthy 130", "more than 100 above"),
        ("rollout web --image web --min-healthy 101", "101"),
        ("rollout web --image web --warmup soon", "soon"),
        ("rollout web --image web --bake 10ms", "whole seconds"),
        ("rollout web --image web --alarm a,b,c,d,e,f,g,h,i,j,k", "at most 10"),
        ("rollout web --cancel --rollback", "cannot be used"),
        ("rollout web --cancel --image web", "cannot be used"),
        ("rollout web --rollback --bake 5m", "no preferences"),
        ("wait web --group web", "cannot be used"),
        ("wait", "REF"),
    ] {
        setup.run(line).ended(2).says(&[said]);
    }
    assert_eq!(setup.fake.calls().len(), 0);
}

#[test]
fn what_aws_would_refuse_late_is_refused_early() {
    let (setup, ..) = ready();
    let long = "x".repeat(256);
    for options in
        ["--bake 49h".to_owned(), "--checkpoint 50,100 --checkpoint-delay 49h".to_owned(), format!("--alarm {long}")]
    {
        setup.run(&format!("rollout web --image web:v2 {options}")).ended(2);
    }
    assert!(setup.changes().is_empty(), "{:?}", setup.changes());
}

#[test]
fn lines_for_the_aws_command_name_region_and_account() {
    let (setup, first, _) = ready();
    let mut world = setup.world();
    world.launch_configuration(PROD, EAST, "old", &first);
    world.auto_scaling_group(PROD, EAST, "configured").launch_configuration("old").put();
    let own = world.image(OTHER, EAST, "web-v1-2026-01-01").put();
    world.launch_configuration(OTHER, EAST, "old", &own);
    world.auto_scaling_group(OTHER, EAST, "configured").launch_configuration("old").put();
    world.launch_template(OTHER, EAST, "web").image(&own).put();
    world.auto_scaling_group(OTHER, EAST, "web").launch_template("web", "$Latest").put();
    world.image(OTHER, EAST, "web-v2-2026-01-02").put();
    drop(world);
    let said = refused(&setup, "rollout configured --image web:v2", "LaunchConfiguration");
    assert!(said.contains("Version=1 --region us-east-1 gives it") && !said.contains("credentials"), "{said}");
    assert!(said.contains("--type TYPE --region us-east-1 makes one"), "{said}");
    let role = format!("--role-arn arn:aws:iam::{OTHER}:role/amictl");
    let said = refused(&setup, &format!("rollout configured --image web:v2 {role}"), "LaunchConfiguration");
    let creds = format!("with credentials of account {OTHER}");
    assert!(said.contains(&format!("and {creds} aws autoscaling")) && said.contains(&role), "{said}");
    setup.fake.fault(Fault::error("StartInstanceRefresh", "LimitExceeded", "You have reached a limit."));
    let ran = setup.run(&format!("rollout web --image web:v2 {role} -o json")).ended(1);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains(&creds) && hint.ends_with("--region us-east-1"), "{hint}");
}
