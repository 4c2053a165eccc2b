//! Plans over several accounts: made, limited, saved, carried out; and policies that name accounts.

use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD};
use crate::scene::{Plan, Scene, days_ago};
use crate::setup::{EAST, EUROPE, WEST, each, sorted};

pub const THIRD: &str = "333333333333";
pub const OTHER_ROLE: &str = "arn:aws:iam::222222222222:role/ami";
pub const THIRD_ROLE: &str = "arn:aws:iam::333333333333:role/ami";
pub const TWO: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";
pub const THREE: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami,\
                     arn:aws:iam::333333333333:role/ami";
const AWAY: &str = "prune --keep 0 --apply --yes --max-delete 100% -o json";

/// An old image of an account.
pub fn old(setup: &Scene, account: &str, region: &str, name: &str) -> String {
    setup.world().image(account, region, name).created(days_ago(100)).put()
}

/// Two old images of a family in each of three accounts, in each of the regions; account by account.
fn ready(regions: &[&str]) -> (Scene, Vec<String>) {
    let setup = Scene::new();
    setup.world().add_account("AKIATHIRD", THIRD);
    let mut ids = Vec::new();
    for account in [PROD, OTHER, THIRD] {
        for region in regions {
            ids.extend((1..=2).map(|n| old(&setup, account, region, &format!("web-v{n}-2025-01-01"))));
        }
    }
    (setup, ids)
}

fn accounts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let mut accounts = each(list, field);
    accounts.dedup();
    accounts
}

#[test]
fn a_plan_over_accounts_and_regions_says_of_each_row_whose_it_is() {
    let (setup, ids) = ready(&[EAST, WEST, EUROPE]);
    let plan = setup.plan(&format!("prune --keep 1 {THREE} --region us-east-1,us-west-2,eu-west-1"));
    assert_eq!((plan.going().len(), plan.kept().len()), (9, 9));
    assert_eq!((&plan.0["account"], &plan.0["accounts"]), (&Value::Null, &json!([PROD, OTHER, THIRD])));
    for list in ["actions", "kept", "sources"] {
        let mut named = each(&plan.0[list], "account");
        named.sort_unstable();
        named.dedup();
        assert_eq!(named, [PROD, OTHER, THIRD], "{list}");
    }
    assert_eq!(plan.action(&ids[0])["account"], PROD);
    assert_eq!(accounts(&plan.0["actions"], "account"), [PROD, OTHER, THIRD], "account by account");
    assert_eq!(plan.0["errors"], json!([]));
    // Versions are counted in each account and region: the newest of each stays.
    assert!(ids.iter().skip(1).step_by(2).all(|id| plan.codes(id) == ["newest"]));
    let one = setup.plan("prune --keep 1");
    assert_eq!((&one.0["account"], &one.0["accounts"]), (&PROD.into(), &json!([PROD])));
    let row = each(&plan.0["sources"], "source").iter().filter(|name| **name == "accounts").count();
    assert_eq!((row, each(&one.0["sources"], "source").contains(&"accounts")), (9, false));
    setup.unchanged();
}

#[test]
fn a_person_sees_whose_images_go() {
    let (setup, _) = ready(&[EAST]);
    let several = setup.run(&format!("prune --keep 1 {TWO}")).ended(0).stdout;
    assert!(several.starts_with("ACCOUNT") && several.contains(PROD) && several.contains(OTHER), "{several}");
    let one = setup.run("prune --keep 1").ended(0).stdout;
    assert!(one.starts_with("REGION") && !one.contains(PROD), "{one}");
    let csv = setup.run(&format!("prune --keep 1 {TWO} -o csv")).ended(0).stdout;
    assert!(csv.lines().next().unwrap().ends_with(",account,pattern"), "{csv}");
    assert_eq!(csv.lines().filter(|line| line.ends_with(&format!("{OTHER},"))).count(), 2, "{csv}");
}

#[test]
fn what_goes_goes_in_its_own_account_and_the_journal_says_who_did_it() {
    let (setup, ids) = ready(&[EAST, WEST]);
    let ran = setup.run(&format!("{AWAY} {THREE} --region us-east-1,us-west-2")).ended(0);
    let report = ran.json();
    assert_eq!(report["summary"], json!({"done": 12, "failed": 0, "skipped": 0}));
    assert_eq!(accounts(&report["results"], "account").len(), 3);
    assert!(ids.iter().all(|id| !setup.has(id)));
    for call in setup.calls("DeregisterImage") {
        let row =
            report["results"].as_array().unwrap().iter().find(|r| r["image_id"] == call.params["ImageId"]).unwrap();
        assert_eq!((&row["account"], &row["region"]), (&call.account.into(), &call.region.into()));
    }
    let journal = std::fs::read_to_string(setup.home.path().join(".local/state/amictl/journal.jsonl")).unwrap();
    assert_eq!(journal.lines().count(), 24);
    for line in journal.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let account = line["image"]["owner_id"].as_str().or(line["result"]["account"].as_str()).unwrap().to_owned();
        assert_eq!(line["who"], format!("arn:aws:sts::{account}:assumed-role/ami/amictl"));
    }
}

#[test]
fn the_limit_is_for_all_accounts_together() {
    let (setup, _) = ready(&[EAST]);
    let line = |limit: &str| format!("prune --keep 1 --apply --yes --max-delete {limit} {THREE}");
    for limit in ["2", "49%"] {
        setup.run(&line(limit)).ended(4).says(&["3 images would be deregistered"]);
    }
    setup.unchanged();
    setup.run(&line("3")).ended(0);
    assert_eq!(setup.deregistered().len(), 3);
}

#[test]
fn an_account_that_cannot_be_entered_is_in_the_plan_as_an_error_and_the_others_go_on() {
    let (setup, ids) = ready(&[EAST, WEST]);
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let regions = "--region us-east-1,us-west-2";
    let ran = setup.run(&format!("prune --keep 0 {THREE} {regions} -o json")).ended(3);
    let plan = Plan::of(&ran);
    assert_eq!(plan.going().len(), 8, "nothing of them is shared, so nothing is in doubt");
    assert_eq!(
        (each(&plan.0["errors"], "account"), each(&plan.0["errors"], "code")),
        (vec![OTHER], vec!["AccessDenied"])
    );
    assert_eq!(plan.0["accounts"], json!([PROD, OTHER, THIRD]));
    assert_eq!(ran.error()["code"], "PartialRun");
    ran.says(&["account 222222222222", "cannot be assumed"]);

    let report = setup.run(&format!("{AWAY} {THREE} {regions}")).ended(3).json();
    assert_eq!((&report["summary"]["done"], each(&report["errors"], "account")), (&8.into(), vec![OTHER]));
    assert!(ids[4..8].iter().all(|id| setup.has(id)) && !setup.has(&ids[0]) && !setup.has(&ids[8]));
    let nothing = setup.run(&format!("{AWAY} {THREE} {regions}")).ended(3).json();
    assert_eq!((&nothing["results"], each(&nothing["errors"], "account")), (&json!([]), vec![OTHER]));
}

#[test]
fn a_region_of_an_account_that_cannot_be_listed_is_left_out_where_there_are_others() {
    let (setup, ids) = ready(&[EAST, WEST]);
    let refusal = || Fault::error("DescribeImages", "UnauthorizedOperation", "not yours").of_account(OTHER);
    setup.fake.fault(refusal().in_region(WEST));
    let line = "prune --keep 0 --region us-east-1,us-west-2 -o json";
    let ran = setup.run(&format!("{line} {TWO}")).ended(3);
    let plan = Plan::of(&ran);
    assert_eq!(plan.going().len(), 6);
    assert!(ids[6..8].iter().all(|id| !plan.going().contains(&id.as_str())));
    let error = json!([{"account": OTHER, "region": WEST, "code": "UnauthorizedOperation", "message": "not yours"}]);
    assert_eq!(plan.0["errors"], error);
    let alone = Plan::of(&setup.run(&format!("{line} --role-arn {OTHER_ROLE}")).ended(3));
    assert_eq!((alone.going().len(), each(&alone.0["errors"], "region")), (2, vec![WEST]));
}

#[test]
fn a_saved_plan_is_for_the_accounts_it_was_made_in() {
    let (setup, ids) = ready(&[EAST]);
    let file = setup.home.path().join("plan.json");
    let file = file.display();
    setup.run(&format!("prune --keep 1 {TWO} --plan-out {file}")).ended(0);
    setup.fake.forget_calls();
    for others in [THREE.to_owned(), format!("--role-arn {OTHER_ROLE}"), String::new()] {
        let ran = setup.run(&format!("apply {file} --yes -o json {others}")).ended(4);
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains("it was made in account 111111111111, 222222222222, and this is account"),
            "{message}"
        );
    }
    setup.unchanged();
    let dry = setup.run(&format!("apply {file} --dry-run {TWO}")).ended(0);
    dry.says(&["dry run"]);
    setup.unchanged();
    let report = setup.run(&format!("apply {file} --yes -o json {TWO}")).ended(0).json();
    assert_eq!(sorted(&report["results"], "account"), [PROD, OTHER]);
    assert!(!setup.has(&ids[0]) && setup.has(&ids[1]) && !setup.has(&ids[2]) && setup.has(&ids[4]));
}

#[test]
fn rows_of_an_account_that_cannot_be_entered_any_more_are_left_alone() {
    let (setup, ids) = ready(&[EAST]);
    let file = setup.home.path().join("plan.json");
    setup.run(&format!("prune --keep 1 {TWO} --plan-out {}", file.display())).ended(0);
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let ran = setup.run(&format!("apply {} --yes -o json {TWO}", file.display())).ended(3);
    let report = ran.json();
    assert_eq!(report["summary"], json!({"done": 1, "failed": 0, "skipped": 1}));
    let row = report["results"].as_array().unwrap().iter().find(|row| row["account"] == OTHER).unwrap();
    assert_eq!(row["error"]["code"], "unverified");
    assert!(row["error"]["message"].as_str().unwrap().contains("of account 222222222222 was not read"), "{row}");
    assert!(!setup.has(&ids[0]) && setup.has(&ids[2]));
}

#[test]
fn a_plan_is_applied_where_it_looked_though_not_every_account_has_enabled_every_region() {
    let (setup, ids) = ready(&[EAST, WEST]);
    // The second account has gone without the region since its images were made there.
    setup.world().not_opted_in.insert((OTHER.to_owned(), WEST.to_owned()));
    let file = setup.home.path().join("plan.json");
    let file = file.display();
    let plan = setup.run(&format!("prune --keep 1 --region all {TWO} -o json --plan-out {file}")).ended(0).json();
    assert_eq!(plan["errors"], json!([]));
    let report = setup.run(&format!("apply {file} --yes -o json {TWO}")).ended(0).json();
    assert_eq!(report["errors"], json!([]));
    assert_eq!(report["summary"], json!({"done": 3, "failed": 0, "skipped": 0}));
    assert!(!setup.has(&ids[0]) && !setup.has(&ids[2]) && !setup.has(&ids[4]) && setup.has(&ids[6]));
}

/// A policy file with these lines; gives its path.
fn policy(setup: &Scene, lines: &str) -> String {
    setup.home.write("policy.toml", &format!("version = 1\nkeep = 1\n{lines}\n"))
}

#[test]
fn a_policy_names_accounts_by_roles_and_by_ids() {
    let (setup, _) = ready(&[EAST]);
    let accounts = |file: &str, line: &str| {
        let plan = setup.plan(&format!("prune --policy {file} {line}"));
        each(&plan.0["actions"], "account").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let roles = policy(&setup, &format!("accounts = ['{OTHER_ROLE}', '{THIRD_ROLE}']"));
    assert_eq!(accounts(&roles, ""), [OTHER, THIRD]);
    assert_eq!(accounts(&roles, "--role-arn arn:aws:iam::111111111111:role/ami"), [PROD], "a role on the command line");
    assert_eq!(accounts(&roles, "--org-role ami"), [OTHER, THIRD], "the name of a role adds no accounts");
    let ids = policy(&setup, &format!("accounts = ['{PROD}', '{THIRD}', '{OTHER_ROLE}']\norg_role = 'ami'"));
    assert_eq!(accounts(&ids, ""), [PROD, OTHER, THIRD]);
    assert_eq!(setup.calls("ListAccounts").len(), 0);
    let named = setup.calls("AssumeRole").into_iter().map(|call| call.params["RoleArn"].clone()).collect::<Vec<_>>();
    assert!(!named.iter().any(|role| role == "arn:aws:iam::111111111111:role/ops"), "{named:?}");
    assert_eq!(accounts(&ids, "--org-role ops"), [PROD, OTHER, THIRD], "another name on the command line");
    assert_eq!(setup.calls("AssumeRole").last().unwrap().params["RoleArn"], "arn:aws:iam::333333333333:role/ops");
}

#[test]
fn a_policy_may_stand_for_the_whole_organization() {
    let (setup, _) = ready(&[EAST]);
    setup.world().add_member(OTHER, "dev", "ACTIVE");
    setup.world().add_member(THIRD, "old", "SUSPENDED");
    let file = policy(&setup, "org_role = 'ami'");
    let ran = setup.run(&format!("prune --policy {file} -o json")).ended(0);
    assert_eq!(Plan::of(&ran).0["accounts"], json!([PROD, OTHER]));
    ran.says(&["account 333333333333 (old) of the organization is SUSPENDED"]);
    let saved = setup.home.path().join("plan.json");
    setup.run(&format!("prune --policy {file} --plan-out {}", saved.display())).ended(0);
    let report = setup.run(&format!("apply {} --yes -o json", saved.display())).ended(0).json();
    assert_eq!(sorted(&report["results"], "account"), [PROD, OTHER], "the plan knows its accounts");
}

#[test]
fn what_is_wrong_about_accounts_in_a_policy_names_the_line() {
    let (setup, _) = ready(&[EAST]);
    for (lines, said) in [
        ("accounts = ['22222222222']", "line 3"),
        ("accounts = ['arn:aws:iam::222222222222:user/ami']", "names no account"),
        ("org_role = 'a b'", "is not the name of a role"),
        (
            "accounts = [\n  'arn:aws:iam::222222222222:role/ami',\n  '333333333333',\n]",
            "line 5: account 333333333333 is given by its id",
        ),
    ] {
        let file = policy(&setup, lines);
        setup.run(&format!("prune --policy {file}")).ended(2).says(&[&file, said]);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_failure_does_not_hide_an_account_that_is_missing_or_a_source_that_failed() {
    let (setup, ids) = ready(&[EAST]);
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "No fleets.").of_account(THIRD).times(99));
    let denied = Fault::error("DeregisterImage", "UnauthorizedOperation", "Not this one.").matching(&ids[0]);
    setup.fake.fault(denied.times(9));
    let ran = setup.run(&format!("{AWAY} {THREE} -q")).ended(3);
    assert_eq!(ran.json()["summary"], json!({"done": 1, "failed": 1, "skipped": 0}));
    ran.says(&[
        "Not this one",
        "account 222222222222",
        "cannot be assumed",
        "not verified: ec2-fleets in us-east-1 of account 333333333333",
    ]);
}
