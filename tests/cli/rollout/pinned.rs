//! `rollout`: groups that follow something are pinned first, and no longer follow afterwards.

use super::{changes, following, group, launches, run_by};
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup};

/// A group whose template takes its image from an alias, which names the first image.
fn by_parameter(running: &[&str]) -> (Setup, String, String) {
    let setup = Setup::new();
    let first = setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
    let second = setup.world().image(PROD, EAST, "web-v2-2026-01-02").put();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &first);
    let data = [("ImageId", "resolve:ssm:/amictl/web/prod"), ("InstanceType", "t3.micro")];
    setup.world().launch_template(PROD, EAST, "web").version(&data).put();
    setup.world().auto_scaling_group(PROD, EAST, "web").launch_template("web", "1").running(running).put();
    (setup, first, second)
}

/// The image of a version of the template.
fn image_of(setup: &Setup, version: u64) -> String {
    let world = setup.world();
    world.templates(PROD, EAST).next().unwrap().versions[&version].data.0["ImageId"].clone()
}

#[test]
fn a_group_on_latest_or_default_is_pinned_before_a_version_is_made() {
    for follows in ["$Latest", "$Default", ""] {
        let (setup, _, second) = following(follows);
        let said = if follows.is_empty() { "$Default" } else { follows };
        let ran = setup.run("rollout web --image web:v2 -o json").ended(0);
        let order = ["UpdateAutoScalingGroup", "CreateLaunchTemplateVersion", "StartInstanceRefresh"];
        assert_eq!(changes(&setup), order, "{follows}");
        let pinned = setup.calls("UpdateAutoScalingGroup").remove(0);
        assert_eq!(pinned.params["LaunchTemplate.Version"], "1");
        assert_eq!((launches(&setup, "web").as_str(), run_by(&setup, "web")), ("2", vec![second.clone(), second]));
        let after = format!("it no longer follows {said}");
        assert_eq!(ran.json()["results"][0]["detail"], after.as_str());
        ran.says(&[&format!("it follows {said}, and AWS could not roll back: it is pinned first"), &after]);
        // From now on nothing is to be pinned.
        setup.fake.forget_calls();
        setup.run("rollout web --template-version 1").ended(0);
        assert_eq!(changes(&setup), ["StartInstanceRefresh"]);
    }
}

#[test]
fn the_version_in_force_is_the_newest_or_the_default_one() {
    for (follows, number) in [("$Latest", "2"), ("$Default", "1")] {
        let setup = Setup::new();
        let ids: Vec<_> =
            (1..=3).map(|n| setup.world().image(PROD, EAST, &format!("web-v{n}-2026-01-0{n}")).put()).collect();
        setup.world().launch_template(PROD, EAST, "web").image(&ids[0]).image(&ids[1]).put();
        let mut world = setup.world();
        world.auto_scaling_group(PROD, EAST, "web").launch_template("web", follows).running(&[number]).put();
        drop(world);
        setup.run("rollout web --image web:v3").ended(0);
        assert_eq!(setup.calls("UpdateAutoScalingGroup")[0].params["LaunchTemplate.Version"], number, "{follows}");
        assert_eq!((launches(&setup, "web").as_str(), run_by(&setup, "web")), ("3", vec![ids[2].clone()]));
    }
}

#[test]
fn a_group_that_follows_an_alias_is_pinned_to_what_its_instances_run() {
    let (setup, first, second) = by_parameter(&["1", "1"]);
    // The alias has moved on; what runs is what AWS must go back to.
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &second);
    setup.world().fail_next_refresh = Some("a reason".to_owned());
    let ran = setup.run("rollout web --image web:v2").ended(1);
    ran.says(&["it follows the parameter /amictl/web/prod", "pinned to version 2", "rolled back: a reason"]);
    assert_eq!((image_of(&setup, 2), image_of(&setup, 3)), (first.clone(), second.clone()));
    assert_eq!((launches(&setup, "web").as_str(), run_by(&setup, "web")), ("2", vec![first.clone(), first]));
    setup.fake.forget_calls();
    setup.run("rollout web --image web:v2").ended(0);
    assert_eq!(changes(&setup), ["StartInstanceRefresh"]);
    assert_eq!((launches(&setup, "web").as_str(), run_by(&setup, "web")), ("3", vec![second.clone(), second]));
}

#[test]
fn without_instances_the_image_of_the_moment_counts() {
    let (setup, first, _) = by_parameter(&[]);
    setup.run("rollout web --image web:v2").ended(0);
    assert_eq!((image_of(&setup, 2), launches(&setup, "web")), (first, "3".to_owned()));
}

#[test]
fn instances_that_disagree_are_a_refusal() {
    let (setup, first, second) = by_parameter(&["1"]);
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &second);
    let mut world = setup.world();
    world.auto_scaling_group(PROD, EAST, "other").launch_template("web", "1").running(&["1"]).put();
    drop(world);
    let other = group(&setup, "other").members.remove(0);
    let members = [group(&setup, "web").members.remove(0), other];
    setup.world().members_of(PROD, EAST, "web", members.to_vec());
    let ran = setup.run("rollout web --image web:v2 -o json").ended(4);
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&first) && message.contains(&second), "{message}");
    assert_eq!(ran.error()["code"], "InstancesDisagree");
    setup.unchanged();
}

#[test]
fn a_mixed_group_is_pinned_with_its_policy() {
    let (setup, ..) = following("1");
    let mut world = setup.world();
    let seed = world.auto_scaling_group(PROD, EAST, "mixed").mixed("web", "$Latest").override_kind("t3.small", "2");
    seed.running(&["1"]).put();
    drop(world);
    let before = format!("{:?}", group(&setup, "mixed").overrides);
    setup.run("rollout mixed --image web:v2").ended(0);
    assert_eq!(setup.calls("UpdateAutoScalingGroup").len(), 1);
    assert_eq!((launches(&setup, "mixed").as_str(), format!("{:?}", group(&setup, "mixed").overrides)), ("2", before));
}

#[test]
fn a_refresh_that_does_not_begin_leaves_a_pinned_group_that_is_told() {
    let (setup, first, _) = following("$Latest");
    setup.fake.fault(Fault::error("StartInstanceRefresh", "LimitExceeded", "You have reached a limit."));
    let ran = setup.run("rollout web --image web:v2 -o json").ended(1);
    let error = ran.error();
    assert_eq!(error["code"], "LimitExceeded");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("pinned to version 1 already and no longer follows $Latest"), "{message}");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("aws autoscaling update-auto-scaling-group --auto-scaling-group-name web"), "{hint}");
    assert!(hint.contains("Version='$Latest'"), "{hint}");
    let row = &ran.json()["results"][0];
    assert_eq!((&row["status"], &row["changed"]), (&"failed".into(), &true.into()));
    assert_eq!((launches(&setup, "web").as_str(), run_by(&setup, "web")), ("1", vec![first.clone(), first]));
    setup.fake.clear_faults();
    setup.run("rollout web --image web:v2").ended(0);
    assert_eq!(launches(&setup, "web"), "2");
}

#[test]
fn a_version_that_follows_a_parameter_needs_a_word() {
    let (setup, first, _) = following("1");
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &first);
    setup.run("template web --image web:prod").ended(0);
    setup.fake.forget_calls();
    let ran = setup.run("rollout web --template-version 2").ended(4);
    ran.says(&["takes its image from the parameter /amictl/web/prod", "--no-auto-rollback"]);
    setup.unchanged();
    setup.run("rollout web --template-version 2 --no-auto-rollback").ended(0);
    assert_eq!(launches(&setup, "web"), "2");
}

#[test]
fn a_group_whose_newest_version_has_the_image_already_goes_back_to_what_its_instances_run() {
    let (setup, first, second) = following("1");
    let mut world = setup.world();
    world.launch_template(PROD, EAST, "next").image(&first).image(&second).put();
    world.auto_scaling_group(PROD, EAST, "next").launch_template("next", "$Latest").running(&["1", "1"]).put();
    world.fail_next_refresh = Some("the instances are unhealthy".to_owned());
    drop(world);
    setup.run("rollout next --image web:v2").ended(1);
    assert_eq!(setup.calls("UpdateAutoScalingGroup")[0].params["LaunchTemplate.Version"], "1");
    assert_eq!((launches(&setup, "next").as_str(), run_by(&setup, "next")), ("1", vec![first.clone(), first]));
}

#[test]
fn a_template_that_was_made_again_is_not_taken_for_the_group_s_own() {
    let (setup, ..) = following("1");
    let mut world = setup.world();
    let old = world.templates(PROD, EAST).next().unwrap().id.clone();
    let image = world.image(PROD, EAST, "api-v1-2026-01-01").put();
    world.remove_template(EAST, &old);
    world.launch_template(PROD, EAST, "web").image(&image).put();
    drop(world);
    let ran = setup.run("rollout web --image web:v2").ended(4);
    ran.says(&[&format!("its launch template {old} does not exist, and web is another one")]);
    setup.unchanged();
}
