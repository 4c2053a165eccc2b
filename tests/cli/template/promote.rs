//! `promote --template`: pinned templates get the image, and those that follow are left alone.

use serde_json::{Value, json};

use super::{data, ready, template};
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, WEST};

const PROMOTE: &str = "promote web:v2 --to prod --template web -o json";

/// Two versions, the first of which is the alias `prod` and in a template; gives the ids.
fn pinned() -> (Setup, String, String) {
    let (setup, first, second) = ready();
    setup.world().launch_template(PROD, EAST, "web").image(&first).put();
    (setup, first, second)
}

/// The rows of templates.
#[track_caller]
fn rows(report: &Value) -> Vec<&Value> {
    let all = report["results"].as_array().unwrap_or_else(|| panic!("{report}"));
    all.iter().filter(|row| row["action"] == "template").collect()
}

fn alias(setup: &Setup) -> String {
    let world = setup.world();
    world.find_parameter(PROD, EAST, "/amictl/web/prod").unwrap().latest().unwrap().value.clone()
}

#[test]
fn a_pinned_template_gets_a_new_default_version() {
    let (setup, first, second) = pinned();
    let mut world = setup.world();
    world.auto_scaling_group(PROD, EAST, "follows").launch_template("web", "$Default").put();
    world.auto_scaling_group(PROD, EAST, "pinned").launch_template("web", "1").put();
    drop(world);
    let report = setup.run(PROMOTE).ended(0).json();
    assert_eq!((template(&setup, "web").default, &data(&setup, "web", 2)["ImageId"]), (2, &second));
    assert_eq!((data(&setup, "web", 1)["ImageId"].as_str(), alias(&setup)), (first.as_str(), second.clone()));
    let row = rows(&report)[0];
    for (field, value) in [
        ("account", json!(PROD)),
        ("region", json!(EAST)),
        ("image_id", json!(second)),
        ("name", json!("web-v2-2026-01-02")),
        ("from_image_id", json!(first)),
        ("alias", json!("prod")),
        ("status", json!("done")),
        ("changed", json!(true)),
        ("error", json!(null)),
        ("template", json!("web")),
        ("template_id", json!(template(&setup, "web").id)),
        ("template_version", json!(2)),
        ("from_template_version", json!(1)),
    ] {
        assert_eq!(row[field], value, "{field}: {row:#}");
    }
    assert_eq!(row["groups"][1], json!({"name": "pinned", "version": "1", "follows": false}));
    let detail = row["detail"].as_str().unwrap();
    assert!(detail.contains("launched by: group follows ($Default)"), "{detail}");
    assert!(detail.contains("will not follow: group pinned (1)"), "{detail}");
    assert_eq!(report["summary"], json!({"done": 2, "failed": 0, "skipped": 0}));
    let alias_row = &report["results"][0];
    assert_eq!((&alias_row["action"], &alias_row["template"]), (&json!("promote"), &json!(null)));
}

#[test]
fn it_is_moved_also_where_the_alias_is_unchanged_and_only_once() {
    let (setup, first, second) = pinned();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &second);
    let report = setup.run(PROMOTE).ended(0).json();
    assert_eq!((&report["results"][0]["changed"], &rows(&report)[0]["changed"]), (&json!(false), &json!(true)));
    setup.fake.forget_calls();
    let report = setup.run(PROMOTE).ended(0).json();
    assert_eq!((&rows(&report)[0]["changed"], &rows(&report)[0]["template_version"]), (&json!(false), &json!(2)));
    setup.unchanged();
    setup.run("promote web:v1 --to prod --template web").ended(0);
    assert_eq!((template(&setup, "web").default, alias(&setup)), (1, first), "the version that is there is used again");
    assert_eq!(template(&setup, "web").versions.len(), 2);
}

#[test]
fn a_template_that_follows_is_left_alone() {
    let (setup, _, second) = ready();
    setup.world().launch_template(PROD, EAST, "web").image("resolve:ssm:/amictl/web/prod").put();
    let report = setup.run(PROMOTE).ended(0).json();
    let row = rows(&report)[0];
    assert_eq!((&row["changed"], &row["status"]), (&json!(false), &json!("done")));
    assert!(row["detail"].as_str().unwrap().starts_with("follows /amictl/web/prod by itself"), "{row}");
    assert_eq!((alias(&setup), setup.changes()), (second, vec!["PutParameter".to_owned()]));
    setup.world().launch_template(PROD, EAST, "other").image("resolve:ssm:/amictl/web/prod:1").put();
    let report = setup.run("promote web:v2 --to prod --template other -o json").ended(0).json();
    let detail = rows(&report)[0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("it follows /amictl/web/prod:1, not /amictl/web/prod"), "{detail}");
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is() {
    let (setup, first, second) = pinned();
    setup.world().image(PROD, WEST, "web-v2-2026-01-02").copied_from(&second, EAST).put();
    let everywhere = format!("{PROMOTE} --region us-east-1,us-west-2");
    let ran = setup.run(&everywhere).ended(4);
    assert_eq!(ran.error()["code"], "MissingTemplate");
    assert!(
        ran.stderr.contains("there is no launch template web in") && ran.stderr.contains("us-west-2"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("amictl template web --image"), "{}", ran.stderr);
    setup.unchanged();
    let refused = Fault::error("ModifyLaunchTemplate", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refused.times(1));
    let ran = setup.run(PROMOTE).ended(4);
    assert_eq!(ran.error()["code"], "UnauthorizedOperation");
    setup.unchanged();
    let root = setup.image(&first).root_device.clone();
    let small = [
        ("ImageId", first.as_str()),
        ("BlockDeviceMapping.1.DeviceName", &root),
        ("BlockDeviceMapping.1.Ebs.VolumeSize", "1"),
    ];
    setup.world().launch_template(PROD, EAST, "small").version(&small).put();
    let ran = setup.run("promote web:v2 --to prod --template small -o json").ended(4);
    assert_eq!(ran.error()["code"], "TemplateVolumes");
    setup.unchanged();
    setup.run("promote web:v2 --to prod --template w").ended(2).says(&["a template name has 3 to 128"]);
}

#[test]
fn a_template_that_fails_is_half_done_with_the_lines_out() {
    let (setup, _, second) = pinned();
    // The dry run passes.
    let refused = Fault::error("ModifyLaunchTemplate", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refused.skip(1).times(1));
    let ran = setup.run(PROMOTE).ended(3);
    let report = ran.json();
    assert_eq!((&rows(&report)[0]["status"], &rows(&report)[0]["template_version"]), (&json!("failed"), &json!(2)));
    assert_eq!((alias(&setup), template(&setup, "web").default), (second, 1));
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("finish with: amictl promote") && hint.contains("--template web"), "{hint}");
    setup.run(PROMOTE).ended(0);
    assert_eq!((template(&setup, "web").default, template(&setup, "web").versions.len()), (2, 2));
}

#[test]
fn where_the_alias_fails_the_template_is_left() {
    let (setup, ..) = pinned();
    setup.fake.fault(Fault::error("PutParameter", "AccessDeniedException", "not authorized"));
    let ran = setup.run(PROMOTE).ended(1);
    let report = ran.json();
    assert_eq!(
        (&rows(&report)[0]["status"], &rows(&report)[0]["error"]["code"]),
        (&json!("skipped"), &json!("NotBegun"))
    );
    assert_eq!(template(&setup, "web").versions.len(), 1);
}

#[test]
fn a_lost_answer_is_looked_for() {
    let (setup, ..) = pinned();
    for action in ["CreateLaunchTemplateVersion", "ModifyLaunchTemplate"] {
        setup.fake.fault(Fault::on(action, FaultKind::ResetAfter).skip(1).times(1));
    }
    let report = setup.once().run(PROMOTE).ended(0).json();
    assert_eq!(rows(&report)[0]["changed"], true);
    assert_eq!((template(&setup, "web").default, template(&setup, "web").versions.len()), (2, 2));
}

#[test]
fn a_dry_run_checks_and_writes_nothing() {
    let (setup, ..) = pinned();
    let report = setup.run(&format!("{PROMOTE} --dry-run")).ended(0).json();
    let detail = rows(&report)[0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("would get a version made from 1 and become the default"), "{detail}");
    setup.unchanged();
    let table = setup.run("promote web:v2 --to prod --template web").ended(0).stdout;
    assert!(table.contains("template web") && table.contains("version 2"), "{table}");
    let csv = setup.run("promote web:v2 --to prod --template web -o csv").ended(0).stdout;
    assert!(csv.lines().nth(2).unwrap().ends_with(",web,2"), "{csv}");
}

#[test]
fn a_group_on_the_newest_version_does_not_follow_an_older_one_that_is_used_again() {
    let (setup, first, second) = ready();
    let mut world = setup.world();
    world.launch_template(PROD, EAST, "web").image(&first).image(&second).put();
    world.auto_scaling_group(PROD, EAST, "newest").launch_template("web", "$Latest").put();
    drop(world);
    // Version 2 is the newest and has the image; then version 1 is used again, which the group does not launch.
    let report = setup.run(PROMOTE).ended(0).json();
    assert_eq!(rows(&report)[0]["groups"][0]["follows"], true, "{report:#}");
    let report = setup.run("promote web:v1 --to prod --template web -o json").ended(0).json();
    let row = rows(&report)[0];
    assert_eq!((&row["template_version"], &row["groups"][0]["follows"]), (&json!(1), &json!(false)));
    let detail = row["detail"].as_str().unwrap();
    assert!(detail.contains("on the newest version, 2, and will not follow: group newest ($Latest)"), "{detail}");
}

#[test]
fn an_image_of_another_architecture_is_refused_before_anything_is_written() {
    let (setup, first, _) = pinned();
    let arm = setup.world().image(PROD, EAST, "web-v3-2026-01-03").architecture("arm64").put();
    let line = "promote web:v3 --to canary --template web -o json";
    setup.run(line).ended(4).says(&["OtherArchitecture", "arm64"]);
    setup.run("template web --image web:v3").ended(4).says(&["instance type may not run it"]);
    setup.unchanged();
    setup.run(&format!("{line} --allow-arch-change")).ended(0);
    assert_eq!(data(&setup, "web", 2)["ImageId"], arm.as_str());
    setup.run(&format!("template web --image {first} --type t3.micro")).ended(0);
}
