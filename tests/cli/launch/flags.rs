//! `launch`: what every flag does to the instance.

use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, each, seconds};
use crate::test::only;

/// An endpoint with one image to launch.
fn ready() -> Setup {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").snapshots(2).put();
    setup
}

#[test]
fn it_waits_until_the_instance_runs_and_prints_its_addresses() {
    let setup = ready();
    setup.world().boot_for = seconds(1);
    setup.world().visible_after = seconds(1);
    let launched = setup.json("launch web --type t3.micro");
    let instance = only(&setup);
    let expected = serde_json::json!({"version": 1, "instances": [{
        "id": instance.id, "image_id": instance.image, "region": EAST, "state": "running", "type": "t3.micro",
        "private_ip": instance.private_ip, "public_ip": instance.public_ip,
        "public_dns": launched["instances"][0]["public_dns"],
    }]});
    assert_eq!(launched, expected);
    assert!(launched["instances"][0]["public_dns"].as_str().unwrap().contains(".amazonaws.com"), "{launched}");
    assert_eq!(setup.changes(), ["RunInstances"]);
}

#[test]
fn without_waiting_it_prints_what_ec2_answers() {
    let setup = ready();
    setup.world().boot_for = seconds(3600);
    let launched = setup.json("launch web --type t3.micro --no-wait");
    assert_eq!(each(&launched["instances"], "state"), ["pending"]);
    assert_eq!(each(&launched["instances"], "id"), [only(&setup).id]);
}

#[test]
fn flags_reach_the_instance() {
    let setup = ready();
    let subnet = setup.world().subnets(PROD, EAST)[1].clone();
    setup.world().add_key_pair(PROD, EAST, "ops");
    setup.world().add_profile(PROD, "web-role");
    let script = setup.home.write("boot.sh", "#!/bin/sh\necho \u{fc}ber\n");
    setup.json(&format!(
        "launch web:v1 --type t3.micro --key-name ops --subnet {subnet} --instance-profile web-role --spot \
         --name canary --tag Team=core --tag Empty= --user-data {script}"
    ));
    let instance = only(&setup);
    assert_eq!((instance.kind.as_str(), instance.key_name.as_deref()), ("t3.micro", Some("ops")));
    assert_eq!(instance.subnet, subnet);
    assert_eq!(instance.profile.as_deref(), Some("arn:aws:iam::111111111111:instance-profile/web-role"));
    assert!(instance.spot.is_some());
    assert_eq!(instance.user_data.as_deref(), Some("IyEvYmluL3NoCmVjaG8gw7xiZXIK"));
    for (key, value) in [("Name", "canary"), ("Team", "core"), ("Empty", "")] {
        assert_eq!(instance.tags[key], value, "{key}");
    }
    assert!(instance.tags["amictl:created-by"].starts_with("amictl/"), "{:?}", instance.tags);
    assert_eq!(instance.volumes.len(), 2);
    assert!(instance.volumes.iter().all(|volume| volume.tags == instance.tags));
}

#[test]
fn without_flags_nothing_is_made_up() {
    let setup = ready();
    setup.run("launch web --type t3.micro").ended(0);
    let instance = only(&setup);
    assert_eq!((instance.key_name, instance.profile, instance.spot, instance.user_data), (None, None, None, None));
    assert_eq!(instance.groups.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["default"]);
    assert_eq!(instance.tags.keys().collect::<Vec<_>>(), ["amictl:created-by"]);
}

#[test]
fn all_are_launched_or_none() {
    let setup = ready();
    let launched = setup.json("launch web --type t3.micro --count 3");
    assert_eq!(each(&launched["instances"], "state"), ["running"; 3]);
    let call = setup.calls("RunInstances").remove(0);
    assert_eq!((call.params["MinCount"].as_str(), call.params["MaxCount"].as_str()), ("3", "3"));
    assert_eq!(setup.world().instances(PROD, EAST).count(), 3);
}

#[test]
fn a_template_gives_what_is_not_said_and_the_image_is_ours() {
    let setup = ready();
    let ours = setup.world().image_named(PROD, EAST, "web-v1-2026-01-02").unwrap().id.clone();
    let old = setup.world().image(PROD, EAST, "old-v1-2020-01-01").put();
    setup.world().add_key_pair(PROD, EAST, "ops");
    let template = [("ImageId", old.as_str()), ("InstanceType", "t3.small"), ("KeyName", "ops")];
    let newest = [("ImageId", old.as_str()), ("InstanceType", "m5.large")];
    setup.world().launch_template(PROD, EAST, "web").version(&template).version(&newest).put();
    for (version, kind, key) in [
        ("web", "t3.small", Some("ops")),
        ("web:2", "m5.large", None),
        ("web:latest", "m5.large", None),
        ("web:default", "t3.small", Some("ops")),
    ] {
        let launched = setup.json(&format!("launch web --template {version}"));
        let id = launched["instances"][0]["id"].as_str().unwrap().to_owned();
        let instance = setup.world().find_instance(&id).unwrap().clone();
        assert_eq!(instance.image, ours, "{version}");
        assert_eq!((instance.kind.as_str(), instance.key_name.as_deref()), (kind, key), "{version}");
    }
    let launched = setup.json("launch web --template web --type c5.large");
    assert_eq!(launched["instances"][0]["type"], "c5.large");
    setup.run("launch web --template web:9").ended(1).says(&["InvalidLaunchTemplateId.VersionNotFound"]);
    setup.run("launch web --template nope").ended(1).says(&["InvalidLaunchTemplateName.NotFoundException"]);
}

#[test]
fn an_instance_that_ends_shows_the_reason_of_ec2() {
    let setup = ready();
    let reason = "Client.VolumeLimitExceeded: Volume limit exceeded";
    setup.world().fail_next_launch = Some(("Client.VolumeLimitExceeded".to_owned(), reason.to_owned()));
    let ran = setup.run("launch web --type t3.micro -o json").ended(1);
    let (error, id) = (ran.error(), only(&setup).id);
    assert_eq!(error["code"], "InstanceEnded");
    assert_eq!(error["message"], format!("{id} in us-east-1 is terminated: {reason}"));
}

#[test]
fn when_the_time_is_over_the_instance_is_named() {
    let setup = ready();
    setup.world().boot_for = seconds(600);
    let ran = setup.run("launch web --type t3.micro --timeout 1s -o json").ended(5);
    let (error, id) = (ran.error(), only(&setup).id);
    assert!(error["message"].as_str().unwrap().contains(&id), "{error}");
    assert!(error["hint"].as_str().unwrap().contains(&id), "{error}");
}

#[test]
fn a_lost_answer_launches_nothing_twice() {
    let setup = ready();
    setup.fake.fault(Fault::on("RunInstances", FaultKind::ResetAfter).times(1));
    let launched = setup.json("launch web --type t3.micro --count 2");
    assert_eq!(setup.calls("RunInstances").len(), 2);
    assert_eq!(setup.world().instances(PROD, EAST).count(), 2);
    assert_eq!(launched["instances"].as_array().unwrap().len(), 2);
}

#[test]
fn a_launch_whose_answer_never_came_can_be_taken_up() {
    let setup = ready();
    setup.fake.fault(Fault::on("RunInstances", FaultKind::ResetAfter).times(1));
    let line = "launch web --type t3.micro --count 2 -o json";
    let error = setup.once().run(line).ended(1).error();
    assert_eq!(error["code"], "AnswerLost");
    assert!(error["message"].as_str().unwrap().contains("whether instances were launched is unknown"), "{error}");
    let hint = error["hint"].as_str().unwrap().to_owned();
    let token = hint.split_once("--client-token ").unwrap().1.split_once(':').unwrap().0.to_owned();
    let found = setup.run(&format!("{line} --client-token {token}")).ended(0).json();
    let launched: Vec<_> = setup.world().instances(PROD, EAST).map(|i| i.id.clone()).collect();
    assert_eq!((launched.len(), found["instances"].as_array().unwrap().len()), (2, 2));
    assert!(each(&found["instances"], "id").iter().all(|id| launched.iter().any(|l| l == id)), "{found}");
    setup.run("launch web --type t3.micro --count 2").ended(0);
    assert_eq!(setup.world().instances(PROD, EAST).count(), 4, "another run is another launch");
}

#[test]
fn an_image_that_cannot_be_launched_is_refused_before_the_call() {
    let setup = ready();
    let pending = setup.world().image(PROD, EAST, "web-v2-2026-01-02").state("pending").put();
    let ran = setup.run(&format!("launch {pending} --type t3.micro -o json")).ended(1);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains(&format!("amictl wait {pending} --region us-east-1")), "{hint}");
    for state in ["failed", "disabled", "invalid"] {
        let id = setup.world().image(PROD, EAST, &format!("{state}-v1-2026-01-02")).state(state).put();
        let said = format!("is {state} and cannot be launched");
        setup.run(&format!("launch {id} --type t3.micro")).ended(1).says(&[&said]);
    }
    assert!(setup.calls("RunInstances").is_empty());
}

#[test]
fn a_refusal_of_ec2_is_shown_as_it_is() {
    let setup = ready();
    for (arguments, code) in [
        ("--type x9.huge", "InvalidParameterValue"),
        ("--type t4g.micro", "InvalidParameterValue"),
        ("--type t3.micro --key-name nope", "InvalidKeyPair.NotFound"),
        ("--type t3.micro --subnet subnet-0123456789abcdef0", "InvalidSubnetID.NotFound"),
        ("--type t3.micro --security-group sg-0123456789abcdef0", "InvalidGroup.NotFound"),
        ("--type t3.micro --instance-profile nope", "InvalidParameterValue"),
    ] {
        let ran = setup.run(&format!("launch web {arguments} -o json")).ended(1);
        assert_eq!(ran.error()["code"], code, "{arguments}");
    }
    assert_eq!(setup.world().instances(PROD, EAST).count(), 0);
}

#[test]
fn a_dry_run_asks_ec2_and_launches_nothing() {
    let setup = ready();
    let line = "launch web --type t3.micro --count 2 --dry-run";
    let ran = setup.run(line).ended(0).says(&["dry run: 2 of web-v1-2026-01-02", "would be launched in us-east-1"]);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    assert!(setup.calls("RunInstances")[0].dry_run);
    setup.run("launch web --type x9.huge --dry-run").ended(1).says(&["InvalidParameterValue"]);
    setup.fake.fault(Fault::error("RunInstances", "UnauthorizedOperation", "You are not authorized."));
    setup.run(line).ended(1).says(&["UnauthorizedOperation"]);
    setup.unchanged();
    assert_eq!(setup.world().instances(PROD, EAST).count(), 0);
}

#[test]
fn a_wrong_flag_is_refused_before_any_call() {
    let setup = Setup::new();
    let large = setup.home.write("large", &"x".repeat(16 * 1024 + 1));
    let large = format!("--type t3.micro --user-data {large}");
    let many: Vec<String> = (0..50).map(|n| format!("--tag k{n}=v")).collect();
    let many = format!("--type t3.micro {}", many.join(" "));
    for (arguments, said) in [
        ("", "--type"),
        ("--type t3.micro --count 0", "0 is not in 1..=1000"),
        ("--type t3.micro --subnet vpc-0123456789abcdef0", "it should look like subnet-0123456789abcdef0"),
        ("--type t3.micro --security-group default", "it should look like sg-0123456789abcdef0"),
        ("--type t3.micro --user-data /nowhere/boot.sh", "--user-data /nowhere/boot.sh: No such file"),
        (&large, "it has more than 16384 bytes, the most that EC2 takes"),
        ("--type t3.micro --user-data /dev/zero", "it has more than 16384 bytes"),
        ("--type t3.micro --user-data /dev/null", "it is empty"),
        ("--type t3.micro --tag aws:x=y", "AWS keeps for itself"),
        ("--type t3.micro --name a --tag Name=b", "tag 'Name' is given twice"),
        (&many, "51 tags are too many"),
        ("--template web:0", "the version must be a number, latest or default, e.g. web:3"),
        ("--template w", "a template name has 3 to 128"),
        ("--template web --allow-http", "give --subnet as well"),
    ] {
        setup.run(&format!("launch web {arguments}")).ended(2).says(&[said]);
    }
    assert!(setup.fake.calls().is_empty(), "{:?}", setup.fake.calls());
}
