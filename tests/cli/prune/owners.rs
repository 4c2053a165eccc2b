//! Tags on every row of plans and reports, so that a job finds the owner of each image.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::fake::{OTHER, PROD};
use crate::scene::{ALL, ALL_AWAY, Plan, Scene, days_ago};
use crate::setup::EAST;

/// An old image of somebody; gives its id.
fn owned(setup: &Scene, name: &str, owner: &str) -> String {
    setup.world().image(PROD, EAST, name).created(days_ago(100)).tag("Owner", owner).snapshot_tag("Owner", owner).put()
}

/// The tags on the rows of a list, by image or snapshot.
#[track_caller]
fn owners(document: &Value, list: &str, id: &str) -> Value {
    let row = document[list].as_array().unwrap().iter().find(|row| row["image_id"] == id || row["id"] == id);
    row.unwrap_or_else(|| panic!("{id} is not in {document:#}"))["tags"].clone()
}

/// The plan as a version of amictl without tags wrote it, sealed as that version did.
fn as_before(plan: &Value) -> String {
    let mut plan = plan.clone();
    for list in ["actions", "kept"] {
        for row in plan[list].as_array_mut().unwrap() {
            row.as_object_mut().unwrap().remove("tags").unwrap();
        }
    }
    plan.as_object_mut().unwrap().remove("digest");
    let digest: String = Sha256::digest(plan.to_string()).iter().map(|byte| format!("{byte:02x}")).collect();
    plan["digest"] = digest.into();
    plan.to_string()
}

#[test]
fn a_plan_has_the_tags_of_what_goes_and_of_what_stays() {
    let setup = Scene::new();
    let (goes, stays) = (owned(&setup, "web-v1-2025-01-01", "core"), owned(&setup, "web-v2-2025-01-01", "web"));
    let bare = setup.old("api-v1-2025-01-01");
    let Plan(plan) = setup.plan("prune --keep 1");
    assert_eq!(owners(&plan, "actions", &goes), json!({"Owner": "core"}));
    assert_eq!(owners(&plan, "kept", &stays), json!({"Owner": "web"}));
    assert_eq!(owners(&plan, "kept", &bare), json!({}));
}

#[test]
fn so_has_the_report() {
    let setup = Scene::new();
    let (web, api) = (owned(&setup, "web-v1-2025-01-01", "core"), owned(&setup, "api-v1-2025-01-01", "api"));
    let report = setup.run(ALL_AWAY).ended(0).json();
    assert_eq!(owners(&report, "results", &web), json!({"Owner": "core"}));
    assert_eq!(owners(&report, "results", &api), json!({"Owner": "api"}));
    let web = owned(&setup, "web-v2-2025-01-01", "core");
    let report = setup.json("deregister web --yes");
    assert_eq!(owners(&report, "results", &web), json!({"Owner": "core"}));
}

#[test]
fn a_plan_of_an_earlier_version_is_carried_out() {
    let setup = Scene::new();
    let (web, api) = (owned(&setup, "web-v1-2025-01-01", "core"), owned(&setup, "api-v1-2025-01-01", "api"));
    let plan = as_before(&setup.run(ALL).ended(0).json());
    let file = setup.home.write("plan.json", &plan);
    setup.world().instance(PROD, EAST).image(&api).put();
    let report = setup.run(&format!("apply {file} --yes -o json")).ended(0).json();
    assert_eq!(owners(&report, "results", &web), json!({"Owner": "core"}), "read again for the change");
    assert!(!setup.has(&web) && setup.has(&api));
    // Of an image that is gone nothing is left to read.
    let report = setup.run(&format!("apply {file} --yes -o json")).ended(0).json();
    assert_eq!(owners(&report, "results", &web), Value::Null);
}

#[test]
fn tags_are_sealed_with_the_plan() {
    let setup = Scene::new();
    owned(&setup, "web-v1-2025-01-01", "core");
    let plan = setup.run(ALL).ended(0).stdout;
    let file = setup.home.write("plan.json", &plan.replace("\"core\"", "\"nobody\""));
    assert_eq!(setup.run(&format!("apply {file} --yes -o json")).ended(4).error()["code"], "UnusablePlan");
    setup.unchanged();
}

#[test]
fn orphans_have_the_tags_of_the_snapshot() {
    let setup = Scene::new();
    let web = owned(&setup, "web-v1-2025-01-01", "core");
    let snapshot = setup.snapshots_of(&web).remove(0);
    setup.ec2("DeregisterImage", &[("ImageId", &web)]);
    assert_eq!(owners(&setup.json("orphans"), "snapshots", &snapshot), json!({"Owner": "core"}));
    setup.world().launch_template(PROD, EAST, "data").version(&[("InstanceType", "t3.micro")]).volume(&snapshot).put();
    assert_eq!(owners(&setup.json("orphans"), "kept", &snapshot), json!({"Owner": "core"}));
}

#[test]
fn every_change_has_them_and_a_change_of_tags_the_new_ones() {
    let setup = Scene::new();
    let web = owned(&setup, "web-v1-2025-01-01", "core");
    // By its version, as a family is its newest version that is not deprecated.
    let (share, deprecate) = (format!("share web:v1 --with {OTHER}"), "deprecate web:v1 --after 0s");
    for line in [&share, deprecate, "protect web:v1", "unprotect web:v1", "disable web:v1", "enable web:v1"] {
        let report = setup.json(line);
        assert_eq!(owners(&report, "results", &web)["Owner"], "core", "{line}");
    }
    let report = setup.json("tag web:v1 Owner=web");
    assert_eq!(owners(&report, "results", &web)["Owner"], "web");
    assert_eq!(owners(&setup.json("tag web:v1 --remove Owner"), "results", &web)["Owner"], Value::Null);
}
