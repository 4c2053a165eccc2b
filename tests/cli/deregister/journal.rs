//! The journal of `deregister`: without it nothing is destroyed.

use serde_json::Value;

use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup};

const NAME: &str = "web-v1-2026-01-02";

/// The lines of a journal.
fn lines(path: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn it_says_what_the_image_was_and_what_became_of_it() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).tag("Team", "core").shared_with("222222222222").put();
    let snapshot = setup.image(&id).snapshots().next().unwrap().to_owned();
    setup.run(&format!("deregister {id} --yes")).ended(0);
    let journal = lines(&setup.home.path().join(".local/state/amictl/journal.jsonl"));
    assert_eq!(journal.iter().map(|line| line["phase"].as_str().unwrap()).collect::<Vec<_>>(), ["begin", "end"]);
    let (begin, end) = (&journal[0], &journal[1]);
    assert_eq!((&begin["image"]["id"], &begin["image"]["name"]), (&Value::from(id.clone()), &NAME.into()));
    assert_eq!((&begin["image"]["tags"]["Team"], &begin["action"]), (&"core".into(), &"deregister".into()));
    assert_eq!(begin["launch_permissions"], serde_json::json!(["222222222222"]));
    assert_eq!(begin["delete_snapshots"], serde_json::json!([snapshot]));
    assert_eq!(begin["who"], "arn:aws:iam::111111111111:user/operator");
    assert_eq!((&end["run"], &end["result"]["status"]), (&begin["run"], &"done".into()));
    assert_eq!(end["result"]["snapshots"][0]["result"], "deleted");
}

#[test]
fn runs_append_and_failures_are_written_down() {
    let setup = Setup::new();
    let file = setup.home.path().join("state/ami.jsonl");
    for version in 1..=2 {
        let id = setup.world().image(PROD, EAST, &format!("web-v{version}-2026-01-02")).put();
        setup.run(&format!("deregister {id} --yes --journal {}", file.display())).ended(0);
    }
    let id = setup.world().image(PROD, EAST, "web-v3-2026-01-02").put();
    setup.fake.fault(Fault::error("DeregisterImage", "UnauthorizedOperation", "You are not authorized."));
    let named = setup.amictl().env("AMICTL_JOURNAL", &file);
    named.run(&format!("deregister {id} --yes")).ended(1);
    let journal = lines(&file);
    assert_eq!(journal.len(), 6);
    assert_eq!(journal[5]["result"]["status"], "failed");
    assert_eq!(journal[5]["result"]["error"]["code"], "UnauthorizedOperation");
}

#[test]
fn where_it_cannot_be_written_nothing_is_done() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let file = setup.home.write("file", "");
    let line = format!("deregister {id} --yes --journal {file}/journal.jsonl");
    setup.run(&line).ended(1).says(&["journal", &file]);
    setup.unchanged();
    assert_eq!(setup.names(PROD, EAST), [NAME]);
}

#[test]
fn the_tags_of_snapshots_that_go_are_in_it() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).snapshots(2).snapshot_tag("Team", "core").put();
    let snapshots = setup.snapshots_of(&id);
    setup.run(&format!("deregister {id} --yes")).ended(0);
    let file = setup.home.path().join(".local/state/amictl/journal.jsonl");
    let tags = lines(&file)[0]["snapshot_tags"].clone();
    assert_eq!(tags.as_object().unwrap().len(), 2);
    assert!(snapshots.iter().all(|id| tags[id] == serde_json::json!({"Team": "core"})), "{tags}");
    // Not being allowed to know them is no reason to keep the image. The snapshots stay: one of the tags may keep them.
    let id = setup.world().image(PROD, EAST, NAME).put();
    setup.fake.fault(Fault::error("DescribeSnapshots", "UnauthorizedOperation", "No looking.").times(1));
    setup.run(&format!("deregister {id} --yes -o json")).ended(0);
    assert_eq!(setup.world().snapshots(PROD, EAST).count(), 1);
    assert_eq!(lines(&file)[2]["snapshot_tags"], Value::Null);
}

#[test]
fn launch_permissions_that_do_not_fit_a_tag_come_back_from_it() {
    let setup = Setup::new();
    let mut world = setup.world();
    let mut image = world.image(PROD, EAST, NAME);
    for n in 0..30 {
        image = image.shared_with(&format!("3333333333{n:02}"));
    }
    let id = image.put();
    drop(world);
    let before = setup.image(&id).launch;
    setup.run(&format!("disable {id}")).ended(0);
    let image = setup.image(&id);
    assert!(image.launch.is_empty() && !image.tags.contains_key("amictl:shares"), "{image:?}");
    setup.run(&format!("enable {id} --restore-shares")).ended(0);
    assert_eq!(setup.image(&id).launch, before);
}
