//! The other half of the table: a source that cannot be read to its end keeps everything.

use crate::cli::Amictl;
use crate::fake::{Fault, FaultKind, PROD, World};
use crate::scene::{ALL, ALL_AWAY, Plan, Scene};
use crate::setup::{EAST, part};

/// A source and a call that it cannot do without.
const CALLS: [(&str, &str); 12] = [
    ("instances", "DescribeInstances"),
    ("launch-templates", "DescribeLaunchTemplates"),
    ("launch-templates", "DescribeLaunchTemplateVersions"),
    ("launch-configurations", "DescribeLaunchConfigurations"),
    ("auto-scaling-groups", "DescribeAutoScalingGroups"),
    ("spot-requests", "DescribeSpotInstanceRequests"),
    ("spot-requests", "DescribeSpotFleetRequests"),
    ("ec2-fleets", "DescribeFleets"),
    ("ssm-parameters", "DescribeParameters"),
    ("ssm-parameters", "GetParameters"),
    ("ssm-parameters", "GetParameterHistory"),
    ("image-references", "DescribeImageReferences"),
];

/// One of everything, so that every source has something to read and every listing a second page.
fn everything(world: &mut World) {
    let image = "ami-0aaaaaaaaaaaaaaaa";
    world.instance(PROD, EAST).image(image).put();
    world.launch_template(PROD, EAST, "web").image(image).image(image).image(image).put();
    world.launch_configuration(PROD, EAST, "web", image);
    world.auto_scaling_group(PROD, EAST, "web").launch_configuration("web").put();
    world.spot_request(PROD, EAST, image).put();
    world.spot_fleet(PROD, EAST).launch_specification(image).put();
    world.fleet(PROD, EAST).launch_template("web", "1").put();
    // More than one call for values takes, one of them an alias with a history.
    for n in 0..12 {
        world.parameter(PROD, EAST, &format!("/config/{n}"), "text");
    }
    world.parameter(PROD, EAST, "/amictl/api/prod", image);
    world.short_pages = true;
}

/// Two old images that nobody uses, and one that a recipe begins with.
fn scene() -> (Scene, Vec<String>) {
    let setup = Scene::new();
    let ids = setup.family("web", 3);
    let mut world = setup.world();
    everything(&mut world);
    world.image_recipe(PROD, EAST, "base", &ids[2]);
    drop(world);
    (setup, ids)
}

/// Checks that a run ended in doubt about a source, and that nothing happened.
#[track_caller]
fn everything_is_kept(setup: &Scene, ids: &[String], amictl: Amictl, source: &str, call: &str) -> Plan {
    let what = format!("{source}, {call}");
    let file = setup.home.path().join("plan.json");
    let ran = amictl.run(&format!("{ALL_AWAY} --plan-out {}", file.display()));
    assert_eq!(ran.code, 4, "{what}\n{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(ran.error()["code"], "Unverified", "{what}");
    assert_eq!(ran.json()["results"], serde_json::json!([]), "{what}");
    let plan = Plan::read(&file);
    assert!(plan.going().is_empty(), "{what}");
    assert_eq!(plan.source(source)["status"], "failed", "{what}");
    assert!(!plan.source(source)["message"].as_str().unwrap().is_empty(), "{what}");
    for id in &ids[..2] {
        let reasons = plan.reasons(id);
        assert!(matches!(reasons[..], [("unverified", why)] if why.contains(source)), "{what}: {reasons:?}");
    }
    assert_eq!(setup.left().len(), 3, "{what}");
    setup.unchanged();
    plan
}

/// Runs a third of the table, from row `first` on, with a fault on each call; the whole where everything is tested.
fn with_each_call(first: usize, fault: impl Fn(&str) -> Fault, attempts: &str) {
    let (setup, ids) = scene();
    for (source, call) in part(CALLS, 3, first) {
        setup.fake.fault(fault(call));
        setup.fake.forget_calls();
        let amictl = setup.amictl().env("AWS_MAX_ATTEMPTS", attempts);
        everything_is_kept(&setup, &ids, amictl, source, call);
        assert!(setup.fake.count(call) > 0, "{call}");
        setup.fake.clear_faults();
    }
    let plan = Plan::of(&setup.run(ALL).ended(0));
    assert_eq!(plan.going().len(), 2, "without a fault the same images go");
    assert_eq!(plan.codes(&ids[2]), ["in-use"]);
}

#[test]
fn a_source_that_may_not_be_read_keeps_everything_and_says_what_ec2_says() {
    let refused = "You are not authorized to perform this operation.";
    let (setup, ids) = scene();
    for (source, call) in CALLS {
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", refused));
        let plan = everything_is_kept(&setup, &ids, setup.amictl(), source, call);
        let message = plan.source(source)["message"].as_str().unwrap().to_owned();
        assert!(message.contains(refused) && message.contains("UnauthorizedOperation"), "{message}");
        assert!(plan.reasons(&ids[0])[0].1.contains(refused), "{:?}", plan.reasons(&ids[0]));
        setup.fake.clear_faults();
    }
}

#[test]
fn an_endpoint_that_does_not_know_the_call_is_a_failed_source_too() {
    for code in part(["InvalidAction", "UnsupportedOperation", "NotImplemented"], 3, 0) {
        with_each_call(0, |call| Fault::error(call, code, "The action is not valid for this web service."), "1");
    }
}

#[test]
fn a_page_of_a_load_balancer_is_a_failed_source() {
    with_each_call(1, |call| Fault::on(call, FaultKind::HtmlError(500)), "1");
}

#[test]
fn a_connection_that_breaks_is_a_failed_source() {
    with_each_call(2, |call| Fault::on(call, FaultKind::ResetBefore), "1");
}

#[test]
fn half_an_answer_is_a_failed_source() {
    with_each_call(0, |call| Fault::on(call, FaultKind::Truncated), "1");
}

#[test]
fn a_source_that_fails_after_its_first_page_keeps_everything() {
    with_each_call(1, |call| Fault::error(call, "UnauthorizedOperation", "not any more").skip(1), "1");
}

#[test]
fn what_was_found_before_a_source_failed_is_not_taken_for_all() {
    let (setup, ids) = scene();
    setup.world().instance(PROD, EAST).image(&ids[0]).put();
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "no"));
    let plan = Plan::of(&setup.run(ALL).ended(4));
    assert_eq!(plan.codes(&ids[0]), ["in-use"]);
    assert_eq!(plan.codes(&ids[1]), ["unverified"]);
    assert_eq!((&plan.0["summary"]["unverified"], &plan.0["summary"]["kept"]), (&1.into(), &3.into()));
}

#[test]
fn a_source_left_out_knowingly_is_not_asked_and_the_plan_says_so() {
    for (source, call) in CALLS {
        let (setup, ids) = scene();
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "no"));
        let ran = setup.run(&format!("{ALL} --without-source {source}"));
        // Groups and fleets need the templates that they name, whether all templates are of interest or not.
        if source == "launch-templates" {
            assert_eq!(Plan::of(&ran.ended(4)).source("ec2-fleets")["status"], "failed", "{call}");
            continue;
        }
        let plan = Plan::of(&ran.ended(0));
        assert_eq!(setup.fake.count(call), 0, "{call}");
        assert_eq!(plan.source(source)["status"], "skipped", "{call}");
        assert_eq!(plan.0["policy"]["without_sources"], serde_json::json!([source]), "{call}");
        let goes_too = usize::from(source == "image-references");
        assert_eq!(plan.going().len(), 2 + goes_too, "{call}");
        assert_eq!(plan.codes(&ids[2]).len(), 1 - goes_too, "{call}");
    }
}

#[test]
fn several_sources_are_left_out_with_one_flag_or_more_and_a_wrong_name_lists_the_right_ones() {
    let (setup, _) = scene();
    for call in ["DescribeFleets", "DescribeParameters"] {
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "no"));
    }
    setup.run(&format!("{ALL} --without-source ec2-fleets")).ended(4).says(&["ssm-parameters in us-east-1"]);
    for flags in
        ["--without-source ec2-fleets,ssm-parameters", "--without-source ec2-fleets --without-source ssm-parameters"]
    {
        let ran = setup.run(&format!("{ALL} {flags}")).ended(0).says(&["sources not read: ec2-fleets, ssm-parameters"]);
        assert_eq!(Plan::of(&ran).going().len(), 2);
    }
    let wrong = setup.run("prune --without-source templates").ended(2);
    wrong.says(&["there is no source 'templates'", "launch-templates", "image-references"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_read_keeps_everything() {
    let setup = Scene::new();
    setup.family("web", 2);
    setup.run(&format!("{ALL_AWAY} --refs-from /proc/self/mem")).ended(4);
    let plan = Plan::of(&setup.run(&format!("{ALL} --refs-from /proc/self/mem")).ended(4));
    assert!(plan.going().is_empty());
    assert_eq!(plan.source("files")["status"], "failed");
    assert!(plan.source("files")["message"].as_str().unwrap().contains("/proc/self/mem"), "{plan:?}");
    setup.run(&format!("{ALL_AWAY} --refs-from /no/such/path")).ended(2).says(&["/no/such/path"]);
    setup.unchanged();
}
