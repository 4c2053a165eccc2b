//! `aliases --history`: all versions that SSM keeps.

use serde_json::{Value, json};

use crate::fake::PROD;
use crate::setup::{EAST, Setup, each};

/// The description that amictl gives a version.
fn note(action: &str, image: &str) -> String {
    json!({"by": "arn:aws:sts::111111111111:assumed-role/deploy/ci", "action": action, "image": image,
        "from": null, "reason": format!("{action} it"), "run": "run", "at": "2026-01-02T03:04:05Z"})
    .to_string()
}

#[test]
fn each_version_says_who_what_and_why() {
    let setup = Setup::new();
    let image = |n: u32| setup.world().image(PROD, EAST, &format!("web-v{n}-2026-01-0{n}")).put();
    let ids: Vec<_> = (1..=3).map(image).collect();
    let mut world = setup.world();
    let seed = world.typed_parameter(PROD, EAST, "/amictl/web/prod").data_type("aws:ec2:image");
    let seed = seed.value(&ids[0]).modified("2026-01-01T00:00:00Z");
    let seed = seed.value(&ids[1]).described(&note("promote", &ids[1])).modified("2026-01-02T00:00:00Z");
    let seed = seed.value(&ids[0]).described(&note("rollback", &ids[0])).modified("2026-01-03T00:00:00Z");
    // Somebody wrote another value, and SSM kept the description.
    seed.value(&ids[2]).described(&note("rollback", &ids[0])).modified("2026-01-04T00:00:00Z").put();
    drop(world);
    let alias = setup.json("aliases web --history")["aliases"][0].clone();
    let history = &alias["history"];
    assert_eq!(each(history, "image_id"), [&ids[2], &ids[0], &ids[1], &ids[0]]);
    assert_eq!(each(history, "at")[0], "2026-01-04T00:00:00Z");
    let field =
        |name: &str| -> Vec<Value> { history.as_array().unwrap().iter().map(|entry| entry[name].clone()).collect() };
    assert_eq!(field("version"), [4, 3, 2, 1].map(Value::from));
    assert_eq!(field("action"), [Value::Null, json!("rollback"), json!("promote"), Value::Null]);
    assert_eq!(field("reason"), [Value::Null, json!("rollback it"), json!("promote it"), Value::Null]);
    let by = each(history, "by");
    assert!(by[0].ends_with(":user/operator") && by[1].ends_with("deploy/ci"), "{by:?}");
    assert_eq!((&alias["version"], &alias["previous_image_id"]), (&json!(4), &json!(ids[0])));
    let table = setup.run("aliases web --history").ended(0).stdout;
    for words in ["VERSION", "ACTION", "by hand", "promote it", "deploy/ci"] {
        assert!(table.contains(words), "{words} is not in\n{table}");
    }
    let csv = setup.run("aliases web --history -o csv").ended(0);
    assert_eq!(csv.lines().len(), 5);
    let csv = setup.run("aliases web -o csv").ended(0);
    assert_eq!(csv.lines().len(), 2);
}

#[test]
fn all_pages_of_a_history_are_read() {
    let setup = Setup::new();
    let image = setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
    let other = setup.world().image(PROD, EAST, "web-v2-2026-01-02").put();
    for n in 0..70 {
        setup.world().parameter(PROD, EAST, "/amictl/web/prod", if n == 0 { &other } else { &image });
    }
    let alias = setup.json("aliases web --history")["aliases"][0].clone();
    assert_eq!(alias["history"].as_array().unwrap().len(), 70);
    assert_eq!(alias["previous_image_id"], json!(other));
    assert_eq!(setup.fake.count("GetParameterHistory"), 2);
}

#[test]
fn what_others_wrote_into_a_note_is_not_run_by_a_terminal() {
    let setup = Setup::new();
    let image = setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
    let reason = note("promote", &image).replace("promote it", "\\u001b[31mred");
    let mut world = setup.world();
    let seed = world.typed_parameter(PROD, EAST, "/amictl/web/prod").data_type("aws:ec2:image");
    seed.value(&image).described(&reason).put();
    drop(world);
    let table = setup.run("aliases web").ended(0).stdout;
    assert!(table.contains("\\u{1b}[31mred") && !table.contains('\u{1b}'), "{table}");
    assert_eq!(setup.json("aliases web")["aliases"][0]["reason"], "\u{1b}[31mred");
}
