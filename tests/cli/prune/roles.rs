//! Roles in three accounts: use in the third, reports in all, external ids, sessions that end.

use std::process::Output;

use serde_json::{Value, json};

use crate::fake::{Fault, FaultKind, OTHER, Outcome, PROD};
use crate::prune::accounts::{OTHER_ROLE, THIRD, THIRD_ROLE, THREE, TWO, old};
use crate::scene::{Plan, Scene, days_ago};
use crate::setup::{EAST, WEST, each, seconds, sorted};

const AWAY: &str = "prune --keep 0 --apply --yes --max-delete 100% -o json";

/// An image that the third account may launch, and one that is not shared.
fn ready() -> (Scene, String, String) {
    let setup = Scene::new();
    setup.world().add_account("AKIATHIRD", THIRD);
    let shared = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(THIRD).put();
    let own = setup.old("web-v2-2025-01-01");
    (setup, shared, own)
}

#[test]
fn use_in_the_third_account_keeps_an_image_from_everything() {
    let (setup, shared, own) = ready();
    let instance = setup.world().instance(THIRD, EAST).image(&shared).put();
    let detail = format!("account {THIRD}: running");
    let refs = setup.json(&format!("refs web:v1 web:v2 {THREE} --without-source image-references"));
    let used = refs["images"].as_array().unwrap().iter().find(|image| image["id"] == *shared).unwrap();
    let by = json!([{"source": "accounts", "kind": "instance", "id": instance, "detail": detail}]);
    assert_eq!((&used["in_use"], &used["references"]), (&true.into(), &by));
    let row = refs["sources"].as_array().unwrap().iter().find(|row| row["source"] == "accounts").unwrap();
    assert_eq!((&row["account"], &row["read"]), (&PROD.into(), &2.into()));
    for line in ["deregister web:v1 --yes", "disable web:v1"] {
        let ran = setup.run(&format!("{line} -o json {THREE}")).ended(4);
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&instance) && message.contains(THIRD), "{line}: {message}");
        // Two accounts do not see it.
        setup.run(&format!("{line} --dry-run {TWO}")).ended(0);
    }
    setup.world().denied_roles.insert(THIRD_ROLE.to_owned());
    for line in ["deregister web:v1 --yes", "disable web:v1"] {
        let ran = setup.run(&format!("{line} -o json {THREE}")).ended(4);
        assert_eq!(ran.error()["code"], "Unverified", "{line}: {}", ran.stderr);
    }
    setup.unchanged();
    setup.run(&format!("disable web:v2 --dry-run {THREE}")).ended(3);
    setup.run(&format!("deregister web:v2 --yes {THREE}")).ended(3);
    assert!(setup.has(&shared) && !setup.has(&own));
}

#[test]
fn orphans_of_three_accounts_are_deleted_each_in_its_own() {
    let setup = Scene::new();
    setup.world().add_account("AKIATHIRD", THIRD);
    let orphan = |account: &str| {
        let mut world = setup.world();
        let snapshot = world.snapshot(account, EAST).started(days_ago(100));
        snapshot.description("Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa").put()
    };
    let ids = [PROD, OTHER, THIRD].map(orphan);
    assert_eq!(each(&setup.json(&format!("orphans {THREE}"))["snapshots"], "account"), [PROD, OTHER, THIRD]);
    setup.run(&format!("orphans {THREE} --apply --yes --max-delete 5")).ended(0);
    assert_eq!(setup.there(&ids), 0);
    let by: Vec<_> = setup.calls("DeleteSnapshot").into_iter().filter(|call| !call.dry_run).collect();
    for (id, account) in ids.iter().zip([PROD, OTHER, THIRD]) {
        assert!(by.iter().any(|call| call.params["SnapshotId"] == *id && call.account == account), "{id}");
    }
}

#[test]
fn reports_are_asked_for_in_every_account_and_region() {
    let setup = Scene::new();
    let mut world = setup.world();
    world.add_account("AKIATHIRD", THIRD);
    (world.report_takes, world.report_misses) = (seconds(2), seconds(0));
    let mut ids = Vec::new();
    for (account, with) in [(PROD, "444444444444"), (OTHER, "444444444444"), (THIRD, "444444444444")] {
        for region in [EAST, WEST] {
            let image = world.image(account, region, "web-v1-2025-01-01").created(days_ago(100));
            ids.push(image.shared_with(with).put());
        }
    }
    world.add_account("AKIAFOURTH", "444444444444");
    // Nobody can look into that account, and only EC2 knows what runs there.
    world.instance("444444444444", EAST).image(&ids[2]).launched(days_ago(3)).put();
    world.instance("444444444444", WEST).image(&ids[5]).launched(days_ago(3)).put();
    drop(world);
    let line = format!("prune --keep 0 {THREE} --region us-east-1,us-west-2 --usage-reports");
    let plan = setup.plan(&line);
    assert_eq!(plan.going().len(), 4);
    for id in [&ids[2], &ids[5]] {
        assert_eq!(plan.reasons(id), [("in-use", "account 444444444444 (1 ec2:Instance)")]);
    }
    let reports = plan.0["sources"].as_array().unwrap().iter().filter(|row| row["source"] == "usage-reports");
    let mut places: Vec<_> =
        reports.map(|row| (row["account"].as_str().unwrap(), row["region"].as_str().unwrap())).collect();
    places.sort_unstable();
    assert_eq!(places, [(PROD, EAST), (PROD, WEST), (OTHER, EAST), (OTHER, WEST), (THIRD, EAST), (THIRD, WEST)]);
    let mut asked: Vec<_> = setup.calls("CreateImageUsageReport").into_iter().map(|c| (c.account, c.region)).collect();
    asked.sort_unstable();
    assert_eq!(asked.iter().map(|(account, region)| (account.as_str(), region.as_str())).collect::<Vec<_>>(), places);
    // One place that makes no reports leaves its own image in doubt, and no other.
    setup
        .fake
        .fault(Fault::error("CreateImageUsageReport", "UnauthorizedOperation", "no").of_account(THIRD).in_region(EAST));
    let plan = Plan::of(&setup.run(&format!("{line} -o json")).ended(4));
    assert_eq!((plan.codes(&ids[4]), plan.codes(&ids[5]), plan.going().len()), (vec!["unverified"], vec!["in-use"], 3));
}

#[test]
fn an_external_id_goes_along_with_the_accounts_of_a_policy_and_with_apply() {
    let setup = Scene::new();
    setup.world().add_account("AKIATHIRD", THIRD);
    let ids = [old(&setup, OTHER, EAST, "web-v1-2025-01-01"), old(&setup, THIRD, EAST, "web-v1-2025-01-01")];
    for role in [OTHER_ROLE, THIRD_ROLE] {
        setup.world().require_external_id(role, "customer-7");
    }
    let lines = format!("version = 1\nkeep = 0\norg_role = 'ami'\naccounts = ['{OTHER}', '{THIRD_ROLE}']\n");
    let file = setup.home.write("policy.toml", &lines);
    let saved = setup.home.path().join("plan.json");
    let saved = saved.display();
    setup.run(&format!("prune --policy {file}")).ended(1).says(&["cannot be assumed"]);
    setup.run(&format!("prune --policy {file} --external-id customer-8")).ended(1);
    setup.run(&format!("prune --policy {file} --external-id customer-7 --plan-out {saved}")).ended(0);
    setup.run(&format!("apply {saved} --yes")).ended(1).says(&["cannot be assumed"]);
    setup.unchanged();
    let report = setup.run(&format!("apply {saved} --yes --external-id customer-7 -o json")).ended(0).json();
    assert_eq!((sorted(&report["results"], "account"), &report["errors"]), (vec![OTHER, THIRD], &json!([])));
    assert!(ids.iter().all(|id| !setup.has(id)));
}

/// Two accounts with forty old images in the second; sessions last for a moment, and what deletes takes long.
fn short_sessions() -> Scene {
    let setup = Scene::new();
    for n in 1..=40 {
        old(&setup, OTHER, EAST, &format!("web-v{n}-2025-01-01"));
    }
    setup.old("web-v1-2025-01-01");
    // Shorter than STS allows: the SDK takes a session for ended 5 to 10 seconds before it is.
    setup.world().sessions_last = Some(seconds(11));
    setup.fake.fault(Fault::on("DeregisterImage", FaultKind::Latency(seconds(3))).of_account(OTHER));
    setup
}

#[test]
fn a_session_that_ends_while_images_go_is_begun_again() {
    let setup = short_sessions();
    let report = setup.run(&format!("{AWAY} {TWO}")).ended(0).json();
    assert_eq!(report["summary"], json!({"done": 41, "failed": 0, "skipped": 0}));
    assert!(setup.names(OTHER, EAST).is_empty());
    let sessions = setup.calls("AssumeRole").into_iter().filter(|call| call.params["RoleArn"] == OTHER_ROLE).count();
    assert!(sessions >= 2, "{sessions}");
    assert!(setup.outcomes("DeregisterImage").iter().all(|outcome| *outcome == Outcome::Ok), "none was late");
}

#[cfg(unix)]
#[test]
fn images_that_no_session_is_left_for_are_reported_and_stay() {
    let setup = short_sessions();
    let process = setup.process(&format!("{AWAY} {TWO}")).spawn().unwrap();
    setup.until("DeregisterImage", 1);
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let Output { status, stdout, stderr } = process.wait_with_output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    let report: Value = serde_json::from_slice(&stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(status.code(), Some(3), "{said}");
    let left = setup.names(OTHER, EAST).len();
    assert!(left > 0 && setup.left().is_empty(), "{left}");
    let results = report["results"].as_array().unwrap();
    let failed: Vec<_> = results.iter().filter(|row| row["status"] == "failed").collect();
    assert!(failed.len() >= left && results.len() == 41, "{left} are left, and {} failed", failed.len());
    let why = |row: &Value| row["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(failed.iter().all(|row| row["account"] == OTHER && why(row).contains("cannot be assumed")), "{failed:#?}");
}
