//! `--to`: an image that the user names.

use serde_json::json;

use super::{becomes, four, images, promoted, value};
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup, WEST};

#[test]
fn an_image_that_the_alias_never_named_takes_the_place_of_the_bad_one() {
    let (setup, web) = four();
    let never = setup.world().image(PROD, EAST, "web-v9-2026-01-09").put();
    setup.run("rollback web:prod --to web:v9").ended(0);
    assert_eq!(value(&setup, PROD, EAST), never);
    // Further back from the bad one, not to it.
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[2]);
}

#[test]
fn an_image_of_the_history_takes_off_what_lies_above() {
    let (setup, web) = four();
    setup.run(&format!("rollback web:prod --to {}", web[1])).ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[1]);
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[0]);
}

#[test]
fn the_image_of_now_changes_nothing() {
    let (setup, _) = four();
    let row = setup.run("rollback web:prod --to web:v4 -o json").ended(0).json()["results"][0].clone();
    assert_eq!((&row["status"], &row["changed"]), (&json!("done"), &json!(false)));
    setup.unchanged();
}

#[test]
fn what_must_not_be_launched_is_refused() {
    let (setup, web) = four();
    let revoked = setup.world().image(PROD, EAST, "web-v7-2026-01-07").tag("amictl:revoked", "bad").put();
    let arm = setup.world().image(PROD, EAST, "web-v8-2026-01-08").architecture("arm64").put();
    let api = setup.world().image(PROD, EAST, "api-v1-2026-01-01").put();
    becomes(&setup, &web[0], "disabled");
    for (to, code, error) in [
        (&revoked, 4, "Revoked"),
        (&arm, 4, "OtherArchitecture"),
        (&web[0], 4, "NotAvailable"),
        (&api, 2, "Usage"),
        (&"web:v99".to_owned(), 1, "InvalidAMIID.NotFound"),
    ] {
        let ran = setup.run(&format!("rollback web:prod --to {to} -o json")).ended(code);
        assert_eq!(ran.error()["code"], error, "{}", ran.stderr);
    }
    setup.unchanged();
}

#[test]
fn an_image_of_another_architecture_is_gone_back_to_if_the_alias_named_it() {
    for line in ["rollback web:prod", "rollback web:prod --to web:v1"] {
        let setup = Setup::new();
        let arm = setup.world().image(PROD, EAST, "web-v1-2026-01-01").architecture("arm64").put();
        let intel = setup.world().image(PROD, EAST, "web-v2-2026-01-02").put();
        promoted(&setup, PROD, EAST, [&arm, &intel]);
        setup.run(line).ended(0);
        assert_eq!(value(&setup, PROD, EAST), arm, "{line}");
    }
}

#[test]
fn a_shared_image_that_the_alias_named_is_meant_itself() {
    let setup = Setup::new();
    let shared = setup.world().image(OTHER, EAST, "web-v1-2026-01-01").shared_with(PROD).put();
    let copy = setup.world().image(PROD, EAST, "web-v1-2026-01-01").copied_from(&shared, EAST).put();
    promoted(&setup, PROD, EAST, [&shared, &copy]);
    setup.run(&format!("rollback web:prod --to {shared}")).ended(0);
    assert_eq!(value(&setup, PROD, EAST), shared);
}

#[test]
fn each_place_gets_its_copy() {
    let setup = Setup::new();
    let east = images(&setup, PROD, EAST, 2);
    let copy = |n: usize| {
        setup.world().image(PROD, WEST, &format!("web-v{n}-2026-01-0{n}")).copied_from(&east[n - 1], EAST).put()
    };
    let west: Vec<_> = (1..=2).map(copy).collect();
    promoted(&setup, PROD, EAST, &east);
    promoted(&setup, PROD, WEST, &west);
    setup.run(&format!("rollback web:prod --to web:v1 --region {EAST},{WEST}")).ended(0);
    assert_eq!((value(&setup, PROD, EAST), value(&setup, PROD, WEST)), (east[0].clone(), west[0].clone()));
    // Without a copy: the line that helps.
    let setup = Setup::new();
    let east = images(&setup, PROD, EAST, 2);
    let west = setup.world().image(PROD, WEST, "web-v5-2026-01-05").put();
    promoted(&setup, PROD, EAST, &east);
    promoted(&setup, PROD, WEST, [&west]);
    let ran = setup.run(&format!("rollback web:prod --to web:v1 --region {EAST},{WEST}")).ended(4);
    ran.says(&["amictl copy", WEST]);
    setup.unchanged();
}
