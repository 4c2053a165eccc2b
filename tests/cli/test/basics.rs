//! Boot tests that pass: what is launched, with what, and what is reported.

use std::time::Instant;

use serde_json::json;

use super::{booted, only, script_of, states};
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup, each, seconds};

#[test]
fn an_image_that_boots_passes_and_its_instance_is_gone() {
    let setup = Setup::new();
    let image = setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.world().boot_for = seconds(1);
    setup.world().visible_after = seconds(1);
    setup.world().shutdown_for = seconds(1);
    let report = setup.json("test web --type t3.micro");
    let instance = only(&setup);
    let test = &report["tests"][0];
    let check = |what: &str| json!({"kind": "status", "what": what, "passed": true, "detail": "ok", "seconds": 0});
    let mut found = test["checks"].clone();
    for check in found.as_array_mut().unwrap() {
        assert!(check["seconds"].as_u64().unwrap() <= 10, "{check}");
        check["seconds"] = 0.into();
    }
    assert_eq!(found, json!([check("system"), check("instance"), check("EBS")]));
    let expected = json!({"version": 1, "kind": "test", "errors": [], "tests": [{
        "account": PROD, "region": EAST, "image_id": image, "name": "web-v1-2026-01-02", "type": "t3.micro",
        "instance_id": instance.id, "verdict": "passed", "started_at": test["started_at"], "ended_at": test["ended_at"],
        "checks": test["checks"], "console_tail": null, "terminated": true, "error": null,
    }]});
    assert_eq!(report, expected);
    assert!(test["started_at"].as_str() < test["ended_at"].as_str(), "{test}");
    assert_eq!(states(&setup), ["terminated"]);
    assert_eq!(setup.changes(), ["RunInstances", "TerminateInstances", "CreateTags"]);
}

#[test]
fn an_instance_has_nothing_that_was_not_asked_for() {
    let setup = booted("test web --type t3.micro");
    let instance = only(&setup);
    assert_eq!((&instance.public_ip, &instance.profile, &instance.key_name), (&None, &None, &None));
    assert!(instance.tokens_required, "IMDSv2");
    assert_eq!(instance.groups.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["default"]);
    let run = instance.tags["amictl:test"].clone();
    assert_eq!(run.len(), 32, "{run}");
    assert_eq!(instance.tags["Name"], "amictl-test web-v1-2026-01-02");
    assert!(instance.tags["amictl:created-by"].starts_with("amictl/"), "{:?}", instance.tags);
    let expires = chrono::DateTime::parse_from_rfc3339(&instance.tags["amictl:expires"]).unwrap();
    let life = (expires.to_utc() - instance.launched).num_seconds();
    assert!((25 * 60 - 5..=25 * 60 + 5).contains(&life), "{life}");
    assert_eq!(instance.interface_tags, instance.tags);
    assert!(instance.volumes.iter().all(|volume| volume.tags == instance.tags && volume.delete_on_termination));
    assert!(instance.client_token.as_deref().is_some_and(|token| token.contains(&run)), "{:?}", instance.client_token);
    let second = booted("test web --type t3.micro");
    assert_ne!(only(&second).client_token, instance.client_token, "a second run launches anew");
}

#[test]
fn flags_reach_the_instance() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.world().add_profile(PROD, "ssm");
    let subnet = setup.world().subnets(PROD, EAST)[2].clone();
    let group = setup.world().groups(PROD, EAST).next().unwrap().id.clone();
    let script = setup.home.write("boot.sh", "#!/bin/sh\necho hello\n");
    let options = format!("--subnet {subnet} --security-group {group} --user-data {script} --instance-profile ssm");
    setup.run(&format!("test web --type t3.micro {options} --public-ip")).ended(0);
    let instance = only(&setup);
    assert_eq!(instance.subnet, subnet);
    assert_eq!(instance.groups[0].0, group);
    assert_eq!(script_of(&instance).as_deref(), Some("#!/bin/sh\necho hello\n"));
    assert_eq!(instance.timer, None, "with user data of one's own there is no timer");
    assert!(instance.public_ip.is_some() && instance.profile.is_some_and(|arn| arn.ends_with("/ssm")));
}

#[test]
fn the_timer_is_ten_minutes_longer_than_the_wait() {
    for (options, minutes) in [("", 25), ("--timeout 1h", 70), ("--tcp 22 --probe-timeout 1s --timeout 2m", 12)] {
        let setup = Setup::new();
        setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
        setup.world().image(PROD, EAST, "win-v1-2026-01-02").windows().put();
        setup.run(&format!("test web win --type t3.micro {options}"));
        let world = setup.world();
        let all: Vec<_> = world.instances(PROD, EAST).collect();
        assert_eq!(all.len(), 2);
        for instance in all {
            let script = script_of(instance).unwrap();
            let words = match instance.windows {
                true => format!("shutdown.exe /s /f /t {} ", 60 * minutes),
                false => format!("shutdown -h +{minutes} "),
            };
            assert!(script.contains(&words), "{options}: {script}");
            let (at, then) = instance.timer.unwrap();
            assert_eq!(((at - instance.launched).num_minutes(), then), (minutes, "terminated"));
        }
    }
}

#[test]
fn a_timeout_of_the_environment_or_the_file_counts_as_set() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.amictl().env("AMICTL_TIMEOUT", "20m").run("test web --type t3.micro").ended(0);
    assert!(script_of(&only(&setup)).unwrap().contains("shutdown -h +30 "));
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let file = setup.home.write("config.toml", "timeout = \"40m\"\n");
    setup.run(&format!("test web --type t3.micro --config {file}")).ended(0);
    assert!(script_of(&only(&setup)).unwrap().contains("shutdown -h +50 "));
}

#[test]
fn volumes_that_would_stay_go_with_the_instance() {
    let setup = Setup::new();
    let image = setup.world().image(PROD, EAST, "web-v1-2026-01-02").snapshots(2).blank("/dev/sdx", 5).put();
    for mapping in setup.world().image_mut(&image).mappings.iter_mut().skip(1) {
        mapping.ebs.as_mut().unwrap().delete_on_termination = false;
    }
    setup.run("test web --type t3.micro").ended(0);
    let instance = only(&setup);
    assert_eq!(instance.volumes.len(), 3);
    assert!(instance.volumes.iter().all(|volume| volume.delete_on_termination), "{:?}", instance.volumes);
}

#[test]
fn each_image_boots_on_the_types_of_its_architecture() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "api-v1-2026-01-02").architecture("arm64").put();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let report = setup.json("test api web --type t3.micro,t4g.micro --type t2.micro");
    assert_eq!(each(&report["tests"], "name"), ["api-v1-2026-01-02", "web-v1-2026-01-02", "web-v1-2026-01-02"]);
    assert_eq!(each(&report["tests"], "type"), ["t4g.micro", "t3.micro", "t2.micro"]);
    assert_eq!(each(&report["tests"], "verdict"), ["passed"; 3]);
    // Xen has no check of the volumes.
    let checks: Vec<_> = (0..3).map(|n| report["tests"][n]["checks"].as_array().unwrap().len()).collect();
    assert_eq!(checks, [3, 3, 2]);
}

#[test]
fn several_run_side_by_side_and_are_reported_in_order() {
    let setup = Setup::new();
    let ids = setup.world().bulk_images(PROD, EAST, "web", 6);
    setup.world().checks_for = seconds(3);
    let begun = Instant::now();
    let report = setup.json(&format!("test {} {} --type t3.micro", ids.join(" "), ids[0]));
    assert!(begun.elapsed() < seconds(25), "{:?}", begun.elapsed());
    assert_eq!(each(&report["tests"], "image_id"), ids, "an image that is named twice is tested once");
    assert_eq!(each(&report["tests"], "verdict"), ["passed"; 6]);
    assert_eq!(states(&setup), ["terminated"; 6]);
}

#[test]
fn all_kinds_of_references_are_tested() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.world().image(PROD, EAST, "web-v2-2026-01-03").put();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &id);
    setup.world().parameter(PROD, EAST, "/golden/web", &id);
    for reference in ["web:prod", "ssm:/golden/web", "web:v1", &id, "web-v1-2026-01-02"] {
        assert_eq!(
            setup.run(&format!("test {reference} --type t3.micro -o ids")).ended(0).lines(),
            [&id],
            "{reference}"
        );
    }
}

#[test]
fn an_image_of_another_account_is_tested_where_it_can_be_seen() {
    let setup = Setup::new();
    let shared = setup.world().image(OTHER, EAST, "api-v1-2026-01-02").shared_with(PROD).put();
    let ran = setup.run(&format!("test {shared} --type t3.micro -o json")).ended(0);
    assert_eq!(ran.json()["tests"][0]["verdict"], "passed");
    let ran = ran.says(&["belongs to another account"]);
    assert_eq!(ran.json()["errors"], json!([]));
    assert_eq!(setup.fake.count("CreateTags"), 0);
}

#[test]
fn a_dry_run_checks_everything_and_launches_nothing() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let ran = setup.run("test web --type t3.micro,t3.small --dry-run").ended(0);
    assert_eq!(ran.stdout, "");
    let ran = ran.says(&["dry run: web-v1-2026-01-02", "on t3.micro would be tested in us-east-1", "on t3.small"]);
    drop(ran);
    setup.unchanged();
    let tried = setup.calls("RunInstances");
    assert!(tried.len() == 2 && tried.iter().all(|call| call.dry_run));
    setup.run("test web --type t3.micro --instance-profile none --dry-run").ended(1).says(&["none"]);
    assert_eq!(setup.world().instances(PROD, EAST).count(), 0);
}

#[test]
fn a_subnet_is_one_of_a_zone_that_offers_the_type() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    for letter in ["a", "b"] {
        setup.world().not_offered.insert(("t3.micro".to_owned(), format!("{EAST}{letter}")));
    }
    setup.run("test web --type t3.micro").ended(0);
    assert_eq!(only(&setup).zone, "us-east-1c");
}
