//! `refs`, and the column `used_by` of `list`: who uses an image, each source's state.

use serde_json::{Value, json};

use crate::fake::{Fault, PROD};
use crate::prune::sources::SOURCES;
use crate::scene::Scene;
use crate::setup::{EAST, each, sorted};

/// Two images, of which a template and an instance use the first.
fn scene() -> (Scene, Vec<String>, String, String) {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    let mut world = setup.world();
    let template = world.launch_template(PROD, EAST, "front").image("ami-0aaaaaaaaaaaaaaaa").image(&web[0]).put();
    let instance = world.instance(PROD, EAST).image(&web[0]).put();
    world.launch_configuration(PROD, EAST, "lc", "ami-0aaaaaaaaaaaaaaaa");
    drop(world);
    (setup, web, template, instance)
}

#[test]
fn references_are_as_the_contract_has_them() {
    let (setup, web, template, instance) = scene();
    let refs = setup.json("refs web:v1 --without-source image-references");
    assert_eq!(refs["version"], 1);
    let expected = json!([{
        "id": web[0], "owner_id": PROD, "name": "web-v1-2025-01-01", "region": EAST, "in_use": true,
        "references": [
            {"source": "instances", "kind": "instance", "id": instance, "detail": "running"},
            {"source": "launch-templates", "kind": "launch-template", "id": template, "detail": "front:2"},
        ],
    }]);
    assert_eq!(refs["images"], expected);
    let sources = refs["sources"].as_array().unwrap();
    assert_eq!(each(&refs["sources"], "source"), SOURCES);
    for row in sources {
        let (source, status) = (row["source"].as_str().unwrap(), row["status"].as_str().unwrap());
        let read = match source {
            "instances" | "launch-templates" | "launch-configurations" => 1,
            _ => 0,
        };
        assert_eq!(status, if source == "image-references" { "skipped" } else { "ok" }, "{row}");
        assert_eq!(
            (&row["read"], &row["account"], &row["region"]),
            (&read.into(), &PROD.into(), &EAST.into()),
            "{row}"
        );
        assert_eq!(row["message"], Value::Null);
    }
    setup.unchanged();
}

#[test]
fn ec2_s_own_search_names_the_same_users_once_more_and_adds_recipes() {
    let (setup, web, _, instance) = scene();
    let recipe = setup.world().image_recipe(PROD, EAST, "base", &web[0]);
    let refs = setup.json("refs web:v1");
    let own = |row: &&Value| row["source"] == "image-references";
    let found: Vec<_> = refs["images"][0]["references"].as_array().unwrap().iter().filter(own).collect();
    assert_eq!(found.len(), 3, "{refs:#}");
    assert!(found.iter().any(|row| row["id"] == *instance && row["kind"] == "instance"), "{refs:#}");
    assert!(found.iter().any(|row| row["detail"] == *recipe && row["kind"] == "image-recipe"), "{refs:#}");
}

#[test]
fn several_images_are_looked_up_at_once_by_whatever_name() {
    let (setup, web, ..) = scene();
    let refs = setup.json(&format!("refs {} web:v2", web[0]));
    assert_eq!(sorted(&refs["images"], "id"), crate::scene::sorted(&web));
    let uses: Vec<_> = refs["images"].as_array().unwrap().iter().map(|image| &image["in_use"]).collect();
    assert!(uses.contains(&&json!(true)) && uses.contains(&&json!(false)), "{refs:#}");
    assert_eq!(setup.fake.count("DescribeInstances"), 1);
    setup.run("refs web:v9").ended(1).says(&["web:v9", EAST]);
}

#[test]
fn a_source_that_cannot_be_read_leaves_the_question_open() {
    let (setup, ..) = scene();
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "not yours"));
    let ran = setup.run("refs web:v1 web:v2 -o json").ended(4);
    let refs = ran.json();
    let used = |name: &str| {
        let rows = refs["images"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap()["in_use"].clone()
    };
    // What is known is known; what is not found may be in use all the same.
    assert_eq!((used("web-v1-2025-01-01"), used("web-v2-2025-01-01")), (json!(true), Value::Null));
    let row = refs["sources"].as_array().unwrap().iter().find(|row| row["source"] == "ec2-fleets").unwrap();
    assert_eq!((&row["status"], &row["read"]), (&"failed".into(), &0.into()));
    assert!(row["message"].as_str().unwrap().contains("not yours"), "{row}");
    assert_eq!(ran.error()["code"], "Unverified");
    let table = setup.run("refs web:v2").ended(4);
    assert!(table.stdout.contains("unverified"), "{}", table.stdout);
    table.says(&["ec2-fleets in us-east-1 could not be read: not yours"]);
    let known = setup.json("refs web:v2 --without-source ec2-fleets");
    assert_eq!(known["images"][0]["in_use"], json!(false));
}

#[test]
fn references_come_in_every_format() {
    let (setup, web, template, instance) = scene();
    let table = setup.run("refs web:v1 web:v2").ended(0).stdout;
    for word in ["IMAGE", "USED BY", &template, &instance, "front:2", "nobody"] {
        assert!(table.contains(word), "{word} is not in\n{table}");
    }
    assert_eq!(setup.run("refs web:v1 web:v2 -o ids").ended(0).lines(), [web[0].as_str()]);
    let csv = setup.run("refs web:v1 -o csv").ended(0).stdout;
    assert!(csv.starts_with("image_id,region,source,kind,id,detail\n"), "{csv}");
    assert!(csv.contains(&format!("{},us-east-1,instances,instance,{instance},running", web[0])), "{csv}");
    let lines = setup.run("refs web:v1 web:v2 -o jsonl").ended(0);
    let rows: Vec<Value> = lines.lines().into_iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 2);
}

#[test]
fn an_alias_and_a_file_are_users_too() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    for id in &web[..2] {
        setup.world().parameter(PROD, EAST, "/amictl/web/prod", id);
    }
    let file = setup.home.write("pins.yaml", &format!("a: 1\nami: {}\n", web[2]));
    let refs = setup.json(&format!("refs web:prod web:v1 web:v3 --refs-from {file} --without-source image-references"));
    let of = |id: &str| {
        let rows = refs["images"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == id).unwrap()["references"].clone()
    };
    let alias = |detail: &str| json!([{"source": "ssm-parameters", "kind": "alias", "id": "/amictl/web/prod", "detail": detail}]);
    assert_eq!(of(&web[1]), alias("/amictl/web/prod"));
    assert_eq!(of(&web[0]), alias("/amictl/web/prod, the version before"));
    let place = format!("{file}:2");
    assert_eq!(of(&web[2]), json!([{"source": "files", "kind": "file", "id": place, "detail": place}]));
    assert_eq!(refs["sources"].as_array().unwrap().len(), 9);
}

#[test]
fn list_shows_who_uses_each_image_when_asked_to() {
    let (setup, _, template, instance) = scene();
    let table = setup.run("list --columns name,used_by -o csv").ended(0);
    let first = format!("instance {instance} (running), launch-template {template} (front:2)");
    assert_eq!(table.lines(), ["name,used_by", "web-v2-2025-01-01,", &format!("web-v1-2025-01-01,\"{first}\"")]);
    setup.fake.forget_calls();
    setup.run("list --columns name,id").ended(0);
    assert_eq!((setup.fake.count("DescribeInstances"), setup.fake.count("DescribeImageReferences")), (0, 0));
}

#[test]
fn list_does_not_call_an_image_unused_when_a_source_failed() {
    let (setup, ..) = scene();
    setup.fake.fault(Fault::error("DescribeParameters", "AccessDeniedException", "not yours"));
    let ran = setup.run("list --columns name,used_by -o csv");
    assert!(ran.stdout.contains("web-v2-2025-01-01,unverified"), "{}", ran.stdout);
    assert!(ran.stdout.contains("instance i-"), "{}", ran.stdout);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    ran.says(&["ssm-parameters", "not yours"]);
}
