//! References to images that do not exist: reported, and keeping nothing.
//!
//! A reference that could not be looked up is another matter.

use serde_json::{Value, json};

use crate::fake::{Fault, PROD, World};
use crate::scene::{ALL, ALL_AWAY, Plan, Scene};
use crate::setup::{EAST, part};

const OTHER_IMAGE: &str = "ami-0aaaaaaaaaaaaaaaa";
const NO_TEMPLATE: &str = "lt-0123456789abcdef0";

/// Something that leads nowhere, and what the warning must say of it.
struct Row {
    what: &'static str,
    source: &'static str,
    says: &'static [&'static str],
    put: fn(&mut World),
}

const fn row(what: &'static str, source: &'static str, says: &'static [&'static str], put: fn(&mut World)) -> Row {
    Row { what, source, says, put }
}

fn template(world: &mut World, image: &str) {
    world.launch_template(PROD, EAST, "web").image(image).put();
}

const TABLE: [Row; 18] = [
    row("a group whose template is gone", "auto-scaling-groups", &["group asg", NO_TEMPLATE], |world| {
        world.auto_scaling_group(PROD, EAST, "asg").launch_template(NO_TEMPLATE, "1").put();
    }),
    row("a group whose template is gone, by name", "auto-scaling-groups", &["group asg", "template gone"], |world| {
        world.auto_scaling_group(PROD, EAST, "asg").mixed("gone", "$Latest").put();
    }),
    row("a group whose version is gone", "auto-scaling-groups", &["group asg", "version 7"], |world| {
        template(world, OTHER_IMAGE);
        world.auto_scaling_group(PROD, EAST, "asg").launch_template("web", "7").put();
    }),
    row("a version that is no number", "auto-scaling-groups", &["group asg", "version latest"], |world| {
        template(world, OTHER_IMAGE);
        world.auto_scaling_group(PROD, EAST, "asg").launch_template("web", "latest").put();
    }),
    row("an override that is no image", "auto-scaling-groups", &["group asg", "'ami-TODO'"], |world| {
        template(world, OTHER_IMAGE);
        world.auto_scaling_group(PROD, EAST, "asg").mixed("web", "1").override_image("ami-TODO").put();
    }),
    row("an override whose parameter is gone", "auto-scaling-groups", &["group asg", "/gone"], |world| {
        template(world, OTHER_IMAGE);
        let group = world.auto_scaling_group(PROD, EAST, "asg").mixed("web", "1");
        group.override_image("resolve:ssm:/gone").put();
    }),
    row("a fleet whose template is gone", "ec2-fleets", &["fleet fleet-", NO_TEMPLATE], |world| {
        world.fleet(PROD, EAST).launch_template(NO_TEMPLATE, "").put();
    }),
    row("an override of a fleet that is no image", "ec2-fleets", &["fleet fleet-", "'none'"], |world| {
        template(world, OTHER_IMAGE);
        world.fleet(PROD, EAST).launch_template("web", "1").override_image("none").put();
    }),
    row("a Spot Fleet whose version is gone", "spot-requests", &["Spot Fleet sfr-", "version 9"], |world| {
        template(world, OTHER_IMAGE);
        world.spot_fleet(PROD, EAST).launch_template("web", "9").put();
    }),
    row("a launch specification that is no image", "spot-requests", &["Spot Fleet sfr-", "'ami-X'"], |world| {
        world.spot_fleet(PROD, EAST).launch_specification("ami-X").put();
    }),
    row("a Spot request that is no image", "spot-requests", &["Spot request sir-", "'ami-X'"], |world| {
        world.spot_request(PROD, EAST, "ami-X").put();
    }),
    row(
        "a launch configuration that is no image",
        "launch-configurations",
        &["configuration lc", "'ami-X'"],
        |world| {
            world.launch_configuration(PROD, EAST, "lc", "ami-X");
        },
    ),
    row("a template that is no image", "launch-templates", &["template web:1 names ami-CHANGEME"], |world| {
        template(world, "ami-CHANGEME");
    }),
    row("a template whose parameter is gone", "launch-templates", &["web:1 names resolve:ssm:/gone"], |world| {
        template(world, "resolve:ssm:/gone");
    }),
    row("a label that is gone", "launch-templates", &["web:1 names resolve:ssm:/web:old"], |world| {
        world.parameter(PROD, EAST, "/web", OTHER_IMAGE);
        template(world, "resolve:ssm:/web:old");
    }),
    row("a name that no parameter can have", "launch-templates", &["web:1 names resolve:ssm:${image}"], |world| {
        template(world, "resolve:ssm:${image}");
    }),
    row(
        "a parameter without an image",
        "launch-templates",
        &["web:1 names resolve:ssm:/text", "no image id"],
        |world| {
            world.typed_parameter(PROD, EAST, "/text").value("hush").put();
            template(world, "resolve:ssm:/text");
        },
    ),
    row("several versions of a template", "launch-templates", &["web:1,3 names ami-CHANGEME"], |world| {
        let versions = world.launch_template(PROD, EAST, "web").image("ami-CHANGEME").image(OTHER_IMAGE);
        versions.image("ami-CHANGEME").put();
    }),
];

fn messages(warnings: &Value) -> Vec<&str> {
    let all = warnings.as_array().unwrap();
    for warning in all {
        assert_eq!((&warning["account"], &warning["region"]), (&PROD.into(), &EAST.into()));
        assert_eq!(warning["code"], "DeadReference");
    }
    all.iter().map(|warning| warning["message"].as_str().unwrap()).collect()
}

#[test]
fn a_dead_reference_is_said_and_keeps_nothing() {
    for (n, Row { what, source, says, put }) in TABLE.into_iter().enumerate() {
        let setup = Scene::new();
        let ids = setup.family("web", 2);
        put(&mut setup.world());
        let ran = setup.run(ALL).ended(0);
        let plan = Plan::of(&ran);
        assert_eq!(plan.going().len(), 2, "{what}");
        assert_eq!(plan.source(source)["status"], "ok", "{what}");
        let found = messages(&plan.0["warnings"]);
        assert!(matches!(found[..], [one] if says.iter().all(|word| one.contains(word))), "{what}: {found:?}");
        assert!(!ran.stdout.contains("hush"), "{what}: the value of a parameter is nobody's business");
        ran.says(&[&format!("warning: account {PROD}, region {EAST}: {}", found[0])]);

        // The other commands are tried in turn.
        for command in part(["refs", "show", "deregister"], 3, n) {
            match command {
                "refs" => {
                    let refs = setup.run("refs web:v1 -o json").ended(0);
                    assert_eq!(refs.json()["warnings"], plan.0["warnings"], "{what}");
                    assert_eq!(refs.json()["images"][0]["in_use"], false, "{what}");
                    refs.says(&[&format!("warning: account {PROD}, region {EAST}: {}", found[0])]);
                    setup.run("refs web:v1").ended(0).says(&["warning: ", found[0]]);
                }
                "show" => {
                    let said = "warning: references in us-east-1 that cannot be resolved: 1";
                    setup.run("show web:v1").ended(0).says(&[said]);
                }
                _ => {
                    let report = setup.run(&format!("deregister {} --yes -o json", ids[0])).ended(0).json();
                    assert_eq!(report["summary"]["done"], 1, "{what}");
                    let report = setup.run(ALL_AWAY).ended(0).json();
                    let warnings = &plan.0["warnings"];
                    assert_eq!((&report["summary"]["done"], &report["warnings"]), (&1.into(), warnings), "{what}");
                }
            }
        }
    }
}

#[test]
fn snapshots_that_are_none_are_said_and_keep_nothing() {
    let rows: [(&str, fn(&mut World)); 4] = [
        ("launch template", |world| {
            world.launch_template(PROD, EAST, "web").image(OTHER_IMAGE).volume("snap-TODO").put();
        }),
        ("launch configuration", |world| {
            world.launch_configuration(PROD, EAST, "lc", OTHER_IMAGE);
            world.launch_configuration_volume(PROD, EAST, "lc", "snap-TODO");
        }),
        ("Spot request", |world| {
            world.spot_request(PROD, EAST, OTHER_IMAGE).volume("snap-TODO").put();
        }),
        ("Spot Fleet", |world| {
            world.spot_fleet(PROD, EAST).launch_specification(OTHER_IMAGE).volume("snap-TODO").put();
        }),
    ];
    for (what, put) in rows {
        let setup = Scene::new();
        setup.old("web-v1-2025-01-01");
        put(&mut setup.world());
        let plan = Plan::of(&setup.run(ALL).ended(0));
        let found = messages(&plan.0["warnings"]);
        let right = |one: &str| one.starts_with(what) && one.contains("'snap-TODO', which is no snapshot id");
        assert!(matches!(found[..], [one] if right(one)), "{what}: {found:?}");
        assert_eq!(plan.going().len(), 1, "{what}");
    }
}

#[test]
fn documents_without_a_dead_reference_have_an_empty_list() {
    let setup = Scene::new();
    setup.family("web", 2);
    assert_eq!(setup.plan("prune").0["warnings"], json!([]));
    assert_eq!(setup.json("refs web:v1")["warnings"], json!([]));
    assert_eq!(setup.json("protect web:v1")["warnings"], json!([]));
    assert_eq!(setup.json("prune --keep 9 --apply --yes --max-delete 1")["warnings"], json!([]));
}

#[test]
fn a_template_that_was_made_since_the_listing_counts() {
    let users: [(&str, fn(&mut World, &str)); 3] = [
        ("a group", |world, id| world.auto_scaling_group(PROD, EAST, "asg").launch_template(id, "$Latest").put()),
        ("a group by name", |world, _| {
            world.auto_scaling_group(PROD, EAST, "asg").launch_template("fresh", "").put();
        }),
        ("a fleet", |world, id| drop(world.fleet(PROD, EAST).launch_template(id, "2").put())),
    ];
    for (what, put) in users {
        let setup = Scene::new();
        let ids = setup.family("web", 2);
        let mut world = setup.world();
        world.parameter(PROD, EAST, "/web", &ids[0]);
        let fresh = world.launch_template(PROD, EAST, "fresh").image("resolve:ssm:/web").image(&ids[0]).put();
        put(&mut world, &fresh);
        world.unlisted_templates.insert(fresh);
        drop(world);
        let line = format!("{ALL} --without-source ssm-parameters,image-references");
        let plan = Plan::of(&setup.run(&line).ended(0));
        assert_eq!((plan.codes(&ids[0]), plan.going()), (vec!["in-use"], vec![ids[1].as_str()]), "{what}");
        assert_eq!(plan.0["warnings"], json!([]), "{what}");
    }
}

#[test]
fn a_template_that_could_not_be_asked_for_is_no_dead_reference() {
    let setup = Scene::new();
    setup.family("web", 2);
    setup.world().auto_scaling_group(PROD, EAST, "asg").launch_template(NO_TEMPLATE, "1").put();
    let denied = Fault::error("DescribeLaunchTemplateVersions", "UnauthorizedOperation", "not yours");
    setup.fake.fault(denied.matching(NO_TEMPLATE));
    let plan = Plan::of(&setup.run(ALL).ended(4));
    assert!(plan.going().is_empty());
    let row = plan.source("auto-scaling-groups");
    let message = row["message"].as_str().unwrap();
    assert!(message.contains("group asg") && message.contains("not yours"), "{row}");
    assert_eq!(plan.source("launch-templates")["status"], "ok");
    assert_eq!(plan.0["warnings"], json!([]));
}

#[test]
fn a_template_that_is_deleted_while_all_are_read_uses_nothing() {
    let setup = Scene::new();
    let ids = setup.family("web", 2);
    let mut world = setup.world();
    let template = world.launch_template(PROD, EAST, "web").image(OTHER_IMAGE).image(&ids[0]).image(OTHER_IMAGE).put();
    drop(world);
    let line = format!("{ALL} --without-source image-references");
    let missing = |call| Fault::error(call, "InvalidLaunchTemplateId.NotFound", "no such template").matching(&template);
    setup.fake.fault(missing("DescribeLaunchTemplateVersions"));
    // While EC2 still lists it, it is not gone: EC2 shows what was made just now in one place before another.
    let plan = Plan::of(&setup.run(&line).ended(4));
    assert_eq!(plan.source("launch-templates")["status"], "failed");
    setup.fake.fault(missing("DescribeLaunchTemplates"));
    let plan = Plan::of(&setup.run(&line).ended(0));
    assert_eq!((plan.going().len(), &plan.0["warnings"]), (2, &json!([])));
}

#[test]
fn a_template_that_many_name_is_asked_for_once() {
    let setup = Scene::new();
    setup.old("web-v1-2025-01-01");
    for n in 0..8 {
        setup.world().auto_scaling_group(PROD, EAST, &format!("asg{n}")).launch_template(NO_TEMPLATE, "1").put();
    }
    let plan = setup.plan("prune --keep 0");
    assert_eq!(messages(&plan.0["warnings"]).len(), 8);
    // The scan over all templates is the other call.
    assert_eq!(setup.fake.count("DescribeLaunchTemplateVersions"), 2);
}

#[test]
fn people_are_shown_some_of_many_warnings_even_when_they_want_quiet() {
    let setup = Scene::new();
    setup.old("web-v1-2025-01-01");
    for n in 10..23 {
        setup.world().launch_template(PROD, EAST, &format!("web{n}")).image("ami-CHANGEME").put();
    }
    let ran = setup.run("prune --keep 0 -q").ended(0).says(&["web10:1 names", "web19:1 names", "and 3 more"]);
    assert_eq!(ran.stderr.lines().filter(|line| line.starts_with("warning: ")).count(), 11, "{}", ran.stderr);
    assert_eq!(messages(&setup.plan("prune --keep 0").0["warnings"]).len(), 13);
}

#[test]
fn a_saved_plan_with_dead_references_is_applied() {
    let setup = Scene::new();
    setup.family("web", 2);
    setup.world().launch_template(PROD, EAST, "web").image("ami-CHANGEME").put();
    let file = setup.home.path().join("plan.json");
    setup.run(&format!("prune --keep 1 --plan-out {}", file.display())).ended(0);
    assert_eq!(messages(&Plan::read(&file).0["warnings"]).len(), 1);
    // They say nothing of what is to be done: one that is mended since changes nothing.
    setup.world().launch_template(PROD, EAST, "new").image("ami-CHANGEME").put();
    let report = setup.run(&format!("apply {} --yes -o json", file.display())).ended(0).json();
    assert_eq!((&report["summary"]["done"], messages(&report["warnings"]).len()), (&1.into(), 2));
}
