//! Retirement in stages never loses a launch permission, and gives none back that was withdrawn.

use serde_json::{Value, json};

use crate::cli::{Amictl, Ran};
use crate::fake::{Fault, OTHER, PROD};
use crate::scene::{Scene, days_ago};
use crate::setup::{EAST, Home};

const THIRD: &str = "333333333333";
const FOURTH: &str = "444444444444";

/// A policy in which nothing but use keeps an image, carried out.
fn line(setup: &Scene) -> String {
    let text = "version = 1\nkeep = 0\nmax_delete = '100%'\nretire = ['deprecate', 'disable@14d', 'deregister@30d']\n";
    format!("prune --policy {} -o json --apply --yes", setup.home.write("staged.toml", text))
}

fn retire(setup: &Scene) -> Ran {
    setup.run(&line(setup))
}

/// What a report says of its only image: action, status, and the code where there is one.
#[track_caller]
fn row(report: &Value) -> (&str, &str, Option<&str>) {
    let rows = report["results"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{report:#}");
    (rows[0]["action"].as_str().unwrap(), rows[0]["status"].as_str().unwrap(), rows[0]["error"]["code"].as_str())
}

/// An image that has been deprecated for twenty days and is shared with these; gives its id.
fn due(setup: &Scene, accounts: &[String]) -> String {
    let mut world = setup.world();
    let image = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).deprecated_at(days_ago(20));
    let image = image.tag("amictl:retire", &format!("deprecate@{}", days_ago(20).format("%Y-%m-%dT%H:%M:%SZ")));
    accounts.iter().fold(image, |image, account| image.shared_with(account)).put()
}

/// The same, disabled by a run of the policy.
fn disabled(setup: &Scene, accounts: &[String]) -> String {
    let id = due(setup, accounts);
    assert_eq!(row(&retire(setup).ended(0).json()), ("disable", "done", None));
    assert!(setup.world().launch_permissions(&id).is_empty());
    id
}

/// The same, and wanted again.
fn wanted(setup: &Scene, accounts: &[String]) -> String {
    let id = disabled(setup, accounts);
    setup.world().instance(PROD, EAST).image(&id).put();
    id
}

fn three() -> Vec<String> {
    [OTHER, THIRD, FOURTH].map(str::to_owned).into()
}

/// So many accounts that no tag holds them.
fn many() -> Vec<String> {
    (0..30).map(|n| format!("{:012}", 400_000_000_000_u64 + n)).collect()
}

fn shares(setup: &Scene, id: &str) -> Option<String> {
    setup.image(id).tags.get("amictl:shares").cloned()
}

#[test]
fn what_was_enabled_by_hand_and_is_disabled_again_forgets_nobody() {
    for accounts in [three(), many()] {
        let setup = Scene::new();
        let id = disabled(&setup, &accounts);
        setup.run("enable web:v1").ended(0);
        // Of the steps only the first holds now, and the second is long due.
        assert_eq!(row(&retire(&setup).ended(0).json()), ("disable", "done", None));
        assert!(setup.world().launch_permissions(&id).is_empty());
        setup.run("enable web:v1 --restore-shares").ended(0);
        assert_eq!(setup.world().launch_permissions(&id), accounts);
        // Given back by hand: nobody is due any more, and putting the rest back is no failure.
        setup.world().instance(PROD, EAST).image(&id).put();
        assert_eq!(row(&retire(&setup).ended(0).json()), ("revive", "done", None));
        assert!(setup.image(&id).tags.is_empty());
        assert_eq!(setup.world().launch_permissions(&id), accounts);
    }
}

#[test]
fn one_who_is_refused_keeps_nobody_else_out_and_is_not_forgotten() {
    let setup = Scene::new();
    let id = wanted(&setup, &three());
    setup.world().missing_accounts.insert(THIRD.into());
    // The second run has nothing that it could change.
    for exit in [3, 1] {
        let report = retire(&setup).ended(exit).json();
        assert_eq!(row(&report), ("revive", "failed", Some("InvalidAMIAttributeItemValue")));
        let message = report["results"][0]["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("it is enabled, but it is not shared again with 333333333333: "), "{message}");
        assert_eq!(setup.world().launch_permissions(&id), [OTHER, FOURTH]);
        assert_eq!(shares(&setup, &id).as_deref(), Some(THIRD));
        assert!(setup.image(&id).tags.contains_key("amictl:retire"), "it is not as it was");
    }
    // Either the account is there again, or it is withdrawn from it.
    setup.run(&format!("unshare web --with {THIRD}")).ended(0);
    assert_eq!(row(&retire(&setup).ended(0).json()), ("revive", "done", None));
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, FOURTH]);
    assert!(setup.image(&id).tags.is_empty());
}

#[test]
fn while_it_is_unknown_who_it_is_shared_with_nothing_counts_as_given_back() {
    let setup = Scene::new();
    let id = wanted(&setup, &three());
    setup.fake.fault(Fault::error("ModifyImageAttribute", "UnauthorizedOperation", "not yours"));
    retire(&setup).ended(3);
    setup.fake.clear_faults();
    assert_eq!(setup.image(&id).phase.after, "available");
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", "not yours"));
    let tags = setup.image(&id).tags;
    let report = retire(&setup).ended(1).json();
    assert_eq!(row(&report), ("revive", "failed", Some("UnauthorizedOperation")));
    assert_eq!(setup.image(&id).tags, tags);
    setup.fake.clear_faults();
    // Shared with one of them by hand: the others are due all the same.
    setup.ec2("ModifyImageAttribute", &[("ImageId", &id), ("LaunchPermission.Add.1.UserId", OTHER)]);
    assert_eq!(row(&retire(&setup).ended(0).json()), ("revive", "done", None));
    assert_eq!(setup.world().launch_permissions(&id), three());
    assert!(setup.image(&id).tags.is_empty());
}

#[test]
fn what_no_tag_holds_comes_back_from_the_journal_and_elsewhere_it_is_no_success() {
    let setup = Scene::new();
    let id = wanted(&setup, &many());
    assert_eq!(shares(&setup, &id), None);
    let (line, elsewhere) = (line(&setup), Home::new());
    for exit in [3, 1] {
        let ran = Amictl::at(&setup.fake.url(), elsewhere.path()).run(&line).ended(exit);
        assert_eq!(row(&ran.json()), ("revive", "failed", Some("UnknownShares")));
        ran.says(&["its launch permissions are not restored", "--journal", "amictl:retire"]);
        assert_eq!(setup.image(&id).phase.after, "available", "it is wanted");
        assert!(setup.world().launch_permissions(&id).is_empty());
    }
    assert_eq!(row(&retire(&setup).ended(0).json()), ("revive", "done", None));
    assert_eq!(setup.world().launch_permissions(&id), many());
    assert!(setup.image(&id).tags.is_empty());
    // Once only: what is withdrawn by now stays so.
    setup.run("unshare web --all").ended(0);
    setup.run("enable web --restore-shares").ended(0);
    assert!(setup.world().launch_permissions(&id).is_empty());
}

#[test]
fn permissions_can_be_given_back_by_hand_where_the_journal_is() {
    let setup = Scene::new();
    let id = wanted(&setup, &many());
    let (line, elsewhere) = (line(&setup), Home::new());
    Amictl::at(&setup.fake.url(), elsewhere.path()).run(&line).ended(3);
    setup.run("enable web --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), many());
    let ran = Amictl::at(&setup.fake.url(), elsewhere.path()).run(&line).ended(0);
    assert_eq!(row(&ran.json()), ("revive", "done", None));
    assert!(setup.image(&id).tags.is_empty());
}

#[test]
fn an_image_that_ec2_still_takes_for_disabled_is_waited_for() {
    let setup = Scene::new();
    let id = wanted(&setup, &three());
    setup.fake.fault(Fault::error("ModifyImageAttribute", "InvalidAMIID.Unavailable", "Not yet.").times(2));
    assert_eq!(row(&retire(&setup).ended(0).json()), ("revive", "done", None));
    assert_eq!(setup.world().launch_permissions(&id), three());
}

#[test]
fn a_disabling_that_was_refused_leaves_the_tags_as_they_were() {
    let setup = Scene::new();
    let id = due(&setup, &three());
    let tags = setup.image(&id).tags;
    setup.fake.fault(Fault::error("DisableImage", "UnauthorizedOperation", "not yours"));
    let report = retire(&setup).ended(1).json();
    assert_eq!(row(&report), ("disable", "failed", Some("UnauthorizedOperation")));
    assert_eq!((setup.image(&id).tags, &report["results"][0]["changed"]), (tags, &json!(false)));
    setup.fake.clear_faults();
    setup.run("unshare web:v1 --all").ended(0);
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert!(setup.world().launch_permissions(&id).is_empty());
}

#[test]
fn an_image_with_room_for_one_tag_only_goes_the_step_and_comes_back() {
    let setup = Scene::new();
    let id = due(&setup, &three());
    for n in 0..49 {
        setup.world().image_mut(&id).tags.insert(format!("k{n}"), String::new());
    }
    let report = retire(&setup).ended(0).json();
    assert_eq!(row(&report), ("disable", "done", None));
    let said = "3 permissions kept in the journal only, as the image has no room for another tag";
    assert_eq!((&report["results"][0]["detail"], shares(&setup, &id)), (&json!(said), None));
    setup.world().instance(PROD, EAST).image(&id).put();
    assert_eq!(row(&retire(&setup).ended(0).json()), ("revive", "done", None));
    assert_eq!(setup.world().launch_permissions(&id), three());
    assert_eq!(setup.image(&id).tags.len(), 49);
}

#[test]
fn what_is_withdrawn_while_it_is_disabled_is_not_given_back() {
    let setup = Scene::new();
    let id = wanted(&setup, &three());
    setup.run(&format!("unshare web:v1 --with {OTHER},{FOURTH}")).ended(0);
    assert_eq!(row(&retire(&setup).ended(0).json()), ("revive", "done", None));
    assert_eq!(setup.world().launch_permissions(&id), [THIRD]);
}

#[test]
fn a_damaged_tag_leaves_the_image_as_it_is() {
    let setup = Scene::new();
    let id = wanted(&setup, &three());
    setup.tag(&id, "amictl:shares", "everybody");
    let report = retire(&setup).ended(1).json();
    assert_eq!(row(&report), ("revive", "failed", Some("DamagedTag")));
    assert_eq!(setup.image(&id).phase.after, "disabled");
    setup.tag(&id, "amictl:shares", THIRD);
    assert_eq!(row(&retire(&setup).ended(0).json()), ("revive", "done", None));
    assert_eq!(setup.world().launch_permissions(&id), [THIRD]);
}
