//! Use across accounts: it keeps an image, as does an account that could not be read.

use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD, World};
use crate::prune::accounts::{OTHER_ROLE, THIRD, TWO, old};
use crate::scene::{ALL, Plan, Scene, days_ago};
use crate::setup::{EAST, WEST, each};

/// An old image that is shared with the other account, and one that is not.
fn ready() -> (Scene, String, String) {
    let setup = Scene::new();
    setup.world().add_account("AKIATHIRD", THIRD);
    let shared = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(OTHER).put();
    let own = setup.old("web-v2-2025-01-01");
    (setup, shared, own)
}

type Use = fn(&mut World, &str) -> String;

#[test]
fn an_image_that_another_account_uses_is_kept_and_that_account_is_named() {
    let uses: [(&str, Use); 5] = [
        ("an instance", |world, image| {
            let id = world.instance(OTHER, EAST).image(image).put();
            format!("instance {id} (account {OTHER}: running)")
        }),
        ("a template", |world, image| {
            let id = world.launch_template(OTHER, EAST, "front").image(image).put();
            format!("launch-template {id} (account {OTHER}: front:1)")
        }),
        ("a launch configuration", |world, image| {
            world.launch_configuration(OTHER, EAST, "lc", image);
            format!("launch-configuration lc (account {OTHER})")
        }),
        ("a parameter", |world, image| {
            world.parameter(OTHER, EAST, "/golden/web", image);
            format!("ssm-parameter /golden/web (account {OTHER})")
        }),
        ("a recipe, which only EC2's own search finds", |world, image| {
            world.image_recipe(OTHER, EAST, "base", image);
            format!("image-recipe image-recipe/base/1.0.0 (account {OTHER})")
        }),
    ];
    for (what, put) in uses {
        let (setup, shared, own) = ready();
        let named = put(&mut setup.world(), &shared);
        let plan = setup.plan(&format!("prune --keep 0 {TWO}"));
        assert_eq!(plan.reasons(&shared), [("in-use", named.as_str())], "{what}");
        assert_eq!(plan.going(), [own.as_str()], "{what}");
        let row = plan.source("accounts");
        assert_eq!((&row["status"], &row["read"], &row["account"]), (&"ok".into(), &1.into(), &PROD.into()), "{what}");
        // Nobody looks into the other account unless it is given, or when it is left out knowingly.
        assert_eq!(setup.plan("prune --keep 0").going().len(), 2, "{what}");
        let without = setup.plan(&format!("prune --keep 0 {TWO} --without-source accounts"));
        assert_eq!((without.going().len(), &without.source("accounts")["status"]), (2, &"skipped".into()), "{what}");
        setup.unchanged();
    }
}

#[test]
fn an_alias_in_another_account_is_an_alias() {
    let (setup, shared, _) = ready();
    setup.world().parameter(OTHER, EAST, "/amictl/web/prod", &shared);
    let plan = setup.plan(&format!("prune --keep 0 {TWO}"));
    assert_eq!(plan.reasons(&shared), [("alias", "alias /amictl/web/prod (account 222222222222)")]);
}

#[test]
fn use_counts_in_the_region_of_the_image_only_and_also_after_it_is_shared_no_more() {
    let (setup, shared, own) = ready();
    let mut world = setup.world();
    world.instance(OTHER, WEST).image(&shared).put();
    world.instance(OTHER, EAST).image(&own).put();
    drop(world);
    let plan = setup.plan(&format!("prune --keep 0 {TWO} --region us-east-1,us-west-2"));
    assert_eq!(plan.codes(&own), ["in-use"]);
    assert_eq!(plan.going(), [shared.as_str()]);
}

#[test]
fn an_account_that_cannot_be_entered_keeps_what_it_may_launch_and_nothing_else() {
    let (setup, shared, own) = ready();
    let organization = setup.world().make_organization(PROD);
    let mut world = setup.world();
    let by_organization =
        world.image(PROD, EAST, "web-v3-2025-01-01").created(days_ago(90)).shared_with_arn(&organization).put();
    let public = world.image(PROD, EAST, "web-v4-2025-01-01").created(days_ago(90)).public().put();
    let third = world.image(PROD, EAST, "web-v5-2025-01-01").created(days_ago(90)).shared_with(THIRD).put();
    world.denied_roles.insert(OTHER_ROLE.to_owned());
    drop(world);
    let ran = setup.run(&format!("{ALL} {TWO}")).ended(4);
    let plan = Plan::of(&ran);
    for id in [&shared, &by_organization, &public] {
        let reasons = plan.reasons(id);
        let [("unverified", why)] = reasons[..] else { panic!("{reasons:?}") };
        assert!(why.contains("accounts: shared with account 222222222222, which could not be read"), "{why}");
        assert!(why.contains("cannot be assumed"), "{why}");
    }
    let mut going = [own.as_str(), third.as_str()];
    going.sort_unstable();
    assert_eq!(plan.going(), going);
    assert_eq!(plan.source("accounts")["status"], "failed");
    assert_eq!(each(&plan.0["errors"], "account"), [OTHER]);
    let error = ran.error();
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("3 images stay, as their use could not be verified")
            && message.contains("account 222222222222"),
        "{message}"
    );

    // Who an image is shared with is asked of the candidates only, and only where it matters.
    assert_eq!(setup.fake.count("DescribeImageAttribute"), 5);
    setup.fake.forget_calls();
    setup.run(&format!("prune --keep 9 {TWO} -o json")).ended(3);
    setup.run("prune --keep 0 -o json").ended(0);
    assert_eq!(setup.fake.count("DescribeImageAttribute"), 0);

    let report = setup.run(&format!("prune --keep 0 --apply --yes --max-delete 100% -o json {TWO}")).ended(4).json();
    assert_eq!(report["summary"], json!({"done": 2, "failed": 0, "skipped": 0}));
    assert!(setup.has(&shared) && setup.has(&public) && !setup.has(&own));
}

#[test]
fn an_account_of_which_a_source_fails_keeps_its_own_images_and_what_it_may_launch() {
    let (setup, shared, own) = ready();
    let theirs = old(&setup, OTHER, EAST, "db-v1-2025-01-01");
    let refusal = Fault::error("DescribeFleets", "UnauthorizedOperation", "not yours");
    setup.fake.fault(refusal.of_account(OTHER));
    let plan = Plan::of(&setup.run(&format!("{ALL} {TWO}")).ended(4));
    assert_eq!((plan.codes(&shared), plan.codes(&theirs)), (vec!["unverified"], vec!["unverified"]));
    assert!(plan.reasons(&shared)[0].1.contains("ec2-fleets in us-east-1: not yours"), "{:?}", plan.reasons(&shared));
    assert_eq!(plan.going(), [own.as_str()]);
}

#[test]
fn a_search_that_may_not_be_made_elsewhere_leaves_doubt_about_what_is_shared() {
    let (setup, shared, own) = ready();
    // Only the search for images of others is refused: the account has no candidates of its own.
    let refusal = Fault::error("DescribeImageReferences", "UnauthorizedOperation", "no search");
    setup.fake.fault(refusal.of_account(OTHER));
    let plan = Plan::of(&setup.run(&format!("{ALL} {TWO}")).ended(4));
    assert_eq!((plan.codes(&shared), plan.going()), (vec!["unverified"], vec![own.as_str()]));
}

#[test]
fn where_it_is_unknown_who_an_image_is_shared_with_it_is_kept() {
    let (setup, shared, own) = ready();
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", "not to be known"));
    let plan = Plan::of(&setup.run(&format!("{ALL} {TWO}")).ended(4));
    assert!(plan.going().is_empty());
    for id in [&shared, &own] {
        assert!(
            plan.reasons(id)[0].1.contains("who it is shared with is unknown: not to be known"),
            "{:?}",
            plan.reasons(id)
        );
    }
}

#[test]
fn refs_name_the_users_in_every_account() {
    let (setup, shared, own) = ready();
    let instance = setup.world().instance(OTHER, EAST).image(&shared).put();
    let refs = setup.json(&format!("refs web:v1 web:v2 {TWO} --without-source image-references"));
    let image = |id: &str| refs["images"].as_array().unwrap().iter().find(|image| image["id"] == id).unwrap().clone();
    assert_eq!(refs["images"].as_array().unwrap().len(), 2, "seen by both accounts, and counted once: {refs:#}");
    let found = image(&shared);
    let by =
        json!([{"source": "accounts", "kind": "instance", "id": instance, "detail": "account 222222222222: running"}]);
    assert_eq!((&found["references"], &found["owner_id"], &found["in_use"]), (&by, &PROD.into(), &true.into()));
    assert_eq!(image(&own)["in_use"], false);
    // By its id it is seen from both accounts.
    let by_id = setup.json(&format!("refs {shared} {TWO}"));
    assert_eq!(each(&by_id["images"], "owner_id"), [PROD]);
}

#[test]
fn refs_look_in_every_place_for_an_image() {
    let (setup, ..) = ready();
    old(&setup, OTHER, WEST, "web-v1-2025-01-01");
    let line = format!("refs web:v1 {TWO} --region us-east-1,us-west-2");
    let table = setup.run(&line).ended(0).stdout;
    for word in ["ACCOUNT", "REGION", PROD, OTHER, EAST, WEST] {
        assert!(table.contains(word), "{word}\n{table}");
    }
    let found = setup.json(&line);
    assert_eq!(found["images"].as_array().unwrap().len(), 2);
    setup.run(&format!("refs web:v9 {TWO}")).ended(1).says(&["web:v9"]);
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let ran = setup.run(&format!("{line} -o json")).ended(4);
    assert_eq!(
        (each(&ran.json()["errors"], "account"), &ran.json()["images"][0]["in_use"]),
        (vec![OTHER], &Value::Null)
    );
    let unshared = setup.run(&format!("refs web:v2 {TWO} -o json")).ended(3);
    assert_eq!(unshared.json()["images"][0]["in_use"], false);
}

#[test]
fn deregister_refuses_what_another_account_uses_or_may_use() {
    let (setup, shared, own) = ready();
    let instance = setup.world().instance(OTHER, EAST).image(&shared).put();
    let ran = setup.run(&format!("deregister {shared} --yes -o json {TWO}")).ended(4);
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&instance) && message.contains("account 222222222222"), "{message}");
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let ran = setup.run(&format!("deregister {shared} --yes -o json {TWO}")).ended(4);
    assert_eq!(ran.error()["code"], "Unverified", "{}", ran.stderr);
    assert!(
        ran.error()["message"].as_str().unwrap().contains("accounts: shared with account 222222222222"),
        "{}",
        ran.stderr
    );
    setup.run(&format!("disable {shared} -o json {TWO}")).ended(4);
    setup.unchanged();
    let report = setup.run(&format!("deregister {own} --yes -o json {TWO}")).ended(3).json();
    assert_eq!((&report["summary"]["done"], each(&report["errors"], "account")), (&1.into(), vec![OTHER]));
}

#[test]
fn deregister_works_in_every_account_and_region_that_has_the_image() {
    let setup = Scene::new();
    let mut ids = Vec::new();
    for account in [PROD, OTHER] {
        ids.extend([EAST, WEST].map(|region| old(&setup, account, region, "web-v1-2025-01-01")));
    }
    let line = format!("deregister web:v1 {TWO} --region us-east-1,us-west-2");
    let dry = setup.run(&format!("{line} --dry-run")).ended(0);
    assert!(dry.stderr.contains("ACCOUNT") && ids.iter().all(|id| dry.stderr.contains(id)), "{}", dry.stderr);
    setup.unchanged();
    let report = setup.run(&format!("{line} --yes -o json")).ended(0).json();
    assert_eq!(report["summary"], json!({"done": 4, "failed": 0, "skipped": 0}));
    assert!(ids.iter().all(|id| !setup.has(id)));
    let world = setup.world();
    let left =
        [(PROD, EAST), (PROD, WEST), (OTHER, EAST), (OTHER, WEST)].map(|(id, at)| world.snapshots(id, at).count());
    assert_eq!(left, [0; 4]);
}

#[test]
fn list_does_not_mix_the_users_of_two_accounts() {
    let (setup, shared, _) = ready();
    let mut world = setup.world();
    let theirs = world.image(OTHER, EAST, "db-v1-2025-01-01").created(days_ago(100)).put();
    let first = world.instance(OTHER, EAST).image(&theirs).put();
    let second = world.instance(OTHER, EAST).image(&shared).put();
    drop(world);
    let table = setup.run(&format!("list --columns name,used_by -o csv --sort name {TWO}")).ended(0);
    let line = |name: &str| table.lines().into_iter().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert_eq!(line("db-v1"), format!("db-v1-2025-01-01,instance {first} (running)"));
    assert_eq!(line("web-v1"), format!("web-v1-2025-01-01,instance {second} (account 222222222222: running)"));
    assert_eq!(line("web-v2"), "web-v2-2025-01-01,");
}

#[test]
fn orphans_are_found_and_deleted_in_every_account() {
    let setup = Scene::new();
    let orphan = |account: &str| {
        let mut world = setup.world();
        let snapshot = world.snapshot(account, EAST).started(days_ago(100));
        snapshot.description("Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa").put()
    };
    let ids = [orphan(PROD), orphan(OTHER)];
    let found = setup.json(&format!("orphans {TWO}"));
    assert_eq!((each(&found["snapshots"], "account"), &found["errors"]), (vec![PROD, OTHER], &json!([])));
    let table = setup.run(&format!("orphans {TWO}")).ended(0).stdout;
    assert!(table.contains("ACCOUNT") && table.contains(OTHER), "{table}");
    setup.run(&format!("orphans {TWO} --apply --yes --max-delete 1")).ended(4).says(&["2 snapshots would be deleted"]);
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let partly = setup.run(&format!("orphans {TWO} --apply --yes --max-delete 5 -o json")).ended(3);
    assert_eq!(each(&partly.json()["errors"], "account"), [OTHER]);
    assert_eq!((setup.there(&ids[..1]), setup.there(&ids[1..])), (0, 1));
    setup.world().denied_roles.clear();
    setup.run(&format!("orphans {TWO} --apply --yes --max-delete 5")).ended(0);
    assert_eq!(setup.there(&ids), 0);
    let journal = std::fs::read_to_string(setup.home.path().join(".local/state/amictl/journal.jsonl")).unwrap();
    let last: Value = serde_json::from_str(journal.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["account"], &last["who"]),
        (&OTHER.into(), &format!("arn:aws:sts::{OTHER}:assumed-role/ami/amictl").into())
    );
}
