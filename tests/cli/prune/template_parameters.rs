//! Launch templates whose image is an SSM parameter, which EC2 resolves for one version only.

use crate::fake::{Fault, PROD, World};
use crate::scene::{ALL, Plan, Scene};
use crate::setup::EAST;

const OTHER_IMAGE: &str = "ami-0aaaaaaaaaaaaaaaa";

/// Every image may go but for what templates, and those who use them, say.
fn by_templates() -> String {
    format!("{ALL} --without-source ssm-parameters,image-references")
}

fn template(world: &mut World, name: &str, parameter: &str) {
    world.launch_template(PROD, EAST, name).image(&format!("resolve:ssm:{parameter}")).put();
}

/// A parameter whose first version has a label and names the first image, and whose last version names the second.
fn scene() -> (Scene, Vec<String>) {
    let setup = Scene::new();
    let ids = setup.family("web", 3);
    let mut world = setup.world();
    let parameter = world.typed_parameter(PROD, EAST, "/images/web");
    parameter.value(&ids[0]).label("stable").value(OTHER_IMAGE).value(&ids[1]).put();
    drop(world);
    (setup, ids)
}

#[test]
fn the_image_behind_a_parameter_is_in_use_however_the_parameter_is_named() {
    let arn = format!("arn:aws:ssm:{EAST}:{PROD}:parameter/images/web");
    let names = [
        ("/images/web".to_owned(), 1),
        ("/images/web:3".to_owned(), 1),
        ("/images/web:1".to_owned(), 0),
        ("/images/web:stable".to_owned(), 0),
        (arn.clone(), 1),
        (format!("{arn}:stable"), 0),
    ];
    for (name, used) in names {
        let (setup, ids) = scene();
        template(&mut setup.world(), "front", &name);
        let plan = Plan::of(&setup.run(&by_templates()).ended(0));
        let reasons = plan.reasons(&ids[used]);
        let [("in-use", by)] = reasons[..] else { panic!("{name}: {reasons:?}") };
        assert!(by.starts_with("launch-template lt-") && by.ends_with("(front:1)"), "{name}: {by}");
        assert_eq!(plan.going().len(), 2, "{name}");
        assert_eq!(plan.0["warnings"], serde_json::json!([]), "{name}");
        setup.unchanged();
    }
}

#[test]
fn every_version_of_a_parameter_that_is_named_counts() {
    let (setup, ids) = scene();
    let mut world = setup.world();
    for (n, name) in ["/images/web", "/images/web:1", "/images/web:stable", "/images/web:2"].into_iter().enumerate() {
        template(&mut world, &format!("front{n}"), name);
    }
    drop(world);
    let plan = Plan::of(&setup.run(&by_templates()).ended(0));
    assert_eq!(plan.going(), [ids[2].as_str()]);
}

#[test]
fn every_id_in_the_value_of_a_parameter_counts() {
    for between in [" ", "\n", ",", "\\n", "\t"] {
        let setup = Scene::new();
        let ids = setup.family("web", 3);
        let mut world = setup.world();
        let value = format!("{}{between}{}\n", ids[0], ids[1]);
        world.typed_parameter(PROD, EAST, "/images/web").value(&value).put();
        template(&mut world, "front", "/images/web");
        drop(world);
        let plan = Plan::of(&setup.run(&by_templates()).ended(0));
        assert_eq!(plan.going(), [ids[2].as_str()], "{between:?}");
    }
}

#[test]
fn ec2_is_never_asked_to_resolve_and_parameters_are_read_ten_at_a_time() {
    let setup = Scene::new();
    let ids = setup.family("web", 25);
    let mut world = setup.world();
    for (n, id) in ids.iter().enumerate() {
        world.typed_parameter(PROD, EAST, &format!("/images/{n}")).value(id).put();
        template(&mut world, &format!("front{n}"), &format!("/images/{n}"));
        // The same name once more is no more work.
        template(&mut world, &format!("again{n}"), &format!("/images/{n}"));
    }
    world.auto_scaling_group(PROD, EAST, "web").launch_template("front3", "$Latest").put();
    drop(world);
    let plan = Plan::of(&setup.run(&by_templates()).ended(0));
    assert!(plan.going().is_empty());
    let versions = setup.calls("DescribeLaunchTemplateVersions");
    assert!(versions.iter().all(|call| !call.params.contains_key("ResolveAlias")), "{versions:?}");
    let mut sizes: Vec<_> = setup.calls("GetParameters").iter().map(|call| call.params.len()).collect();
    sizes.sort_unstable();
    assert_eq!((sizes, setup.fake.count("GetParameter")), (vec![5, 10, 10], 0));
}

#[test]
fn a_parameter_that_may_not_be_read_leaves_its_source_unread() {
    type Trouble = fn(&Scene);
    let troubles: [(&str, Trouble); 3] = [
        ("not yours", |setup| {
            let refused = Fault::error("GetParameters", "AccessDeniedException", "not yours");
            setup.fake.fault(refused.matching("/images/web"));
        }),
        ("Rate exceeded", |setup| {
            setup.fake.fault(Fault::error("GetParameters", "ThrottlingException", "Rate exceeded"));
        }),
        ("SecureString", |setup| {
            setup.world().typed_parameter(PROD, EAST, "/images/web").kind("SecureString").value("secret").put();
        }),
    ];
    for (why, make) in troubles {
        let (setup, _) = scene();
        template(&mut setup.world(), "front", "/images/web");
        make(&setup);
        let ran = setup.once().run(&by_templates()).ended(4);
        let plan = Plan::of(&ran);
        assert!(plan.going().is_empty(), "{why}");
        let row = plan.source("launch-templates");
        assert_eq!(row["status"], "failed", "{why}");
        let message = row["message"].as_str().unwrap();
        assert!(message.contains("launch template front:1 names resolve:ssm:/images/web"), "{message}");
        assert!(message.contains(why), "{message}");
        assert!(!ran.stdout.contains("AQICAH") && !ran.stdout.contains("secret"), "{why}");
        setup.unchanged();
    }
}

#[test]
fn a_reference_of_an_unknown_kind_may_stand_for_any_image() {
    let setup = Scene::new();
    setup.family("web", 2);
    setup.world().launch_template(PROD, EAST, "front").image("resolve:imagebuilder:web/x.x.x").put();
    let plan = Plan::of(&setup.run(ALL).ended(4));
    assert!(plan.going().is_empty());
    let message = plan.source("launch-templates")["message"].as_str().unwrap();
    assert!(message.contains("front:1 names resolve:imagebuilder:web/x.x.x"), "{message}");
}

#[test]
fn who_names_another_version_does_not_need_the_parameter() {
    let (setup, ids) = scene();
    let mut world = setup.world();
    let both = world.launch_template(PROD, EAST, "front").image(&ids[2]).image("resolve:ssm:/images/web");
    both.put();
    world.auto_scaling_group(PROD, EAST, "pinned").launch_template("front", "1").put();
    world.fleet(PROD, EAST).launch_template("front", "$Latest").put();
    drop(world);
    setup.fake.fault(Fault::error("GetParameters", "AccessDeniedException", "not yours"));
    let plan = Plan::of(&setup.run(&by_templates()).ended(4));
    let states = ["launch-templates", "auto-scaling-groups", "ec2-fleets"].map(|s| plan.source(s)["status"].clone());
    assert_eq!(states, ["failed", "ok", "failed"]);
    assert_eq!(plan.codes(&ids[2]), ["in-use"]);
}

#[test]
fn only_an_endpoint_that_does_not_know_the_scan_over_all_templates_is_asked_template_by_template() {
    for (code, known) in [("MissingParameter", false), ("InvalidParameterCombination", false), ("AuthFailure", true)] {
        let (setup, ids) = scene();
        setup.world().launch_template(PROD, EAST, "front").image(&ids[0]).put();
        setup.fake.fault(Fault::error("DescribeLaunchTemplateVersions", code, "no scan").matching("$Latest"));
        let plan = Plan::of(&setup.run(&by_templates()).ended(if known { 4 } else { 0 }));
        let row = plan.source("launch-templates");
        assert_eq!(row["status"], if known { "failed" } else { "ok" }, "{code}");
        assert_eq!(plan.codes(&ids[0]), [if known { "unverified" } else { "in-use" }], "{code}");
        assert_eq!(setup.fake.count("DescribeLaunchTemplateVersions"), if known { 1 } else { 2 }, "{code}");
    }
}
