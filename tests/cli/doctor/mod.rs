//! `doctor`: permissions are tried, what is missing is named, and nothing changes.

use serde_json::{Value, json};

use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::permissions::finding::used;
use crate::permissions::proof::{few_regions, policy};
use crate::setup::{EAST, Setup, WEST, everything};

const ROLES: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";

/// An account with something of everything in both regions.
fn ready() -> Setup {
    let setup = Setup::new();
    few_regions(&setup);
    used(&mut setup.world());
    setup.world().image(PROD, WEST, "web-v1-2025-01-01").put();
    setup.world().instance(PROD, WEST).put();
    setup
}

/// The statuses of a check, one for each place.
#[track_caller]
fn statuses(found: &Value, command: &str, action: &str) -> Vec<String> {
    let checks = found["checks"].as_array().unwrap().iter();
    let mine = checks.filter(|check| check["for"] == command && check["action"] == action);
    mine.map(|check| check["status"].as_str().unwrap().to_owned()).collect()
}

/// The actions that ended so.
fn ended(found: &Value, status: &str) -> Vec<String> {
    let checks = found["checks"].as_array().unwrap().iter();
    let mut actions: Vec<_> = checks
        .filter(|check| check["status"] == status)
        .map(|check| check["action"].as_str().unwrap().to_owned())
        .collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

/// Every request that could change something was a dry run.
#[track_caller]
fn nothing_changed(setup: &Setup) {
    setup.unchanged();
    assert!(!setup.fake.calls().is_empty());
}

/// A policy without these actions.
fn less(policy: &Value, actions: &[&str]) -> Value {
    let mut policy = policy.clone();
    for statement in policy["Statement"].as_array_mut().unwrap() {
        statement["Action"].as_array_mut().unwrap().retain(|one| !actions.contains(&one.as_str().unwrap()));
    }
    policy["Statement"].as_array_mut().unwrap().retain(|statement| statement["Action"] != json!([]));
    policy
}

#[track_caller]
fn doctor(setup: &Setup, line: &str, code: i32) -> Ran {
    setup.fake.forget_calls();
    let ran = setup.run(&format!("doctor {line}")).ended(code);
    nothing_changed(setup);
    ran
}

#[test]
fn where_everything_is_allowed_nothing_is_denied_and_nothing_changes() {
    let setup = ready();
    let found = doctor(&setup, "--region all -o json", 0).json();
    assert_eq!(found["missing"], json!([]));
    assert_eq!(ended(&found, "denied"), [""; 0]);
    assert_eq!(statuses(&found, "prune", "ec2:DeregisterImage"), ["ok", "ok"]);
    for action in ["ec2:CreateImage", "ec2:CreateTags", "ec2:DescribeImages", "ec2:RegisterImage"] {
        assert_eq!(statuses(&found, "create", action), ["ok", "ok"], "{action}: {found:#}");
    }
    for action in ["ec2:RunInstances", "ec2:DescribeSubnets", "ssm:GetParameter"] {
        assert_eq!(statuses(&found, "launch", action), ["ok", "ok"], "{action}: {found:#}");
    }
    for check in found["checks"].as_array().unwrap() {
        assert_eq!(check["message"].is_null(), check["status"] == "ok", "{check}");
        assert_eq!(check["account"], PROD);
    }
    // Each call is made once in a place, however many commands need it.
    assert_eq!(setup.calls("DisableImage").len(), 2);
}

#[test]
fn what_can_be_tried_is_tried() {
    let setup = ready();
    let found = doctor(&setup, "-o json", 0).json();
    let unknown = ended(&found, "unknown");
    assert_eq!(
        unknown,
        [
            "autoscaling:CancelInstanceRefresh",
            "autoscaling:RollbackInstanceRefresh",
            "autoscaling:StartInstanceRefresh",
            "autoscaling:UpdateAutoScalingGroup",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateLaunchTemplateVersion",
            "ec2:DeleteImageUsageReport",
            "ec2:DeleteSnapshot",
            "ec2:DescribeImageUsageReportEntries",
            "ec2:ModifyLaunchTemplate",
            "ec2:RestoreImageFromRecycleBin",
            "ec2:RestoreSnapshotFromRecycleBin",
            "imagebuilder:GetContainerRecipe",
            "imagebuilder:ListContainerRecipes",
            "imagebuilder:ListImageRecipes",
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
            "rbin:CreateRule",
            "rbin:GetRule",
            "ssm:CancelCommand",
            "ssm:PutParameter",
            "ssm:SendCommand",
        ]
    );
}

#[test]
fn what_is_denied_is_named_with_the_policy_that_is_missing() {
    let setup = ready();
    let whole = policy("prune");
    let denied = ["ec2:DeregisterImage", "ec2:DescribeFleets", "ec2:DeleteTags", "imagebuilder:ListImageRecipes"];
    setup.world().allow_only(PROD, &less(&whole, &denied));
    let ran = doctor(&setup, "prune --region all -o json", 4);
    assert_eq!(ran.error()["code"], "MissingPermissions");
    let found = ran.json();
    let mut wanted = denied.to_vec();
    wanted.sort_unstable();
    assert_eq!(ended(&found, "denied"), wanted);
    let missing = found["missing"].as_array().unwrap();
    assert_eq!(missing.len(), 2);
    assert_eq!((&missing[0]["account"], &missing[0]["region"]), (&json!(PROD), &json!(EAST)));
    assert_eq!(missing[0]["actions"], json!(wanted));
    // With what is missing, nothing is.
    let mut both = vec![less(&whole, &denied)];
    both.push(missing[0]["policy"].clone());
    setup.world().allow_only(PROD, &json!(both));
    let found = doctor(&setup, "prune --region all -o json", 0).json();
    assert_eq!(found["missing"], json!([]));
}

#[test]
fn under_its_policy_each_command_is_found_to_be_allowed() {
    for command in ["create", "copy", "launch", "restore", "share", "orphans", "tag"] {
        let setup = ready();
        let mut both = policy(command);
        let finds = policy("doctor")["Statement"][0].clone();
        both["Statement"].as_array_mut().unwrap().push(finds);
        setup.world().allow_only(PROD, &both);
        let found = doctor(&setup, &format!("{command} -o json"), 0).json();
        assert!(!ended(&found, "ok").is_empty(), "{command}");
    }
}

#[test]
fn a_call_that_needs_another_action_says_which() {
    let setup = ready();
    setup.world().allow_only(PROD, &less(&policy("launch"), &["ec2:CreateTags"]));
    let found = doctor(&setup, "launch -o json", 4).json();
    assert_eq!(ended(&found, "denied"), ["ec2:CreateTags"]);
    assert_eq!(statuses(&found, "launch", "ec2:RunInstances"), ["unknown"]);
}

#[test]
fn where_there_is_nothing_to_try_it_on_a_change_is_unknown_and_that_is_no_failure() {
    let setup = Setup::new();
    let found = doctor(&setup, "prune -o json", 0).json();
    assert_eq!(statuses(&found, "prune", "ec2:DeregisterImage"), ["unknown"]);
    assert_eq!(statuses(&found, "prune", "ec2:DescribeImages"), ["ok"]);
}

#[test]
fn an_account_that_cannot_be_entered_is_denied_and_the_others_are_tried() {
    let setup = ready();
    setup.world().image(OTHER, EAST, "web-v1-2025-01-01").put();
    setup.world().denied_roles.insert(format!("arn:aws:iam::{OTHER}:role/ami"));
    let found = doctor(&setup, &format!("tag {ROLES} -o json"), 4).json();
    assert_eq!(statuses(&found, "tag", "sts:AssumeRole"), ["denied"]);
    assert_eq!(statuses(&found, "tag", "ec2:CreateTags"), ["ok"]);
    let missing = &found["missing"][0];
    assert_eq!((&missing["account"], &missing["actions"]), (&json!(OTHER), &json!(["sts:AssumeRole"])));
    let resource = &missing["policy"]["Statement"][0]["Resource"];
    assert_eq!(resource, &json!([format!("arn:aws:iam::{OTHER}:role/ami")]));
}

#[test]
fn roles_that_cannot_be_assumed_are_one_policy() {
    let setup = ready();
    for account in [PROD, OTHER] {
        setup.world().denied_roles.insert(format!("arn:aws:iam::{account}:role/ami"));
    }
    let ran = doctor(&setup, &format!("tag {ROLES}"), 4);
    assert_eq!(ran.stdout.matches("\"Version\"").count(), 1, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches(":role/ami\"").count(), 2, "{}", ran.stdout);
}

#[test]
fn without_a_connection_or_credentials_it_fails() {
    let setup = ready();
    let ran = setup.once().env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").run("doctor tag -o json").ended(1);
    assert_eq!(ran.error()["code"], "ConnectionError");
    setup.amictl().env("AWS_ACCESS_KEY_ID", "AKIANOBODY").run("doctor tag").ended(1);
}

#[test]
fn a_region_that_is_denied_or_not_enabled_is_denied() {
    let setup = ready();
    setup.fake.fault(Fault::error("*", "UnauthorizedOperation", "denied by a service control policy").in_region(WEST));
    let found = doctor(&setup, "list --region us-east-1,us-west-2 -o json", 4).json();
    assert_eq!(statuses(&found, "list", "ec2:DescribeImages"), ["ok", "denied"]);
    setup.fake.clear_faults();
    let found = doctor(&setup, "list --region us-east-1,eu-west-1 -o json", 4).json();
    assert_eq!(statuses(&found, "list", "ec2:DescribeImages"), ["ok", "denied"]);
}

#[test]
fn people_read_what_is_denied_first_and_what_is_missing_below() {
    let setup = ready();
    setup.world().allow_only(PROD, &less(&policy("tag"), &["ec2:CreateTags"]));
    let ran = doctor(&setup, "tag --region all", 4).says(&["ec2:CreateTags", "2 of 2 places"]);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(doctor(&setup, "tag -o ids", 4).lines(), ["ec2:CreateTags"]);
    assert!(doctor(&setup, "tag -o csv", 4).stdout.starts_with("account,region,for,action,status,message\n"));
    doctor(&setup, "tag -o jsonl", 4);
    setup.run("doctor tags").ended(2).says(&["tag"]);
}

#[test]
fn many_places_are_one_table_and_one_policy() {
    let (accounts, regions) = if everything() { (24_u64, 10) } else { (4, 3) };
    let setup = Setup::new();
    let names: Vec<String> = {
        let world = setup.world();
        let enabled = world.opt_in.iter().filter(|(_, status)| *status != "not-opted-in");
        enabled.map(|(region, _)| region.clone()).take(regions).collect()
    };
    let roles: Vec<String> = (0..accounts)
        .map(|n| {
            let account = format!("{:012}", 500_000_000_000 + n);
            let mut world = setup.world();
            world.add_account(&format!("AKIA{n:06}"), &account);
            names.iter().for_each(|region| drop(world.image(&account, region, "web-v1-2026-01-01").put()));
            let denied: &[&str] = if n == 0 { &["ec2:DeregisterImage", "ec2:DescribeFleets"] } else { &[] };
            world.allow_only(&account, &less(&policy_of_prune(), denied));
            format!("arn:aws:iam::{account}:role/ami")
        })
        .collect();
    setup.fake.fault(Fault::on("DescribeFleets", FaultKind::Latency(std::time::Duration::from_millis(50))));
    let line = format!("prune --region {} --role-arn {}", names.join(","), roles.join(","));
    let ran = doctor(&setup, &line, 4);
    let all = usize::try_from(accounts).unwrap() * regions;
    assert!(ran.stdout.contains(&format!("{regions} of {all} places")), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("all {all} places")), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("\"Version\"").count(), 1, "{}", ran.stdout);
    let table: Vec<&str> = ran.stdout.lines().take_while(|line| !line.is_empty()).collect();
    assert!(table.len() <= 20, "{}", ran.stdout);
    assert!(setup.fake.peak() > 1);
}

/// The same, made once.
fn policy_of_prune() -> Value {
    static POLICY: std::sync::OnceLock<Value> = std::sync::OnceLock::new();
    POLICY.get_or_init(|| policy("prune")).clone()
}
