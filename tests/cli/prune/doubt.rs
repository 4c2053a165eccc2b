//! Use that is easily overlooked.
//!
//! By accounts that an image was shared with before it was disabled, by accounts that show their images to nobody, by
//! members of the organization that are not active.

use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD};
use crate::prune::accounts::{OTHER_ROLE, THIRD, THIRD_ROLE, TWO, old};
use crate::scene::{ALL, Plan, Scene, days_ago};
use crate::setup::{EAST, each};

/// An image that was shared with the other account until it was disabled, and one that was shared with nobody.
fn disabled() -> (Scene, String, String) {
    let setup = Scene::new();
    setup.world().add_account("AKIATHIRD", THIRD);
    let shared = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(OTHER).put();
    let own = setup.old("web-v2-2025-01-01");
    setup.run("disable web:v1 web:v2").ended(0);
    setup.fake.forget_calls();
    (setup, shared, own)
}

#[test]
fn an_image_that_stays_as_it_is_shared_stays_when_it_is_disabled() {
    let (setup, shared, own) = disabled();
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let doubtful = Plan::of(&setup.run(&format!("{ALL} {TWO}")).ended(4));
    assert_eq!((doubtful.codes(&shared), doubtful.going()), (vec!["unverified"], vec![own.as_str()]));
    let before = [("shared", "shared with 222222222222 before it was disabled")];
    for (line, code) in [(TWO, 3), ("", 0), ("--usage-reports", 0)] {
        let plan = Plan::of(&setup.run(&format!("{ALL} --keep-shared {line}")).ended(code));
        assert_eq!((plan.reasons(&shared), plan.going()), (before.to_vec(), vec![own.as_str()]), "{line}");
    }
    assert_eq!(setup.fake.count("CreateImageUsageReport"), 0, "it stays anyway");
    let line = format!("prune --keep 0 --keep-shared --apply --yes --max-delete 100% -o json {TWO}");
    setup.run(&line).ended(3);
    assert!(setup.has(&shared) && !setup.has(&own));
}

#[test]
fn where_nobody_knows_who_a_disabled_image_was_shared_with_it_is_kept() {
    let (setup, shared, own) = disabled();
    for tag in [None, Some("everybody"), Some("22222222222")] {
        setup.ec2("DeleteTags", &[("ResourceId.1", &shared), ("Tag.1.Key", "amictl:shares")]);
        if let Some(tag) = tag {
            setup.tag(&shared, "amictl:shares", tag);
        }
        let plan = Plan::of(&setup.run(&format!("{ALL} --keep-shared")).ended(4));
        let why =
            "who it is shared with is unknown: it is disabled, and no tag amictl:shares says who it was shared with";
        assert_eq!((plan.reasons(&shared), plan.going()), (vec![("unverified", why)], vec![own.as_str()]), "{tag:?}");
    }
    setup.ec2("DeleteTags", &[("ResourceId.1", &shared), ("Tag.1.Key", "amictl:shares")]);
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let plan = Plan::of(&setup.run(&format!("{ALL} {TWO}")).ended(4));
    let said = "it is disabled, and no tag amictl:shares says who it was shared with; account 222222222222";
    assert!(plan.reasons(&shared)[0].1.contains(said), "{:?}", plan.reasons(&shared));
    // Whoever knows says so.
    setup.run("tag web:v1 amictl:shares=").ended(0);
    assert_eq!(setup.plan("prune --keep 0 --keep-shared").going().len(), 2);
}

#[test]
fn what_others_use_counts_also_where_shared_images_stay() {
    let setup = Scene::new();
    let own = setup.old("web-v1-2025-01-01");
    // Only EC2's own search in the other account knows of it.
    setup.world().image_recipe(OTHER, EAST, "base", &own);
    assert_eq!(setup.plan(&format!("prune --keep 0 {TWO} --keep-shared")).codes(&own), ["in-use"]);
    setup.unchanged();
}

#[test]
fn what_a_place_uses_counts_though_it_does_not_show_its_images() {
    let setup = Scene::new();
    let shared = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(OTHER).put();
    let unshared = setup.old("web-v2-2025-01-01");
    let by_recipe = setup.old("web-v3-2025-01-01");
    let unused = setup.old("web-v4-2025-01-01");
    old(&setup, OTHER, EAST, "db-v1-2025-01-01");
    // It was launched while it was shared, and is shared no more.
    let instance = setup.world().instance(OTHER, EAST).image(&unshared).put();
    setup.world().image_recipe(OTHER, EAST, "base", &by_recipe);
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "not yours").of_account(OTHER));
    let ran = setup.run(&format!("{ALL} {TWO}")).ended(4);
    let plan = Plan::of(&ran);
    let by = format!("instance {instance} (account {OTHER}: running)");
    assert_eq!(plan.reasons(&unshared), [("in-use", by.as_str())]);
    assert_eq!(plan.codes(&by_recipe), ["in-use"]);
    let reasons = plan.reasons(&shared);
    assert!(matches!(reasons[..], [("unverified", why)] if why.contains("not yours")), "{reasons:?}");
    assert_eq!(plan.going(), [unused.as_str()]);
    assert_eq!((each(&plan.0["errors"], "account"), each(&plan.0["errors"], "region")), (vec![OTHER], vec![EAST]));
    assert!(each(&plan.0["sources"], "account").iter().all(|account| *account == PROD), "{:#}", plan.0["sources"]);
    let report = setup.run(&format!("prune --keep 0 --apply --yes --max-delete 100% -o json {TWO}")).ended(4).json();
    assert_eq!(report["summary"]["done"], 1);
    assert!(setup.has(&unshared) && setup.has(&by_recipe) && setup.has(&shared) && !setup.has(&unused));
}

/// An organization of which a member has this state, with an image that is shared with that one, one with the whole
/// organization, and one with another member.
fn organization(state: &str) -> (Scene, [String; 3]) {
    let setup = Scene::new();
    let mut world = setup.world();
    world.add_member(OTHER, "dev", "ACTIVE");
    world.add_member(THIRD, "old", state);
    let arn = world.organization_arn();
    let member = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(THIRD).put();
    let all = world.image(PROD, EAST, "web-v2-2025-01-01").created(days_ago(100)).shared_with_arn(&arn).put();
    let other = world.image(PROD, EAST, "web-v3-2025-01-01").created(days_ago(100)).shared_with(OTHER).put();
    drop(world);
    (setup, [member, all, other])
}

#[test]
fn an_image_that_a_suspended_account_may_launch_is_kept() {
    for state in ["SUSPENDED", "PENDING_CLOSURE", "PENDING_ACTIVATION"] {
        let (setup, [member, all, other]) = organization(state);
        let ran = setup.run(&format!("{ALL} --org-role ami -q")).ended(4);
        let plan = Plan::of(&ran);
        assert_eq!(plan.going(), [other.as_str()], "{state}");
        for id in [&member, &all] {
            let reasons = plan.reasons(id);
            let [("unverified", why)] = reasons[..] else { panic!("{state}: {reasons:?}") };
            let begin = format!("accounts: shared with account {THIRD}, which could not be read");
            assert!(why.starts_with(&begin) && why.contains(state), "{why}");
            assert!(why.contains("--without-source accounts"), "{why}");
        }
        assert_eq!(plan.source("accounts")["status"], "failed");
        assert_eq!((&plan.0["errors"], &plan.0["accounts"]), (&json!([]), &json!([PROD, OTHER])));
        assert_eq!(ran.error()["code"], "Unverified");
    }
}

#[test]
fn a_suspended_account_leaves_doubt_where_it_is_the_only_other_one() {
    let setup = Scene::new();
    setup.world().add_member(THIRD, "old", "SUSPENDED");
    let shared = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(THIRD).put();
    let own = setup.old("web-v2-2025-01-01");
    let plan = Plan::of(&setup.run(&format!("{ALL} --org-role ami")).ended(4));
    assert_eq!((plan.codes(&shared), plan.going()), (vec!["unverified"], vec![own.as_str()]));
    // Who knows better names the accounts, or leaves use by others out.
    assert_eq!(setup.plan("prune --keep 0").going().len(), 2);
    assert_eq!(setup.plan("prune --keep 0 --org-role ami --without-source accounts").going().len(), 2);
    setup.run(&format!("deregister {shared} --yes --org-role ami")).ended(4).says(&["is SUSPENDED", "accounts"]);
    let refs = setup.run("refs web:v1 web:v2 --org-role ami -o json").ended(4).json();
    let answers: Vec<_> = refs["images"].as_array().unwrap().iter().map(|i| (&i["id"], &i["in_use"])).collect();
    assert!(answers.contains(&(&shared.as_str().into(), &Value::Null)), "{answers:?}");
    assert!(answers.contains(&(&own.as_str().into(), &false.into())), "{answers:?}");
    // A listing only says so.
    let list = setup.run("list --org-role ami --columns name,used_by -o csv --sort name").ended(0);
    assert_eq!(list.lines()[1..], ["web-v2-2025-01-01,", "web-v1-2025-01-01,unverified"]);
    setup.unchanged();
}

#[test]
fn nothing_is_in_doubt_for_a_closed_account_or_where_nothing_is_shared() {
    let (setup, _) = organization("CLOSED");
    assert_eq!(setup.plan("prune --keep 0 --org-role ami").going().len(), 3);
    let setup = Scene::new();
    setup.world().add_member(THIRD, "old", "SUSPENDED");
    setup.old("web-v1-2025-01-01");
    assert_eq!(setup.plan("prune --keep 0 --org-role ami").going().len(), 1);
}

#[test]
fn a_suspended_account_that_is_named_is_tried_and_counts_once() {
    let (setup, [member, all, other]) = organization("SUSPENDED");
    let ran = setup.run(&format!("{ALL} --org-role ami --role-arn {THIRD_ROLE}")).ended(4);
    let plan = Plan::of(&ran);
    assert_eq!((plan.going(), each(&plan.0["errors"], "account")), (vec![other.as_str()], vec![THIRD]));
    assert!([&member, &all].iter().all(|id| plan.reasons(id)[0].1.contains("cannot be assumed")));
}

#[test]
fn an_account_of_a_state_that_is_new_to_us_is_looked_into() {
    let (setup, [member, ..]) = organization("RENAMED");
    setup.world().instance(THIRD, EAST).image(&member).put();
    let plan = setup.plan("prune --keep 0 --org-role ami");
    assert_eq!((plan.codes(&member), &plan.0["accounts"]), (vec!["in-use"], &json!([PROD, OTHER, THIRD])));
}
