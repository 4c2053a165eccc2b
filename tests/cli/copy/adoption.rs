//! `copy` again: what is there is adopted, and what is not ours is left alone.

use crate::fake::{Fault, FaultKind, Outcome, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, refused, seconds};

const NAME: &str = "web-v3-2026-01-02";

fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).tag("Family", "web").tag("Owner", "ops").put();
    (setup, id)
}

/// The id of the only image in a region.
#[track_caller]
fn only(setup: &Setup, region: &str) -> String {
    let world = setup.world();
    let ids: Vec<_> = world.images(PROD, region).map(|image| image.id.clone()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    ids[0].clone()
}

#[test]
fn a_second_run_adopts_the_copies_of_the_first() {
    let (setup, _) = ready();
    let first = setup.json("copy web --to us-west-2,eu-west-1");
    setup.fake.forget_calls();
    let ran = setup.run("copy web --to us-west-2,eu-west-1 -o json").ended(0).says(&["is a copy of"]);
    assert_eq!(ran.json()["images"], first["images"]);
    setup.unchanged();
}

#[test]
fn a_second_run_completes_what_the_first_did_not_wait_for() {
    let (setup, _) = ready();
    setup.world().pending_for = seconds(3600);
    let first = setup.json("copy web --to us-west-2 --no-wait");
    assert_eq!(each(&first["images"], "state"), ["pending"]);
    let id = only(&setup, WEST);
    setup.fake.forget_calls();
    let still = setup.json("copy web --to us-west-2 --no-wait");
    assert_eq!(each(&still["images"], "state"), ["pending"]);
    setup.world().advance(seconds(3600));
    let second = setup.json("copy web --to us-west-2");
    assert_eq!((each(&second["images"], "id"), each(&second["images"], "state")), (vec![&*id], vec!["available"]));
    assert_eq!(setup.changes(), ["CreateTags"], "its snapshot says by now whose it is");
}

#[test]
fn tags_that_are_missing_on_an_earlier_copy_are_added() {
    let (setup, _) = ready();
    setup.run("copy web --to us-west-2 --no-tags").ended(0);
    setup.fake.forget_calls();
    setup.run("copy web --to us-west-2").ended(0);
    let copy = setup.image(&only(&setup, WEST));
    assert_eq!(copy.tags["Owner"], "ops");
    let snapshot = copy.snapshots().next().unwrap();
    assert_eq!(setup.snapshot_tags(snapshot), copy.tags);
    assert_eq!(setup.changes(), ["CreateTags", "CreateTags"]);
}

#[test]
fn an_earlier_copy_that_failed_goes_before_another_is_made_under_its_name() {
    let (setup, _) = ready();
    setup.world().fail_next_image = Some(("Client.InternalError".to_owned(), "no luck".to_owned()));
    setup.run("copy web --to us-west-2").ended(1);
    let broken = only(&setup, WEST);
    let ran = setup.run("copy web --to us-west-2,eu-west-1 -o json").ended(3);
    let hint = ran.error()["hint"].as_str().unwrap().replace('\'', "");
    let lines: Vec<_> = hint.strip_prefix("finish it with: ").unwrap().split(" && ").collect();
    assert_eq!(lines[0], format!("amictl deregister {broken} --region us-west-2"));
    setup.run(&format!("{} --yes", lines[0].strip_prefix("amictl ").unwrap())).ended(0);
    setup.run(lines[1].strip_prefix("amictl ").unwrap()).ended(0);
    assert_ne!(only(&setup, WEST), broken);
}

#[test]
fn a_name_that_another_image_has_is_not_tried_again() {
    let (setup, _) = ready();
    setup.world().image(PROD, WEST, NAME).put();
    let ran = setup.run("copy web --to us-west-2,eu-west-1 -o json").ended(3);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(
        hint.contains("--to us-west-2 --name 'NAME'") && hint.ends_with("NAME is another than the one that is taken")
    );
    let line = hint.strip_prefix("finish it with: amictl ").unwrap().split(';').next().unwrap();
    setup.run(&line.replace("'NAME'", "other")).ended(0);
    assert!(setup.names(PROD, WEST).contains(&"other".to_owned()));
}

#[test]
fn only_what_failed_is_done_by_a_second_run() {
    let (setup, _) = ready();
    let refusal = Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.in_region(EUROPE).times(1));
    let line = "copy web --to us-west-2,eu-west-1";
    let ran = setup.run(&format!("{line} -o json")).ended(3);
    assert_eq!(each(&ran.json()["images"], "region"), [WEST]);
    let error = serde_json::json!([{"account": PROD, "region": EUROPE, "code": "UnauthorizedOperation",
        "message": ran.json()["errors"][0]["message"]}]);
    assert_eq!(ran.json()["errors"], error);
    assert!(ran.json()["errors"][0]["message"].as_str().unwrap().contains("You are not authorized."), "{}", ran.stdout);
    let hint = ran.error()["hint"].as_str().unwrap().replace('\'', "");
    setup.fake.forget_calls();
    setup.run(hint.strip_prefix("finish it with: amictl ").unwrap()).ended(0);
    let copied: Vec<_> = setup.calls("CopyImage").into_iter().map(|call| call.region).collect();
    assert_eq!(copied, [EUROPE]);
}

#[test]
fn a_lost_answer_makes_no_second_copy() {
    let (setup, _) = ready();
    setup.fake.fault(Fault::on("CopyImage", FaultKind::ResetAfter).times(1));
    let ran = setup.once().run("copy web --to us-west-2 -o ids").ended(0);
    assert_eq!(setup.outcomes("CopyImage"), [Outcome::Lost]);
    assert_eq!(ran.stdout.trim(), only(&setup, WEST));
}

#[test]
fn a_lost_answer_that_the_sdk_retries_makes_no_second_copy() {
    let (setup, _) = ready();
    setup.fake.fault(Fault::on("CopyImage", FaultKind::ResetAfter).times(1));
    let ran = setup.run("copy web --to us-west-2 -o ids").ended(0);
    assert_eq!(setup.outcomes("CopyImage"), [Outcome::Lost, Outcome::Ok]);
    assert_eq!(ran.stdout.trim(), only(&setup, WEST));
}

#[test]
fn a_run_that_died_is_taken_up_although_the_copy_does_not_show_yet() {
    let (setup, _) = ready();
    setup.world().visible_after = seconds(2);
    setup.fake.fault(Fault::on("CopyImage", FaultKind::ResetAfter).times(1));
    setup.once().run("copy web --to us-west-2").ended(1);
    let ran = setup.run("copy web --to us-west-2 -o ids").ended(0);
    assert_eq!(ran.stdout.trim(), only(&setup, WEST));
}

#[test]
fn the_token_depends_on_source_region_and_name() {
    let (setup, _) = ready();
    let token = |arguments: &str| {
        setup.fake.forget_calls();
        setup.run(&format!("copy web --dry-run --to {arguments}")).ended(0);
        setup.calls("CopyImage")[0].params["ClientToken"].clone()
    };
    let first = token("us-west-2");
    assert_eq!(first.len(), 64);
    assert_eq!(first, token("us-west-2"));
    assert_ne!(first, token("eu-west-1"));
    assert_ne!(first, token("us-west-2 --name web-v3-2026-01-03"));
}

#[test]
fn a_copy_that_was_deregistered_can_be_made_again() {
    let (setup, _) = ready();
    setup.run("copy web --to us-west-2").ended(0);
    let first = only(&setup, WEST);
    setup.run(&format!("deregister {first} --region us-west-2 --yes --allow-in-use")).ended(0);
    let ran = setup.run("copy web --to us-west-2 -o ids --timeout 30s").ended(0);
    let second = only(&setup, WEST);
    assert_eq!(ran.stdout.trim(), second);
    assert_ne!(first, second);
}

#[test]
fn an_image_of_that_name_which_is_no_copy_is_left_alone() {
    let (setup, _) = ready();
    let there = setup.world().image(PROD, WEST, NAME).tag("Owner", "them").put();
    let ran = setup.run("copy web --to us-west-2 -o json").ended(1);
    assert_eq!(ran.error()["code"], "InvalidAMIName.Duplicate");
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&there) && message.contains("is no copy of"), "{message}");
    setup.unchanged();
    assert_eq!(setup.image(&there).tags["Owner"], "them");
}

#[test]
fn an_image_made_of_an_instance_of_the_source_is_no_copy() {
    let (setup, source) = ready();
    let instance = setup.world().instance(PROD, EAST).image(&source).put();
    setup.run(&format!("create api --instance {instance} --date 2026-01-02")).ended(0);
    setup.fake.forget_calls();
    setup.run("copy web --to us-east-1 --name api-v1-2026-01-02").ended(1).says(&["is no copy of"]);
    setup.unchanged();
}

#[test]
fn a_copy_that_shows_late_is_made_once() {
    let (setup, _) = ready();
    setup.world().visible_after = seconds(9);
    let ran = setup.run("copy web --to us-west-2 -o ids").ended(0);
    assert_eq!(ran.stdout.trim(), only(&setup, WEST));
    assert_eq!(setup.outcomes("CopyImage"), [Outcome::Ok, refused("InvalidAMIName.Duplicate")]);
}

#[test]
fn an_earlier_copy_that_failed_is_reported_with_the_way_out() {
    let (setup, _) = ready();
    setup.world().fail_next_image = Some(("Client.InternalError".to_owned(), "Copy image failed".to_owned()));
    setup.run("copy web --to us-west-2").ended(1).says(&["is failed: Client.InternalError: Copy image failed"]);
    let failed = only(&setup, WEST);
    setup.fake.forget_calls();
    let ran = setup.run("copy web --to us-west-2,eu-west-1").ended(3);
    ran.says(&["an earlier copy", &format!("amictl deregister {failed} --region us-west-2")]);
    assert_eq!(setup.calls("CopyImage").len(), 1);
    assert_eq!(setup.names(PROD, EUROPE), [NAME]);
}

#[test]
fn a_plain_copy_is_not_taken_for_an_encrypted_one() {
    let (setup, _) = ready();
    setup.run("copy web --to us-west-2").ended(0);
    setup.fake.forget_calls();
    let ran = setup.run("copy web --to us-west-2 --encrypt").ended(1);
    ran.says(&["is not encrypted", "--name"]);
    setup.unchanged();
}

#[test]
fn a_copy_that_ec2_refuses_shows_its_code() {
    let (setup, _) = ready();
    setup.fake.fault(Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized."));
    let ran = setup.run("copy web --to us-west-2 -o json").ended(1);
    assert_eq!(ran.error()["code"], "UnauthorizedOperation");
    assert_eq!(setup.outcomes("CopyImage"), [refused("UnauthorizedOperation")]);
}

#[test]
fn a_copy_that_is_still_pending_is_not_taken_for_an_encrypted_one() {
    let (setup, _) = ready();
    let key = setup.world().add_kms_key(PROD, WEST, "alias/ami");
    for (options, said) in [("--encrypt", "is not encrypted"), ("--encrypt --kms-key alias/ami", &key)] {
        let before = if said == key { "--encrypt " } else { "" };
        setup.world().pending_for = seconds(3);
        setup.run(&format!("copy web --to us-west-2 {before}--no-wait")).ended(0);
        let copy = only(&setup, WEST);
        let ran = setup.run(&format!("copy web --to us-west-2 {options} -o json")).ended(1);
        assert_eq!(ran.error()["code"], "InvalidAMIName.Duplicate");
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(
            message.contains(&copy) && (message.contains(said) || message.contains("not with alias/ami")),
            "{message}"
        );
        setup.run(&format!("deregister {copy} --region us-west-2 --yes --allow-in-use")).ended(0);
    }
}

#[test]
fn a_copy_that_cannot_be_looked_for_may_have_been_made() {
    let (setup, _) = ready();
    let looks = || Fault::error("DescribeImages", "UnauthorizedOperation", "You are not authorized.").in_region(WEST);
    setup.fake.fault(Fault::on("CopyImage", FaultKind::ResetAfter).times(1));
    setup.fake.fault(looks().skip(1).times(1));
    let ran = setup.once().run("copy web --to us-west-2 -o json").ended(1);
    assert_eq!(ran.error()["code"], "AnswerLost");
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    for part in [&format!("{NAME} may have been made"), "ConnectionError", "DescribeImages", "UnauthorizedOperation"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(ran.error()["hint"].as_str().unwrap().contains("run the command again"), "{}", ran.stderr);
    let again = setup.run("copy web --to us-west-2 -o ids").ended(0);
    assert_eq!(again.stdout.trim(), only(&setup, WEST));
}
