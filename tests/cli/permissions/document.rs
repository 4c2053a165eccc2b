//! `permissions`: the documents that it prints.

use serde_json::{Value, json};

use crate::cli::{Amictl, Ran};
use crate::setup::Home;

/// Runs it where nothing of AWS is: no keys, no region, no endpoint.
fn run(line: &str) -> Ran {
    Amictl::bare(Home::new().path()).run(&format!("permissions {line}"))
}

#[track_caller]
fn policy(line: &str) -> Value {
    run(line).ended(0).json()
}

/// The statement that allows an action.
#[track_caller]
fn of<'a>(policy: &'a Value, action: &str) -> &'a Value {
    let statements = policy["Statement"].as_array().unwrap();
    let mut found = statements.iter().filter(|one| one["Action"].as_array().unwrap().contains(&json!(action)));
    let one = found.next().unwrap_or_else(|| panic!("{action} is not in {policy:#}"));
    assert!(found.next().is_none(), "{action} stands twice in {policy:#}");
    one
}

#[test]
fn it_prints_the_policy_itself_and_nothing_of_amictl() {
    let ran = run("tag").ended(0);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(run("tag").stdout, ran.stdout);
    let line = run("tag -o json").ended(0);
    assert_eq!((line.json(), line.lines().len()), (ran.json(), 1));
    assert!(ran.json().get("version").is_none());
}

#[test]
fn several_commands_share_their_statements() {
    let (one, both) = (policy("create"), policy("copy create"));
    assert_eq!(both, policy("create copy create"));
    assert!(both["Statement"].as_array().unwrap().len() <= one["Statement"].as_array().unwrap().len() + 4);
    let first = policy("prune tag");
    assert_eq!(of(&first, "ec2:CreateTags").get("Condition"), None);
}

#[test]
fn the_aliases_of_one_family_leave_those_of_others_alone() {
    let aliases = |line: &str| of(&policy(line), "ssm:GetParameter")["Resource"].to_string();
    assert!(aliases("launch").contains("arn:*:ssm:*:*:parameter/amictl/*"), "{}", aliases("launch"));
    let narrow = aliases("launch --family web/api");
    assert!(narrow.contains("arn:*:ssm:*:*:parameter/amictl/web/api/*") && !narrow.contains("amictl/*"), "{narrow}");
    run("launch --family Web!").ended(2);
}

#[test]
fn what_would_let_somebody_act_as_another_comes_only_when_it_is_asked_for() {
    let ran = run("launch").ended(0).says(&["iam:PassRole", "sts:AssumeRole", "--instance-profile-role ARN"]);
    assert!(!ran.stdout.contains("iam:") && !ran.stdout.contains("sts:"), "{}", ran.stdout);
    let roles = "--instance-profile-role arn:aws:iam::111111111111:role/web --org-role ops/ami";
    let ran = run(&format!("launch {roles}")).ended(0);
    let policy = ran.json();
    assert_eq!(of(&policy, "iam:PassRole")["Resource"], json!(["arn:aws:iam::111111111111:role/web"]));
    assert_eq!(of(&policy, "sts:AssumeRole")["Resource"], json!(["arn:*:iam::*:role/ops/ami"]));
    of(&policy, "organizations:ListAccounts");
    assert!(!ran.stderr.contains("left out: iam:PassRole"), "{}", ran.stderr);
    let role = "arn:aws-cn:iam::222222222222:role/ami";
    assert_eq!(of(&self::policy(&format!("list --role-arn {role}")), "sts:AssumeRole")["Resource"], json!([role]));
    run("list --instance-profile-role arn:aws:iam::111111111111:role/web").ended(2).says(&["launch"]);
}

#[test]
fn scripts_on_instances_come_only_when_they_are_asked_for() {
    let ran = run("test").ended(0).says(&["left out: ssm:SendCommand", "--ssm", "--prepare"]);
    assert!(!ran.stdout.contains("SendCommand") && ran.stdout.contains("ssm:GetCommandInvocation"), "{}", ran.stdout);
    let ran = run("test --ssm").ended(0);
    let documents =
        ["AWS-RunPowerShellScript", "AWS-RunShellScript"].map(|name| format!("arn:*:ssm:*:*:document/{name}"));
    let instances = "arn:*:ec2:*:*:instance/*".to_owned();
    assert_eq!(of(&ran.json(), "ssm:SendCommand")["Resource"], json!([&[instances], &documents[..]].concat()));
    assert!(!ran.stderr.contains("SendCommand"), "{}", ran.stderr);
    assert!(!run("list").ended(0).stderr.contains("SendCommand"));
    run("list --ssm").ended(2).says(&["--ssm", "test"]);
    run("test --prepare").ended(2).says(&["--prepare", "create"]);
}

#[test]
fn a_trust_policy_names_somebody_in_particular() {
    let trusted = policy("prune --trust 111111111111 --external-id customer-7");
    assert_eq!(
        trusted,
        json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "Enter",
            "Effect": "Allow",
            "Principal": {"AWS": "111111111111"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "customer-7"}},
        }]})
    );
    let role = "arn:aws:iam::111111111111:role/operators";
    let trusted = policy(&format!("prune --trust {role}"));
    assert_eq!(trusted["Statement"][0]["Principal"], json!({"AWS": role}));
    assert_eq!(trusted["Statement"][0].get("Condition"), None);
    for bad in ["*", "arn:aws:iam::111111111111:role/*", "lambda.amazonaws.com", "1111"] {
        run(&format!("prune --trust {bad}")).ended(2).says(&["account id"]);
    }
}

#[test]
fn an_unknown_command_is_told_the_nearest() {
    run("prunes").ended(2).says(&["prune"]);
    run("").ended(2);
    run("completions man").ended(2).says(&["calls nothing of AWS"]);
    run("completions tag").ended(0);
    run("tag -o csv").ended(2);
}

#[test]
fn a_policy_that_iam_does_not_take_comes_in_parts() {
    let all = "apply copy create deprecate deregister disable doctor enable launch list orphans protect prune refs \
               restore share show tag unprotect unshare wait";
    let roles: Vec<String> = (0..90).map(|n| format!("arn:aws:iam::111111111111:role/web-{n:03}")).collect();
    let passed: String = roles.iter().map(|role| format!(" --instance-profile-role {role}")).collect();
    let ran = run(&format!("{all} {passed}")).ended(0).says(&["6144", "list of"]);
    let parts = ran.json();
    let parts = parts.as_array().unwrap();
    assert!(parts.len() > 1);
    for part in parts {
        let length = part.to_string().chars().filter(|c| !c.is_whitespace()).count();
        assert!(length <= 6144 && part["Version"] == "2012-10-17", "{length}");
    }
    let ran = run(&format!("{all} -q")).ended(0);
    assert_eq!(ran.stderr, "");
}
