//! `tag`: sets and removes tags of images.

use serde_json::json;

use crate::changes::verbs::{NAME, changed};
use crate::fake::{Fault, FaultKind, PROD, Tags};
use crate::setup::{EAST, Setup, WEST, refused};

/// An endpoint with one image that carries two tags; gives its id.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).tag("Team", "core").tag("Old", "yes").put();
    (setup, id)
}

fn tags(setup: &Setup, id: &str) -> Vec<String> {
    setup.image(id).tags.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

/// Checks that a run was a usage error that says this, and that nothing was changed.
#[track_caller]
fn refuses(setup: &Setup, args: &[&str], said: &str) {
    setup.fake.forget_calls();
    let args: Vec<&str> = ["tag"].iter().chain(args).copied().collect();
    setup.amictl().args(&args).ended(2).says(&[said]);
    setup.unchanged();
}

#[test]
fn tags_are_set_replaced_and_removed() {
    let (setup, id) = ready();
    setup.run("tag web:v1 Release=gold").ended(0);
    assert_eq!(tags(&setup, &id), ["Old=yes", "Release=gold", "Team=core"]);
    setup.run("tag web:v1 Release=silver Team=").ended(0);
    assert_eq!(tags(&setup, &id), ["Old=yes", "Release=silver", "Team="]);
    setup.fake.forget_calls();
    setup.run("tag web:v1 Url=https://example.com/?a=b --remove Old --remove Never").ended(0);
    assert_eq!(tags(&setup, &id), ["Release=silver", "Team=", "Url=https://example.com/?a=b"]);
    assert_eq!(setup.changes(), ["CreateTags", "DeleteTags"]);
    setup.fake.forget_calls();
    let report = setup.json("tag web:v1 Team= --remove Old --remove Never");
    assert_eq!((changed(&report), &report["results"][0]["action"]), (vec![false], &json!("tag")));
    setup.unchanged();
    setup.run("tag web:v1 Team=core --remove Old").ended(0);
    assert_eq!(setup.changes(), ["CreateTags"], "what is gone already is not removed again");
}

#[test]
fn a_value_with_spaces_is_one_argument() {
    let (setup, id) = ready();
    setup.amictl().args(&["tag", "web", "Cost Center=a b", "--remove", "Old"]).ended(0);
    assert_eq!(tags(&setup, &id), ["Cost Center=a b", "Team=core"]);
}

#[test]
fn images_and_tags_come_in_any_order() {
    let (setup, id) = ready();
    let second = setup.world().image(PROD, EAST, "db-v1-2026-01-02").put();
    setup.run("tag A=1 web db:v1 B=2").ended(0);
    assert_eq!(tags(&setup, &second), ["A=1", "B=2"]);
    assert_eq!(tags(&setup, &id), ["A=1", "B=2", "Old=yes", "Team=core"]);
}

#[test]
fn snapshots_keep_their_tags() {
    let (setup, id) = ready();
    setup.run("tag web Release=gold").ended(0);
    let snapshot = setup.image(&id).snapshots().next().unwrap().to_owned();
    assert_eq!(setup.world().find_snapshot(&snapshot).unwrap().tags, Tags::new());
}

#[test]
fn what_ec2_would_refuse_is_a_usage_error() {
    let (setup, _) = ready();
    setup.world().image(PROD, WEST, NAME).put();
    let (key, value) = ("k".repeat(129), "v".repeat(257));
    refuses(&setup, &["web", "aws:name=x"], "starts with 'aws:'");
    refuses(&setup, &["web", "--remove", "aws:name"], "starts with 'aws:'");
    refuses(&setup, &["web", "AWS:name=x"], "starts with 'aws:'");
    refuses(&setup, &["web", "=x"], "0 characters");
    refuses(&setup, &["web", &format!("{key}=x")], "129 characters");
    refuses(&setup, &["web", &format!("x={value}")], "257 characters");
    refuses(&setup, &["web", "Team=a", "Team=b"], "tag 'Team' is given twice");
    refuses(&setup, &["web", "Team=a", "--remove", "Team"], "tag 'Team' is given both to set and to remove");
    refuses(&setup, &["Team=a"], "no image is named");
    refuses(&setup, &["web"], "no tag is named");
    refuses(&setup, &["--remove", "Team"], "REF|KEY=VALUE");
    refuses(&setup, &["we:b:", "Team=a"], "we:b:");
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn fifty_tags_are_the_most_and_the_room_is_made_first() {
    let setup = Setup::new();
    let full = (0..50).map(|n| (format!("k{n:02}"), "x".to_owned())).collect::<Tags>();
    let id = setup.world().image(PROD, EAST, NAME).put();
    setup.world().image_mut(&id).tags = full.clone();
    setup.world().image(PROD, EAST, "db-v1-2026-01-02").put();
    refuses(&setup, &["db", "web", "new=x"], "51 tags are too many");
    setup.run("tag web k07=y").ended(0);
    setup.fake.forget_calls();
    setup.run("tag web new=x --remove k01").ended(0);
    assert_eq!(setup.changes(), ["DeleteTags", "CreateTags"]);
    assert_eq!((setup.image(&id).tags.len(), setup.image(&id).tags.contains_key("new")), (50, true));
}

#[test]
fn an_answer_that_is_lost_in_the_middle_loses_no_tag() {
    for call in ["CreateTags", "DeleteTags"] {
        let (setup, id) = ready();
        setup.fake.fault(Fault::on(call, FaultKind::ResetAfter).times(1));
        let line = "tag web Release=gold --remove Old -o json";
        assert_eq!(changed(&setup.once().run(line).ended(0).json()), [true], "{call}");
        assert_eq!(tags(&setup, &id), ["Release=gold", "Team=core"], "{call}");
    }
    let (setup, id) = ready();
    setup.fake.fault(Fault::error("DeleteTags", "UnauthorizedOperation", "No removing."));
    let half = setup.run("tag web Release=gold --remove Old -o json").ended(3).says(&["No removing."]);
    assert_eq!(changed(&half.json()), [true]);
    setup.run("tag web Release=gold --remove Old").ended(1).says(&["No removing."]);
    assert_eq!(tags(&setup, &id), ["Old=yes", "Release=gold", "Team=core"]);
}

#[test]
fn a_dry_run_asks_about_both() {
    let (setup, id) = ready();
    setup.run("tag web Release=gold --remove Old --dry-run").ended(0).says(&["would be tagged"]);
    for call in ["CreateTags", "DeleteTags"] {
        assert_eq!(setup.outcomes(call), [refused("DryRunOperation")], "{call}");
    }
    setup.unchanged();
    assert_eq!(tags(&setup, &id), ["Old=yes", "Team=core"]);
}

#[test]
fn what_is_pending_is_tagged_as_well() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).state("pending").put();
    setup.run("tag web:v1 Team=core").ended(0);
    assert_eq!(tags(&setup, &id), ["Team=core"]);
}
