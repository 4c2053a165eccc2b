//! `create` from an instance.

use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, seconds, today};

fn instance(setup: &Setup) -> String {
    setup.world().instance(PROD, EAST).put()
}

#[test]
fn the_image_and_all_its_snapshots_carry_the_tags() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).volumes(2).put();
    let made = setup.json(&format!(
        "create web --instance {id} --date 2026-01-02 --environment prod --owner platform --tag Build=a=b --tag Empty="
    ));
    let image = setup.image(made["images"][0]["id"].as_str().unwrap());
    let expected = [
        ("Build", "a=b"),
        ("Empty", ""),
        ("Environment", "prod"),
        ("Family", "web"),
        ("Name", "web-v1-2026-01-02"),
        ("Owner", "platform"),
        ("Version", "1"),
        ("amictl:created-by", concat!("amictl/", env!("CARGO_PKG_VERSION"))),
    ];
    for (key, value) in expected {
        assert_eq!(image.tags.get(key).map(String::as_str), Some(value), "{key}");
    }
    let snapshots: Vec<_> = image.snapshots().collect();
    assert_eq!(snapshots.len(), 2);
    for snapshot in snapshots {
        assert_eq!(setup.world().find_snapshot(snapshot).unwrap().tags, image.tags);
    }
    assert_eq!(made["images"][0]["tags"]["Build"], "a=b");
}

#[test]
fn a_name_tag_can_be_chosen() {
    let setup = Setup::new();
    let id = instance(&setup);
    let made = setup.json(&format!("create web --instance {id} --tag Name=golden"));
    let image = setup.image(made["images"][0]["id"].as_str().unwrap());
    assert_eq!(image.tags["Name"], "golden");
    assert!(image.name.starts_with("web-v1-"), "{}", image.name);
}

#[test]
fn fifty_tags_are_not_too_many() {
    let setup = Setup::new();
    let id = instance(&setup);
    let many: Vec<String> = (0..45).map(|n| format!("--tag k{n}=v")).collect();
    let made = setup.json(&format!("create web --instance {id} {}", many.join(" ")));
    assert_eq!(setup.image(made["images"][0]["id"].as_str().unwrap()).tags.len(), 50);
}

#[test]
fn without_snapshot_tags_only_the_image_is_tagged() {
    let setup = Setup::new();
    let id = instance(&setup);
    setup.fake.fault(Fault::error("CreateImage", "UnauthorizedOperation", "no tags on snapshots").matching("snapshot"));
    setup.run(&format!("create web --instance {id}")).ended(1).says(&["UnauthorizedOperation"]);
    assert!(setup.names(PROD, EAST).is_empty());
    let made = setup.json(&format!("create web --instance {id} --no-snapshot-tags"));
    let image = setup.image(made["images"][0]["id"].as_str().unwrap());
    assert_eq!(image.tags["Family"], "web");
    let snapshot = image.snapshots().next().unwrap().to_owned();
    assert!(setup.world().find_snapshot(&snapshot).unwrap().tags.is_empty());
}

#[test]
fn the_user_is_told_that_a_running_instance_reboots() {
    let setup = Setup::new();
    let id = instance(&setup);
    setup
        .run(&format!("create web --instance {id}"))
        .ended(0)
        .says(&[&format!("{id} is running and will reboot"), "--no-reboot would leave it running"]);
    assert_eq!(setup.world().find_instance(&id).unwrap().reboots, 1);
}

#[test]
fn with_no_reboot_the_instance_keeps_running() {
    let setup = Setup::new();
    let id = instance(&setup);
    let ran = setup.run(&format!("create web --instance {id} --no-reboot")).ended(0);
    assert!(!ran.stderr.contains("reboot"), "{}", ran.stderr);
    assert_eq!(setup.world().find_instance(&id).unwrap().reboots, 0);
    assert_eq!(setup.calls("CreateImage")[0].params["NoReboot"], "true");
}

#[test]
fn a_stopped_instance_is_not_said_to_reboot() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).state("stopped").put();
    let ran = setup.run(&format!("create web --instance {id}")).ended(0);
    assert!(!ran.stderr.contains("reboot"), "{}", ran.stderr);
    assert_eq!(setup.names(PROD, EAST), [format!("web-v1-{}", today())]);
}

#[test]
fn it_waits_until_the_image_is_available() {
    let setup = Setup::new();
    let id = instance(&setup);
    setup.world().pending_for = seconds(1);
    setup.world().snapshots_appear_late = true;
    let made = setup.json(&format!("create web --instance {id} --description golden"));
    let image = &made["images"][0];
    assert_eq!((&image["state"], &image["description"]), (&"available".into(), &"golden".into()));
    assert_eq!(image["source"]["instance_id"], *id);
    assert_eq!(image["snapshots"].as_array().unwrap().len(), 1);
}

#[test]
fn an_image_that_is_not_found_at_first_is_waited_for() {
    let setup = Setup::new();
    let id = instance(&setup);
    setup.world().visible_after = seconds(1);
    let made = setup.json(&format!("create web --instance {id}"));
    assert_eq!(made["images"][0]["state"], "available");
    assert_eq!(setup.changes(), ["CreateImage"]);
}

#[test]
fn without_waiting_the_pending_image_is_shown() {
    let setup = Setup::new();
    let id = instance(&setup);
    setup.world().pending_for = seconds(3600);
    let made = setup.json(&format!("create web --instance {id} --no-wait"));
    let image = setup.image(made["images"][0]["id"].as_str().unwrap());
    assert_eq!(made["images"][0]["state"], "pending");
    assert_eq!(image.state(setup.world().now()), "pending");
}

#[test]
fn a_failed_image_shows_the_reason_of_ec2() {
    let setup = Setup::new();
    let id = instance(&setup);
    let reason = "Client.InstanceTerminated: Instance was terminated or rebooted during AMI creation";
    setup.world().fail_next_image = Some(("Client.InstanceTerminated".to_owned(), reason.to_owned()));
    let ran = setup.run(&format!("create web --instance {id} -o json")).ended(1);
    let error = ran.error();
    assert_eq!(error["code"], "ImageNotAvailable");
    assert!(error["message"].as_str().unwrap().contains(reason), "{error}");
    let failed = setup.world().images(PROD, EAST).next().unwrap().id.clone();
    assert!(error["hint"].as_str().unwrap().contains(&format!("amictl deregister {failed} --region us-east-1")));
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
}

#[test]
fn when_the_time_is_over_the_message_says_how_to_go_on() {
    let setup = Setup::new();
    let id = instance(&setup);
    setup.world().pending_for = seconds(600);
    let ran = setup.run(&format!("create web --instance {id} --timeout 1s -o json")).ended(5);
    let error = ran.error();
    let hint = error["hint"].as_str().unwrap();
    let resume = hint.split_once("amictl ").unwrap().1;
    assert!(resume.starts_with("wait ami-"), "{hint}");
    setup.world().advance(seconds(600));
    let found = setup.json(resume);
    assert_eq!((&found["images"][0]["state"], setup.changes().len()), (&"available".into(), 1));
}

#[test]
fn an_instance_that_cannot_be_used_is_named_with_the_place() {
    let setup = Setup::new();
    let foreign = setup.world().instance(OTHER, EAST).put();
    let elsewhere = setup.world().instance(PROD, WEST).put();
    for id in ["i-0123456789abcdef0", &foreign, &elsewhere] {
        let ran = setup.run(&format!("create web --instance {id} -o json")).ended(1);
        let error = ran.error();
        assert_eq!(error["code"], "InvalidInstanceID.NotFound");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(id) && message.contains("account 111111111111, region us-east-1"), "{message}");
        assert!(error["hint"].as_str().unwrap().contains("--region"), "{error}");
    }
    for state in ["terminated", "shutting-down"] {
        let ended = setup.world().instance(PROD, EAST).state(state).put();
        let said = format!("{ended} in us-east-1 is {state}: nothing can be made from it");
        setup.run(&format!("create web --instance {ended}")).ended(1).says(&[&said]);
    }
    setup.unchanged();
}

#[test]
fn a_refusal_of_ec2_is_shown_as_it_is() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).instance_store().put();
    let ran = setup.run(&format!("create web --instance {id} -o json")).ended(1);
    assert_eq!(ran.error()["code"], "InvalidParameterValue");
    assert!(ran.error()["message"].as_str().unwrap().contains("has no EBS root volume"), "{}", ran.error());
    setup.fake.fault(Fault::error("CreateImage", "UnauthorizedOperation", "You are not authorized."));
    let ran = setup.run(&format!("create web --instance {id} -o json")).ended(1);
    let error = ran.error();
    assert_eq!(error["code"], "UnauthorizedOperation");
    assert!(error["hint"].as_str().unwrap().contains("add the permission"), "{error}");
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn a_dry_run_asks_ec2_and_changes_nothing() {
    let setup = Setup::new();
    let id = instance(&setup);
    let line = format!("create web --instance {id} --date 2026-01-02 --dry-run");
    let ran = setup.run(&line).ended(0).says(&["dry run: web-v1-2026-01-02 would be made in us-east-1"]);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    assert!(setup.calls("CreateImage")[0].dry_run);
    setup.unchanged();
    assert_eq!(setup.world().find_instance(&id).unwrap().reboots, 0);
    setup.fake.fault(Fault::error("CreateImage", "UnauthorizedOperation", "You are not authorized."));
    setup.run(&line).ended(1).says(&["UnauthorizedOperation"]);
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn a_dry_run_of_what_cannot_work_fails() {
    let setup = Setup::new();
    let ended = setup.world().instance(PROD, EAST).state("terminated").put();
    setup.run(&format!("create web --instance {ended} --dry-run")).ended(1).says(&["is terminated"]);
    setup.run("create web --instance i-0123456789abcdef0 --dry-run").ended(1).says(&["there is no instance"]);
    setup.unchanged();
    assert!(setup.calls("CreateImage").is_empty());
}

#[test]
fn copies_are_made_when_the_image_is_available() {
    let setup = Setup::new();
    let id = instance(&setup);
    let line = format!("create web --instance {id} --date 2026-01-02 --owner ops --copy-to us-west-2,eu-west-1");
    let made = setup.json(&line);
    assert_eq!(each(&made["images"], "region"), [EAST, EUROPE, WEST]);
    assert_eq!(each(&made["images"], "name"), ["web-v1-2026-01-02"; 3]);
    assert_eq!(made["images"][2]["tags"]["Owner"], "ops");
    assert_eq!(setup.names(PROD, WEST), ["web-v1-2026-01-02"]);
}

#[test]
fn a_copy_that_fails_does_not_hide_the_image_that_was_made() {
    let setup = Setup::new();
    let id = instance(&setup);
    setup.fake.fault(Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized.").in_region(WEST));
    let ran = setup.run(&format!("create web --instance {id} --copy-to us-west-2,eu-west-1 -o json")).ended(3);
    assert_eq!(each(&ran.json()["images"], "region"), [EAST, EUROPE]);
    assert_eq!(each(&ran.json()["errors"], "region"), [WEST]);
    assert!(ran.error()["hint"].as_str().unwrap().contains("--to us-west-2"), "{}", ran.stderr);
}

#[test]
fn copies_that_make_no_sense_are_refused_before_anything_is_made() {
    let setup = Setup::new();
    let line = "create web --instance i-0123456789abcdef0 --copy-to us-west-2 --no-wait";
    setup.run(line).ended(2).says(&["--copy-to", "--no-wait"]);
    let line = "create web --instance i-0123456789abcdef0 --copy-to us-west-2,us-east-1";
    setup.run(line).ended(2).says(&["--copy-to us-east-1: the image is created in that region"]);
    assert!(setup.fake.calls().is_empty());
}
