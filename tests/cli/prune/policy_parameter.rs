//! Policies in SSM parameters.

use crate::fake::{Fault, OTHER, PROD};
use crate::scene::{Scene, days_ago};
use crate::setup::{EAST, WEST};

const PATH: &str = "/policies/prod";
const ONE_STAYS: &str = "version = 1\nkeep = 1\nmax_delete = 5\n";

/// An endpoint with three old images, and the policy in us-east-1.
fn with(policy: &str) -> (Scene, Vec<String>) {
    let setup = Scene::new();
    let ids = setup.family("web", 3);
    setup.world().parameter(PROD, EAST, PATH, policy);
    (setup, ids)
}

#[test]
fn it_plans_and_prunes_as_a_file_does() {
    let (setup, ids) = with(ONE_STAYS);
    let file = setup.home.write("prod.toml", ONE_STAYS);
    let going = |source: &str| {
        let plan = setup.plan(&format!("prune --policy {source}"));
        plan.going().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(going("ssm:/policies/prod"), going(&file));
    setup.unchanged();
    setup.run("prune --policy ssm:/policies/prod --apply --yes -o json").ended(0);
    let mut gone = ids[..2].to_vec();
    gone.sort();
    assert_eq!(setup.deregistered(), gone);
}

#[test]
fn a_saved_plan_needs_the_parameter_no_more() {
    let (setup, ids) = with(ONE_STAYS);
    let plan = setup.home.path().join("plan.json").display().to_string();
    setup.run(&format!("prune --policy ssm:/policies/prod --plan-out {plan}")).ended(0);
    setup.world().forget_parameter(PROD, EAST, PATH);
    setup.run(&format!("apply {plan} --yes")).ended(0);
    assert_eq!(setup.left().len(), 1);
    assert!(setup.has(&ids[2]));
}

#[test]
fn a_version_may_be_named() {
    let (setup, _) = with(ONE_STAYS);
    setup.world().parameter(PROD, EAST, PATH, "version = 1\nkeep = 3\n");
    assert_eq!(setup.plan("prune --policy ssm:/policies/prod:1").going().len(), 2);
    assert_eq!(setup.plan("prune --policy ssm:/policies/prod").going().len(), 0);
}

#[test]
fn it_is_read_where_the_command_line_says_and_not_where_it_says_itself() {
    let (setup, _) = with(&format!("{ONE_STAYS}regions = ['{WEST}']\n"));
    let west = setup.world().image(PROD, WEST, "api-v1-2025-01-01").created(days_ago(100)).put();
    setup.world().image(PROD, WEST, "api-v2-2025-01-01").created(days_ago(100)).put();
    let plan = setup.plan("prune --policy ssm:/policies/prod");
    assert_eq!(plan.going(), [west]);
    let read: Vec<_> = setup.calls("GetParameter").into_iter().map(|call| call.region).collect();
    assert_eq!(read, [EAST]);
    // Of several regions the first; 'all' is none.
    for (regions, at) in [("us-west-2,us-east-1", WEST), ("all", EAST), ("all,us-west-2", WEST)] {
        setup.fake.forget_calls();
        setup.world().parameter(PROD, WEST, PATH, ONE_STAYS);
        setup.run(&format!("prune --policy ssm:/policies/prod --region {regions} -o csv")).ended(0);
        let read: Vec<_> = setup.calls("GetParameter").into_iter().map(|call| call.region).collect();
        assert_eq!(read, [at], "{regions}");
    }
}

#[test]
fn it_is_read_in_the_account_of_the_credentials() {
    let setup = Scene::new();
    let role = format!("arn:aws:iam::{OTHER}:role/ami");
    for n in 1..=2 {
        setup.world().image(OTHER, EAST, &format!("web-v{n}-2025-01-01")).created(days_ago(100)).put();
    }
    setup.world().parameter(PROD, EAST, PATH, ONE_STAYS);
    assert_eq!(setup.plan(&format!("prune --policy ssm:/policies/prod --role-arn {role}")).going().len(), 1);
    // A policy that says in which accounts it holds is not looked for there.
    setup.world().parameter(PROD, EAST, PATH, &format!("{ONE_STAYS}accounts = ['{role}']\n"));
    assert_eq!(setup.plan("prune --policy ssm:/policies/prod").going().len(), 1);
    let read: Vec<_> = setup.calls("GetParameter").into_iter().map(|call| call.account).collect();
    assert_eq!(read, [PROD, PROD]);
}

#[test]
fn a_policy_that_is_not_there_is_an_error_that_says_where() {
    let setup = Scene::new();
    let error = setup.run("prune --policy ssm:/policies/prod -o json").ended(1).error();
    assert_eq!(error["code"], "ParameterNotFound");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("ssm:/policies/prod") && message.contains(EAST) && message.contains(PROD), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--region"), "{error}");
}

#[test]
fn a_secret_is_refused_and_not_shown() {
    let setup = Scene::new();
    setup.world().typed_parameter(PROD, EAST, PATH).kind("SecureString").value("canary = 1").put();
    let ran = setup.run("prune --policy ssm:/policies/prod -o json").ended(2);
    let error = ran.error();
    assert!(error["message"].as_str().unwrap().contains("is a SecureString"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("type String"), "{error}");
    assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
}

#[test]
fn an_error_in_it_names_the_parameter_and_the_line() {
    for (text, told) in [
        ("version = 1\nkepp = 3\n", "line 2"),
        ("version = 1\n[[rule]]\nkeep = 'x'\n", "line 3"),
        ("version = 2\n", "version 2 is not known"),
        ("version = 1\naccounts = ['222222222222']\n", "line 2: account 222222222222"),
        ("ami-0123456789abcdef0", "line 1"),
    ] {
        let setup = Scene::new();
        setup.world().parameter(PROD, EAST, PATH, text);
        let error = setup.run("prune --policy ssm:/policies/prod -o json").ended(2).error();
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("policy ssm:/policies/prod: ") && message.contains(told), "{error}");
        setup.unchanged();
    }
}

#[test]
fn a_parameter_that_may_not_be_read_is_an_error_and_no_empty_policy() {
    let (setup, _) = with(ONE_STAYS);
    setup.fake.fault(Fault::error("GetParameter", "AccessDeniedException", "No reading."));
    let error = setup.run("prune --policy ssm:/policies/prod --apply --yes -o json").ended(1).error();
    assert!(error["message"].as_str().unwrap().starts_with("policy ssm:/policies/prod in "), "{error}");
    setup.unchanged();
}

#[test]
fn what_names_no_path_is_refused_before_any_call() {
    let setup = Scene::new();
    for source in ["ssm:prod", "ssm:", "ssm:arn:aws:ssm:us-east-1:111111111111:parameter/prod", "ssm:/a//b"] {
        setup.run(&format!("prune --policy {source}")).ended(2).says(&["e.g. ssm:/"]);
    }
    let error = setup.run("prune --policy resolve:ssm:/policies/prod -o json").ended(2).error();
    assert!(error["message"].as_str().unwrap().contains("No such file"), "{error}");
    assert_eq!(setup.fake.calls().len(), 0);
}
