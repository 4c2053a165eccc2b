//! `deregister`: what it refuses, and what it asks.

use crate::fake::{Fault, OTHER, PROD, Protection};
use crate::setup::{EAST, Setup, refused};

const NAME: &str = "web-v1-2026-01-02";

/// An endpoint with one image that nobody uses; gives its id too.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).snapshots(2).size(20).put();
    (setup, id)
}

/// Checks that a run was refused with this code, and that nothing was changed.
#[track_caller]
fn refuses(setup: &Setup, arguments: &str, code: &str, said: &[&str]) {
    let ran = setup.run(&format!("deregister {arguments} -o json")).ended(4);
    assert_eq!((&ran.error()["code"], &ran.error()["exit_code"]), (&code.into(), &4.into()));
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    ran.says(said);
    setup.unchanged();
}

#[test]
fn an_image_nobody_uses_goes_with_its_snapshots() {
    let (setup, id) = ready();
    let snapshots = setup.snapshots_of(&id);
    let report = setup.json("deregister web:v1 --yes");
    let result = |id: &String| serde_json::json!({"id": id, "result": "deleted", "detail": null, "error": null});
    let mut results: Vec<_> = snapshots.iter().collect();
    results.sort();
    let expected = serde_json::json!({
        "version": 1, "kind": "report", "errors": [], "warnings": [], "summary": {"done": 1, "failed": 0, "skipped": 0},
        "results": [{"account": PROD, "region": EAST, "image_id": id, "name": NAME, "tags": {}, "action": "deregister",
            "status": "done", "changed": true, "detail": null, "error": null, "snapshots": results.into_iter().map(result).collect::<Vec<_>>()}],
    });
    assert_eq!(report, expected);
    let world = setup.world();
    assert_eq!((world.images(PROD, EAST).count(), world.snapshots(PROD, EAST).count()), (0, 0));
}

#[test]
fn what_is_in_use_is_refused_and_its_users_are_named() {
    let (setup, id) = ready();
    let instance = setup.world().instance(PROD, EAST).image(&id).state("stopped").put();
    refuses(&setup, &format!("{id} --yes"), "InUse", &[NAME, &id, "is in use by", &instance]);
    let report = setup.json(&format!("deregister {id} --yes --allow-in-use"));
    assert_eq!(report["summary"]["done"], 1);
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn a_launch_template_a_group_or_a_parameter_is_use_too() {
    let (setup, id) = ready();
    setup.world().launch_template(PROD, EAST, "web").image(&id).image("ami-0123456789abcdef0").put();
    refuses(&setup, &format!("{id} --yes"), "InUse", &["web:1"]);
    let (setup, id) = ready();
    setup.world().launch_configuration(PROD, EAST, "web-2019", &id);
    refuses(&setup, &format!("{id} --yes"), "InUse", &["web-2019"]);
    let (setup, id) = ready();
    setup.world().parameter(PROD, EAST, "/team/image", &id);
    refuses(&setup, &format!("{id} --yes"), "InUse", &["/team/image"]);
}

#[test]
fn one_image_in_use_holds_all_of_them_back() {
    let (setup, id) = ready();
    let used = setup.world().image(PROD, EAST, "web-v2-2026-01-02").put();
    setup.world().instance(PROD, EAST).image(&used).put();
    refuses(&setup, &format!("{id} {used} --yes"), "InUse", &[&used]);
    assert_eq!(setup.names(PROD, EAST).len(), 2);
}

#[test]
fn what_is_protected_is_refused_even_when_use_is_allowed() {
    let setup = Setup::new();
    let later = chrono::Utc::now() + chrono::Duration::hours(5);
    for (protection, said) in [
        (Protection::Enabled { cooldown: false }, "enabled-without-cooldown"),
        (Protection::Enabled { cooldown: true }, "enabled-with-cooldown"),
        (Protection::Cooling(later), "lifted, but protects until "),
    ] {
        let name = format!("web-v{}-2026-01-02", setup.names(PROD, EAST).len() + 1);
        let id = setup.world().image(PROD, EAST, &name).protection(protection).put();
        refuses(&setup, &format!("{id} --yes --allow-in-use"), "Protected", &[&name, said]);
    }
    assert_eq!(setup.names(PROD, EAST).len(), 3);
}

#[test]
fn an_image_of_aws_backup_is_left_to_that_service() {
    let (setup, id) = ready();
    let backup = setup.world().image(PROD, EAST, "AwsBackup_i-1").tag("aws:backup:source-resource", "i-1").put();
    for line in [format!("deregister {backup} --yes -o json"), format!("deregister {backup} {id} --yes -o json")] {
        let ran = setup.run(&line);
        let hint = ran.error()["hint"].as_str().unwrap().to_owned();
        assert!(ran.code == 1 || ran.code == 3, "{}", ran.stderr);
        assert_eq!(hint, format!("in AWS Backup, delete the recovery points of {backup}"), "{line}");
    }
    assert!(setup.world().find_image(&id).is_none() && setup.world().find_image(&backup).is_some());
}

#[test]
fn a_cooldown_that_runs_is_said_with_its_end_and_without_a_command_that_cannot_help() {
    let setup = Setup::new();
    let later = chrono::Utc::now() + chrono::Duration::hours(5);
    let id = setup.world().image(PROD, EAST, NAME).protection(Protection::Cooling(later)).put();
    let ran = setup.run(&format!("deregister {id} --yes -o json")).ended(4);
    let [message, hint] = ["message", "hint"].map(|key| ran.error()[key].as_str().unwrap().to_owned());
    assert!(message.contains(&later.format("until %Y-%m-%d %H:%M UTC").to_string()), "{message}");
    assert!(!hint.contains("amictl unprotect"), "{hint}");
}

#[test]
fn every_command_agrees_that_a_cooldown_that_has_ended_is_no_protection() {
    let setup = Setup::new();
    let ended = Protection::Cooling("2020-01-01T10:00:00Z".parse().unwrap());
    let id = setup.world().image(PROD, EAST, NAME).protection(ended).put();
    assert_eq!(setup.json("list")["images"][0]["deregistration_protection"], "disabled");
    assert_eq!(setup.run("list --columns protection -o csv").ended(0).stdout, "protection\ndisabled\n");
    assert_eq!(setup.json(&format!("show {id}"))["image"]["deregistration_protection"], "disabled");
    let page = setup.run(&format!("show {id}")).ended(0).stdout;
    assert!(page.contains("Protected       no\n"), "{page}");
    let report = setup.json(&format!("unprotect {id}"));
    assert_eq!(
        (&report["results"][0]["changed"], &report["results"][0]["detail"]),
        (&false.into(), &serde_json::Value::Null)
    );
    setup.run(&format!("deregister {id} --yes")).ended(0);
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn an_image_of_another_account_is_not_ours_to_deregister() {
    let setup = Setup::new();
    let theirs = setup.world().image(OTHER, EAST, NAME).shared_with(PROD).put();
    let ran = setup.run(&format!("deregister {theirs} --yes -o json")).ended(1);
    assert_eq!(ran.error()["code"], "AuthFailure");
    let said = format!("belongs to {OTHER}, not to account {PROD}, region us-east-1");
    assert!(ran.error()["message"].as_str().unwrap().contains(&said), "{}", ran.stderr);
    setup.unchanged();
    assert_eq!(setup.names(OTHER, EAST), [NAME]);
}

#[test]
fn a_source_that_cannot_be_read_leaves_doubt_and_doubt_keeps() {
    for (call, source) in [
        ("DescribeInstances", "instances"),
        ("DescribeLaunchTemplateVersions", "launch-templates"),
        ("DescribeLaunchConfigurations", "launch-configurations"),
        ("DescribeAutoScalingGroups", "auto-scaling-groups"),
        ("DescribeSpotFleetRequests", "spot-requests"),
        ("DescribeFleets", "ec2-fleets"),
        ("DescribeParameters", "ssm-parameters"),
        ("DescribeImageReferences", "image-references"),
    ] {
        let (setup, id) = ready();
        setup.world().launch_template(PROD, EAST, "other").image("ami-0123456789abcdef0").put();
        setup.fake.fault(Fault::error(call, "UnauthorizedOperation", "You are not authorized."));
        let said = ["cannot be verified", source, "You are not authorized."];
        refuses(&setup, &format!("{id} --yes"), "Unverified", &said);
        setup.run(&format!("deregister {id} --yes --without-source {source}")).ended(0);
        assert!(setup.names(PROD, EAST).is_empty(), "{source}");
    }
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_done() {
    let (setup, id) = ready();
    let snapshot = setup.image(&id).snapshots().next().unwrap().to_owned();
    refuses(&setup, &id, "NotConfirmed", &[NAME, &id, &snapshot, "20 GiB", "40 GiB", "--yes"]);
    assert_eq!(setup.names(PROD, EAST), [NAME]);
}

#[test]
fn a_dry_run_asks_ec2_and_changes_nothing() {
    let (setup, id) = ready();
    let line = format!("deregister {id} --dry-run");
    let ran = setup.run(&line).ended(0).says(&["dry run: this would be deregistered and deleted", NAME, "40 GiB"]);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    assert_eq!(setup.outcomes("DeregisterImage"), [refused("DryRunOperation")]);
    setup.unchanged();
    setup.fake.fault(Fault::error("DeleteSnapshot", "UnauthorizedOperation", "No deleting.").times(1));
    setup.run(&line).ended(1).says(&["No deleting."]);
    setup.fake.fault(Fault::error("DeregisterImage", "UnauthorizedOperation", "No deregistering."));
    setup.run(&line).ended(1).says(&["No deregistering."]);
    setup.unchanged();
    setup.world().instance(PROD, EAST).image(&id).put();
    refuses(&setup, &format!("{id} --dry-run"), "InUse", &["is in use by"]);
    assert_eq!(setup.names(PROD, EAST), [NAME]);
}

#[test]
fn what_ec2_refuses_is_reported_and_the_others_go() {
    let (setup, id) = ready();
    let backup = setup.world().image(PROD, EAST, "AwsBackup").tag("aws:backup:source-resource", "x").put();
    let ran = setup.run(&format!("deregister {backup} --yes -o json")).ended(1);
    assert_eq!(ran.json()["results"][0]["error"]["code"], "AuthFailure");
    assert_eq!(ran.json()["results"][0]["snapshots"], serde_json::json!([]));
    let ran = setup.run(&format!("deregister {backup} {id} --yes -o json")).ended(3);
    let report = ran.json();
    assert_eq!(report["summary"], serde_json::json!({"done": 1, "failed": 1, "skipped": 0}));
    let status = |n: usize| (report["results"][n]["image_id"].clone(), report["results"][n]["status"].clone());
    assert_eq!((status(0), status(1)), ((backup.into(), "failed".into()), (id.into(), "done".into())));
    assert_eq!(setup.names(PROD, EAST), ["AwsBackup"]);
}

#[test]
fn the_report_comes_in_every_format() {
    for (format, said) in [
        ("table", vec![NAME, "deregistered", "2 deleted"]),
        ("csv", vec!["account,region,image_id,name,action,status,error,snapshots", PROD, "done", "=deleted snap-"]),
        ("jsonl", vec!["{\"account\":\"111111111111\"", "\"status\":\"done\""]),
        ("ids", vec!["ami-"]),
    ] {
        let (setup, id) = ready();
        let ran = setup.run(&format!("deregister {id} --yes -o {format}")).ended(0);
        assert!(said.iter().all(|said| ran.stdout.contains(said)) && ran.stdout.contains(&id), "{}", ran.stdout);
        assert_eq!(
            ran.stderr, "Recycle Bin: the image cannot be restored once deleted: no active rule holds it\n",
            "{format}"
        );
    }
}

#[test]
fn an_image_named_twice_goes_once() {
    let (setup, id) = ready();
    let report = setup.json(&format!("deregister {id} web web:v1 {NAME} --yes"));
    assert_eq!(report["summary"]["done"], 1);
    assert_eq!(setup.calls("DeregisterImage").len(), 1);
}

#[test]
fn an_image_that_is_gone_already_is_not_found() {
    let (setup, id) = ready();
    setup.run(&format!("deregister {id} --yes")).ended(0);
    setup.fake.forget_calls();
    setup.run(&format!("deregister {id} --yes -o json")).ended(1).says(&["InvalidAMIID.NotFound", &id]);
    setup.unchanged();
}

#[test]
fn images_in_every_state_can_go() {
    let setup = Setup::new();
    for state in ["pending", "failed", "disabled", "error", "invalid"] {
        let id = setup.world().image(PROD, EAST, &format!("{state}-v1-2026-01-02")).state(state).put();
        setup.run(&format!("deregister {id} --yes")).ended(0);
    }
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn a_wrong_flag_is_refused_before_any_call() {
    let setup = Setup::new();
    for (arguments, said) in [
        ("", "<REF>"),
        ("web --without-source instance", "there is no source 'instance'; sources are instances, launch-templates"),
        ("web --keep 3", "--keep"),
    ] {
        setup.run(&format!("deregister {arguments}")).ended(2).says(&[said]);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_dry_run_goes_on_where_a_region_cannot_be_read() {
    let (setup, id) = ready();
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "No.").in_region("us-west-2").times(99));
    let ran = setup.run(&format!("deregister {id} --dry-run --region us-east-1,us-west-2 --without-source accounts"));
    ran.ended(3).says(&["dry run: this would be deregistered", "us-west-2"]);
    setup.unchanged();
}
