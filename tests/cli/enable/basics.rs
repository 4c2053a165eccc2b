//! `enable`: images come back, and with --restore-shares so do those who may launch them.

use serde_json::json;

use crate::changes::verbs::{NAME, changed};
use crate::cli::Amictl;
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Home, Setup, WEST, refused};

const SHARES: &str = "amictl:shares";
const THIRD: &str = "333333333333";
const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";
const UNIT: &str = "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-ab12-cdefgh34";

/// An endpoint with one image that is disabled and was shared before; gives its id.
fn ready(with: &str) -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).snapshots(2).put();
    setup.run(&format!("share web {with}")).ended(0);
    setup.run("disable web").ended(0);
    assert!(setup.world().launch_permissions(&id).is_empty());
    setup.fake.forget_calls();
    (setup, id)
}

fn is_available(setup: &Setup, id: &str) -> bool {
    setup.image(id).phase.after == "available"
}

#[test]
fn the_circle_gives_the_same_permissions() {
    for with in [
        format!("--with {OTHER}"),
        format!("--with {OTHER},{THIRD} --copyable"),
        format!("--with {ORGANIZATION},{UNIT}"),
        "--public".to_owned(),
        "--public --copyable".to_owned(),
        format!("--with {OTHER},{UNIT} --public"),
    ] {
        let setup = Setup::new();
        let id = setup.world().image(PROD, EAST, NAME).snapshots(2).tag("Team", "core").put();
        setup.run(&format!("share web {with}")).ended(0);
        let snapshots = setup.snapshots_of(&id);
        let all = || {
            let world = setup.world();
            let volumes: Vec<_> = snapshots.iter().map(|snapshot| world.snapshot_permissions(snapshot)).collect();
            (world.launch_permissions(&id), volumes)
        };
        let (before, image) = (all(), setup.image(&id));
        setup.run("disable web").ended(0);
        assert!(all().0.is_empty(), "{with}");
        let report = setup.json("enable web:v1 --restore-shares");
        let count = match before.0.len() {
            1 => "1 permission restored".to_owned(),
            count => format!("{count} permissions restored"),
        };
        assert_eq!((changed(&report), &report["results"][0]["detail"]), (vec![true], &json!(count)), "{with}");
        assert_eq!(all(), before, "{with}");
        let now = setup.image(&id);
        assert_eq!(
            (now.tags, now.phase.after, now.deprecated),
            (image.tags, image.phase.after, image.deprecated),
            "{with}"
        );
        setup.fake.forget_calls();
        assert_eq!(changed(&setup.json("enable web --restore-shares")), [false], "{with}");
        setup.unchanged();
    }
}

#[test]
fn another_machine_gives_them_back_from_the_tag() {
    let (setup, id) = ready(&format!("--with {OTHER},{THIRD},{UNIT}"));
    let home = Home::new();
    Amictl::at(&setup.fake.url(), home.path()).run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, THIRD, UNIT]);
}

#[test]
fn without_the_option_the_tag_stays_for_later() {
    let (setup, id) = ready(&format!("--with {OTHER},{THIRD}"));
    let report = setup.json("enable web:v1");
    let said = "--restore-shares would restore 2 permissions";
    assert_eq!((changed(&report), &report["results"][0]["detail"]), (vec![true], &json!(said)));
    assert!(is_available(&setup, &id) && setup.world().launch_permissions(&id).is_empty());
    assert_eq!(setup.image(&id).tags[SHARES], format!("{OTHER} {THIRD}"));
    setup.run(&format!("share web --with {OTHER}")).ended(0);
    let report = setup.json("enable web --restore-shares");
    let said = "1 of 2 permissions restored, the others were there";
    assert_eq!((changed(&report), &report["results"][0]["detail"]), (vec![true], &json!(said)));
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, THIRD]);
    assert!(!setup.image(&id).tags.contains_key(SHARES));
}

#[test]
fn an_image_that_was_not_shared_just_comes_back() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    setup.run("disable web").ended(0);
    let report = setup.json("enable web:v1 --restore-shares");
    assert_eq!(report["results"][0]["detail"], "it was not shared");
    assert!(is_available(&setup, &id));
}

#[test]
fn where_public_images_are_blocked_by_now_nothing_is_lost() {
    let (setup, id) = ready(&format!("--with {OTHER},{UNIT} --public"));
    setup.world().block_public_access.insert((PROD.into(), EAST.into()));
    let ran = setup.run("enable web:v1 --restore-shares -o json").ended(3);
    let result = &ran.json()["results"][0];
    assert_eq!((&result["status"], &result["changed"]), (&"failed".into(), &true.into()));
    assert_eq!(
        (&result["error"]["code"], &ran.error()["code"]),
        (&"OperationNotPermitted".into(), &"PartialChange".into())
    );
    let message = result["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("it is enabled, but it is not shared again with everybody: "), "{message}");
    assert_eq!(result["detail"], "2 permissions restored");
    assert!(is_available(&setup, &id));
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, UNIT], "what can be given is given");
    assert_eq!(setup.image(&id).tags[SHARES], "all", "the tag stays, with who is left");
    setup.run("enable web:v1 --restore-shares").ended(1).says(&["block public access is enabled"]);
    setup.world().block_public_access.clear();
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), ["all", OTHER, UNIT]);
    assert!(!setup.image(&id).tags.contains_key(SHARES));
}

#[test]
fn an_account_that_is_closed_by_now_does_not_keep_the_others_out() {
    let (setup, id) = ready(&format!("--with {OTHER},{THIRD},444444444444,555555555555,{UNIT}"));
    setup.world().missing_accounts.insert(THIRD.into());
    let ran = setup.run("enable web:v1 --restore-shares -o json").ended(3);
    let ran = ran.says(&["it is not shared again with 333333333333: "]);
    assert_eq!(ran.json()["results"][0]["detail"], "4 permissions restored");
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, "444444444444", "555555555555", UNIT]);
}

#[test]
fn permissions_that_may_not_be_given_are_left_for_another_run() {
    let (setup, id) = ready(&format!("--with {OTHER},{THIRD}"));
    setup.fake.fault(Fault::error("ModifyImageAttribute", "UnauthorizedOperation", "No sharing."));
    let ran = setup.run("enable web:v1 --restore-shares -o json").ended(3);
    ran.says(&["it is enabled, but it is not shared again with 222222222222, 333333333333: No sharing."]);
    assert_eq!(setup.calls("ModifyImageAttribute").len(), 1, "who may not share at all is not asked one by one");
    setup.fake.clear_faults();
    setup.fake.fault(Fault::error("DeleteTags", "UnauthorizedOperation", "No tags."));
    let ran = setup.run("enable web:v1 --restore-shares -o json").ended(3);
    ran.says(&["it is enabled, but shared again, but the tag amictl:shares stays"]);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER, THIRD]);
    setup.fake.clear_faults();
    assert_eq!(changed(&setup.json("enable web:v1 --restore-shares")), [true]);
    assert!(!setup.image(&id).tags.contains_key(SHARES));
}

#[test]
fn a_damaged_tag_is_told_of_before_anything_is_changed() {
    let (setup, _) = ready(&format!("--with {OTHER}"));
    let id = setup.world().image(PROD, EAST, "web-v2-2026-01-02").state("disabled").tag(SHARES, "22222 all ou").put();
    let ran = setup.run("enable web:v1 web:v2 --restore-shares -o json").ended(1);
    assert_eq!(ran.error()["code"], "DamagedTag");
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    let said =
        format!("the tag amictl:shares of web-v2-2026-01-02 ({id}) in account {PROD}, region us-east-1 is damaged");
    assert!(message.contains(&said) && message.contains("22222"), "{message}");
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    setup.unchanged();
    setup.run(hint.split_once("amictl ").unwrap().1).ended(0);
    assert!(is_available(&setup, &id));
}

#[test]
fn only_what_is_disabled_is_enabled() {
    let setup = Setup::new();
    for (version, state) in [(1, "pending"), (2, "failed")] {
        setup.world().image(PROD, EAST, &format!("web-v{version}-2026-01-02")).state(state).put();
    }
    for restore in ["", "--restore-shares"] {
        let ran = setup.run(&format!("enable web:v1 web:v2 {restore} -o json")).ended(1);
        assert_eq!(ran.error()["code"], "InvalidAMIID.Unavailable");
        ran.says(&[
            "cannot enable web-v1-2026-01-02",
            "it is pending",
            "cannot enable web-v2-2026-01-02",
            "it is failed",
        ]);
    }
    setup.unchanged();
}

#[test]
fn an_image_with_archived_snapshots_says_what_ec2_says() {
    let (setup, id) = ready("--public");
    setup.fake.fault(Fault::error("EnableImage", "IncorrectState", "The image has archived snapshots."));
    let ran = setup.run("enable web:v1 --restore-shares -o json").ended(1);
    assert_eq!(ran.error()["code"], "IncorrectState");
    assert!(!is_available(&setup, &id) && setup.image(&id).tags.contains_key(SHARES));
}

#[test]
fn a_dry_run_asks_as_far_as_ec2_tells() {
    let (setup, id) = ready(&format!("--with {OTHER}"));
    setup.run("enable web:v1 --restore-shares --dry-run").ended(0).says(&["would be enabled"]);
    assert_eq!(setup.outcomes("EnableImage"), [refused("DryRunOperation")]);
    setup.unchanged();
    setup.run("enable web:v1").ended(0);
    setup.fake.forget_calls();
    setup.run("enable web --restore-shares --dry-run").ended(0).says(&["would be enabled"]);
    for call in ["ModifyImageAttribute", "DeleteTags"] {
        assert_eq!(setup.outcomes(call), [refused("DryRunOperation")], "{call}");
    }
    setup.unchanged();
    assert!(setup.world().launch_permissions(&id).is_empty());
}

#[test]
fn an_image_that_ec2_still_takes_for_disabled_is_waited_for() {
    let (setup, id) = ready(&format!("--with {OTHER}"));
    setup.fake.fault(Fault::error("ModifyImageAttribute", "InvalidAMIID.Unavailable", "Not yet.").times(2));
    setup.run("enable web:v1 --restore-shares").ended(0);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
}

#[test]
fn the_circle_is_closed_over_copies_in_three_regions_and_over_three_accounts() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let mut all = vec![id.clone()];
    for region in [WEST, EUROPE] {
        all.push(setup.world().image(PROD, region, "renamed-v1-2026-01-02").copied_from(&id, EAST).put());
    }
    let options = "--copies --region us-east-1,us-west-2,eu-west-1";
    setup.run(&format!("share {id} --with {OTHER},{UNIT} {options}")).ended(0);
    let elsewhere = Home::new();
    setup.run(&format!("disable {id} {options}")).ended(0);
    assert!(all.iter().all(|id| setup.world().launch_permissions(id).is_empty()));
    let line = format!("enable {id} --restore-shares {options}");
    Amictl::at(&setup.fake.url(), elsewhere.path()).run(&line).ended(0);
    assert!(all.iter().all(|id| setup.world().launch_permissions(id) == [OTHER, UNIT]));
    assert!(all.iter().all(|id| setup.image(id).tags.is_empty()));

    let setup = Setup::new();
    setup.world().add_account("AKIATHIRD", THIRD);
    let accounts = [PROD, OTHER, THIRD];
    let ids = accounts.map(|account| setup.world().image(account, EAST, NAME).put());
    let roles = accounts.map(crate::changes::verbs::role).join(" ");
    setup.run(&format!("share web --with 444444444444 --public {roles}")).ended(0);
    let report = setup.json(&format!("disable web {roles}"));
    assert_eq!(changed(&report), [true; 3]);
    setup.run(&format!("enable web:v1 --restore-shares {roles}")).ended(0);
    assert!(ids.iter().all(|id| setup.world().launch_permissions(id) == ["all", "444444444444"]));
}
