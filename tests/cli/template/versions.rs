//! `template`: images that are followed or pinned, versions that are used again, and the default.

use serde_json::json;

use super::{data, ready, template};
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST};

#[test]
fn an_alias_is_followed_and_a_launch_takes_the_image_of_the_moment() {
    let (setup, first, second) = ready();
    let found = setup.json("template web --image web:prod --type t3.micro");
    let made = &found["templates"][0];
    assert_eq!((&made["image"], &made["image_id"]), (&json!("resolve:ssm:/amictl/web/prod"), &json!(first)));
    assert_eq!(data(&setup, "web", 1)["ImageId"], "resolve:ssm:/amictl/web/prod");
    assert_eq!(setup.json("launch --template web")["instances"][0]["image_id"], json!(first));
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &second);
    let ran = setup.run("launch --template web -o json").ended(0).says(&["from web-v2-2026-01-02"]);
    assert_eq!(ran.json()["instances"][0]["image_id"], json!(second));
    let again = setup.json("template web --image web:prod");
    assert_eq!((&again["templates"][0]["version"], &again["templates"][0]["changed"]), (&json!(1), &json!(false)));
    assert_eq!(again["templates"][0]["image_id"], json!(second));
}

#[test]
fn another_parameter_is_followed_too_and_pin_writes_the_id() {
    let (setup, first, _) = ready();
    setup.world().parameter(PROD, EAST, "/golden/web", &first);
    setup.run("template follows --image ssm:/golden/web --type t3.micro").ended(0);
    assert_eq!(data(&setup, "follows", 1)["ImageId"], "resolve:ssm:/golden/web");
    for (name, reference) in [("pinned", "ssm:/golden/web"), ("alias", "web:prod")] {
        setup.run(&format!("template {name} --image {reference} --pin --type t3.micro")).ended(0);
        assert_eq!(data(&setup, name, 1)["ImageId"], first);
    }
}

#[test]
fn a_parameter_by_which_ec2_cannot_launch_is_refused() {
    let (setup, first, _) = ready();
    setup.world().parameter(PROD, EAST, "/golden/web", &format!("\"{first}\"\n"));
    let ran = setup.run("template web --image ssm:/golden/web --type t3.micro -o json").ended(4);
    assert_eq!(ran.error()["code"], "UnusableParameter");
    assert!(ran.error()["hint"].as_str().unwrap().contains("--pin"), "{}", ran.error());
    setup.unchanged();
    setup.run("template web --image ssm:/golden/web --pin --type t3.micro").ended(0);
    assert_eq!(data(&setup, "web", 1)["ImageId"], first);
}

#[test]
fn a_new_version_is_the_default_only_where_it_is_asked_for() {
    let (setup, ..) = ready();
    setup.run("template web --image web:v1 --type t3.micro").ended(0);
    let found = setup.json("template web --image web:v2");
    assert_eq!((&found["templates"][0]["version"], &found["templates"][0]["default"]), (&json!(2), &json!(1)));
    assert_eq!(template(&setup, "web").default, 1);
    setup.fake.forget_calls();
    let found = setup.json("template web --image web:v2 --default");
    assert_eq!((&found["templates"][0]["version"], &found["templates"][0]["default"]), (&json!(2), &json!(2)));
    assert_eq!((template(&setup, "web").default, setup.changes()), (2, vec!["ModifyLaunchTemplate".to_owned()]));
    setup.fake.forget_calls();
    let found = setup.json("template web --image web:v2 --default");
    assert_eq!(found["templates"][0]["changed"], false);
    setup.unchanged();
}

#[test]
fn a_version_with_the_same_contents_is_used_again() {
    let (setup, ..) = ready();
    for image in ["web:v1", "web:v2", "web:v1", "web:v2"] {
        setup.run(&format!("template web --image {image} --type t3.micro --tag a=1 --tag b=2 --default")).ended(0);
    }
    let made = template(&setup, "web");
    assert_eq!((made.versions.len(), made.default), (2, 2));
    setup.run("template web --image web:v2 --type t3.large").ended(0);
    assert_eq!(template(&setup, "web").versions.len(), 3, "another type is another version");
    setup.run("template web --image web:v2 --tag b=3").ended(0);
    assert_eq!(template(&setup, "web").versions.len(), 4, "and so is another tag");
}

#[test]
fn groups_that_follow_and_those_that_do_not_are_named() {
    let (setup, first, _) = ready();
    let mut world = setup.world();
    world.launch_template(PROD, EAST, "web").image(&first).put();
    world.launch_template(PROD, EAST, "api").image(&first).put();
    world.auto_scaling_group(PROD, EAST, "follows").launch_template("web", "$Default").put();
    world.auto_scaling_group(PROD, EAST, "silent").launch_template("web", "").put();
    world.auto_scaling_group(PROD, EAST, "newest").mixed("web", "$Latest").put();
    world.auto_scaling_group(PROD, EAST, "pinned").launch_template("web", "1").put();
    world.auto_scaling_group(PROD, EAST, "other").launch_template("api", "$Default").put();
    drop(world);
    let ran = setup.run("template web --image web:v2 -o json").ended(0).says(&[
        "version 2",
        "not the default, which is 1",
        "launched by: group newest ($Latest)",
        "once it is the default: groups follows ($Default), silent ($Default)",
        "pinned to another number, and will not follow: group pinned (1)",
    ]);
    let groups = ran.json()["templates"][0]["groups"].clone();
    assert_eq!(
        groups,
        json!([
            {"name": "follows", "version": "$Default", "follows": true},
            {"name": "newest", "version": "$Latest", "follows": true},
            {"name": "pinned", "version": "1", "follows": false},
            {"name": "silent", "version": "$Default", "follows": true},
        ])
    );
    setup.run("template web --image web:v2 --default").ended(0).says(&[
        "launched by: groups follows ($Default), newest ($Latest), silent ($Default)",
        "will not follow: group pinned (1)",
    ]);
}

#[test]
fn a_dry_run_asks_ec2_and_makes_nothing() {
    let (setup, ..) = ready();
    let ran = setup.run("template web --image web --type t3.micro --dry-run").ended(0).says(&["would be made"]);
    assert_eq!((ran.stdout.as_str(), setup.calls("CreateLaunchTemplate")[0].dry_run), ("", true));
    setup.unchanged();
    setup.run("template web --image web:v1 --type t3.micro").ended(0);
    setup.fake.forget_calls();
    setup
        .run("template web --image web:v2 --default --dry-run")
        .ended(0)
        .says(&["would get a version made from 1 and become the default in place of 1"]);
    assert_eq!(setup.calls("CreateLaunchTemplateVersion").len() + setup.calls("ModifyLaunchTemplate").len(), 2);
    setup.unchanged();
    setup.run("template web --image web:v1 --dry-run").ended(0).says(&["has version 1 with these contents"]);
}

#[test]
fn other_formats_are_for_scripts_and_people() {
    let (setup, first, _) = ready();
    let made = setup.run("template web --image web:v1 --type t3.micro -o ids").ended(0).stdout;
    assert_eq!(made.trim(), template(&setup, "web").id);
    let csv = setup.run("template web --image web:v1 -o csv").ended(0).stdout;
    assert_eq!(csv.lines().nth(1).unwrap(), format!("web,{},{PROD},{EAST},1,1,{first},{first},false,", made.trim()));
    let table = setup.run("template web --image web:prod").ended(0).stdout;
    assert!(table.contains("resolve:ssm:/amictl/web/prod") && table.contains("VERSION"), "{table}");
    let empty = Setup::new();
    empty.run("template web --image web --type t3.micro").ended(1).says(&["nothing is called 'web'"]);
}

#[test]
fn in_several_places_the_first_error_has_its_place_and_none_is_left_out() {
    let (setup, ..) = ready();
    let places = "--region us-east-1,us-west-2,eu-west-1";
    let ran = setup.run(&format!("template web --image web:v1 --type t3.micro {places}")).ended(1);
    ran.says(&[
        "error: nothing was written: nothing is called 'web:v1'",
        "region us-west-2",
        "region eu-west-1: nothing is",
    ]);
    setup.unchanged();
    setup.world().image(PROD, WEST, "web-v1-2026-01-01").put();
    setup.world().image(PROD, EUROPE, "web-v1-2026-01-01").put();
    let denied = Fault::error("CreateLaunchTemplate", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(denied.in_region(WEST));
    let ran = setup.run(&format!("template web --image web:v1 --type t3.micro --dry-run {places}")).ended(1);
    ran.says(&["nothing was written; account 111111111111, region us-west-2: ", "region eu-west-1 would be made"]);
    setup.unchanged();
}
