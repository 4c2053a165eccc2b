//! Refusals: nothing is written anywhere.

use super::{PARAMETER, TWO, V2, V3, codes, ready, rows, written};
use crate::cli::Ran;
use crate::fake::{Fault, OTHER, PROD, World};
use crate::setup::{EAST, Setup, WEST};

/// Spoils the image in the west, whose id is given.
type Spoil = fn(&mut World, &str);

const SPOILT: &[(&str, Spoil)] = &[
    ("NotAvailable", |world, id| world.image_mut(id).phase.after = "disabled".to_owned()),
    ("Deprecated", |world, id| world.image_mut(id).deprecated = Some(chrono::Utc::now() - chrono::TimeDelta::hours(1))),
    ("Revoked", |world, id| drop(world.image_mut(id).tags.insert("amictl:revoked".to_owned(), "bad".to_owned()))),
    ("ParameterType", |world, id| world.typed_parameter(PROD, WEST, PARAMETER).value(id).put()),
    ("ParameterType", |world, id| {
        world.typed_parameter(PROD, WEST, PARAMETER).kind("SecureString").value(id).put();
    }),
];

#[track_caller]
fn refused(setup: &Setup, code: &str) -> Ran {
    let ran = setup.run(&format!("promote web:v3 --to prod {TWO} -o json")).ended(4);
    assert_eq!(codes(&ran.json()), ["NotBegun", code]);
    assert_eq!(rows(&ran.json(), "status"), ["skipped", "failed"]);
    assert_eq!((ran.error()["code"].as_str(), ran.error()["exit_code"].as_i64()), (Some(code), Some(4)));
    assert_eq!(written(setup), 0, "{code}");
    ran
}

#[test]
fn one_place_that_is_refused_stops_all() {
    for (code, spoil) in SPOILT {
        let setup = Setup::new();
        let (_, [_, west]) = ready(&setup);
        spoil(&mut setup.world(), &west);
        let ran = refused(&setup, code);
        assert!(ran.stderr.contains("web:prod in account 111111111111, region us-west-2"), "{}", ran.stderr);
    }
}

#[test]
fn what_the_account_s_allowed_amis_do_not_admit_is_refused() {
    let setup = Setup::new();
    let mut world = setup.world();
    let east = world.image(OTHER, EAST, V3).shared_with(PROD).put();
    let west = world.image(OTHER, WEST, V3).copied_from(&east, EAST).shared_with(PROD).put();
    world.not_allowed.insert(PROD.to_owned(), [west].into());
    drop(world);
    let ran = setup.run(&format!("promote {east} --to prod {TWO} -o json")).ended(4);
    assert_eq!(codes(&ran.json()), ["NotBegun", "NotAllowed"]);
    assert_eq!(written(&setup), 0);
    setup.world().not_allowed.insert(PROD.to_owned(), [].into());
    setup.run(&format!("promote {east} --to prod {TWO}")).ended(0);
}

#[test]
fn a_copy_of_a_revoked_image_is_refused_and_the_owner_s_mark_counts() {
    let setup = Setup::new();
    let (_, [east, _]) = ready(&setup);
    setup.world().image_mut(&east).tags.insert("amictl:revoked".to_owned(), "bad".to_owned());
    let ran = setup.run(&format!("promote {east} --to prod {TWO} -o json")).ended(4);
    assert_eq!(codes(&ran.json()), ["Revoked", "Revoked"]);
    setup.world().image_mut(&east).launch.insert(crate::fake::Principal::Account(OTHER.to_owned()));
    let roles = format!("--from-role-arn arn:aws:iam::{PROD}:role/ami --role-arn arn:aws:iam::{OTHER}:role/ami");
    let ran = setup.run(&format!("promote {east} --to prod {roles} -o json")).ended(4);
    assert_eq!(codes(&ran.json()), ["Revoked"]);
    assert_eq!(written(&setup), 0);
}

#[test]
fn what_is_needed_after_writing_is_tried_before() {
    for action in ["GetParameters", "GetParameterHistory"] {
        for fresh in [false, true] {
            let setup = Setup::new();
            ready(&setup);
            if fresh {
                setup.world().forget_parameter(PROD, WEST, PARAMETER);
            }
            let denied = Fault::error(action, "AccessDeniedException", "not yours").in_region(WEST);
            setup.fake.fault(denied);
            refused(&setup, "AccessDeniedException").says(&["not yours"]);
        }
    }
}

#[test]
fn a_text_parameter_says_what_to_do() {
    let setup = Setup::new();
    let (_, [_, west]) = ready(&setup);
    setup.world().typed_parameter(PROD, WEST, PARAMETER).value(&west).put();
    let ran = refused(&setup, "ParameterType");
    let ran = ran
        .says(&["delete it with credentials of account 111111111111 in region us-west-2, or promote to another alias"]);
    // Such a line would hit whatever account the shell has credentials of.
    assert!(!ran.stderr.contains("aws ssm"), "{}", ran.stderr);
}

#[test]
fn what_is_wrong_on_the_command_line_is_said_before_any_call() {
    let setup = Setup::new();
    for (line, words) in [
        ("promote web:v3 --to latest", "alias 'latest' has a meaning of its own"),
        ("promote web:v3 --to v3", "alias 'v3' has a meaning of its own"),
        ("promote web:v3 --to Prod", "lower-case letters, digits"),
        ("promote web:v3 --to prod --family Web", "family 'Web' must be"),
        ("promote web:v3 --to prod --min-age soon", "'soon' is not a span of time"),
        ("promote web:v3", "--to"),
    ] {
        setup.run(line).ended(2).says(&[words]);
    }
    assert_eq!(setup.fake.calls().len(), 0);
}

#[test]
fn the_family_is_that_of_the_image() {
    let setup = Setup::new();
    let mut world = setup.world();
    world.image(PROD, EAST, V2).put();
    let nameless = world.image(PROD, EAST, "Golden Image").put();
    drop(world);
    setup.run("promote web:v2 --to prod --family api").ended(2).says(&["is of the family web, not of api"]);
    setup.run(&format!("promote {nameless} --to prod")).ended(2).says(&["belongs to no family", "--family NAME"]);
    setup.run("promote web:v9 --to prod").ended(1).says(&["nothing is called 'web:v9'"]);
    assert_eq!(written(&setup), 0);
    setup.run(&format!("promote {nameless} --to prod --family golden")).ended(0);
    assert!(setup.world().find_parameter(PROD, EAST, "/amictl/golden/prod").is_some());
    setup.home.write("config.toml", "family_patterns = ['^(?<family>.+?)_(?<order>\\d{8})$']\n");
    let config = setup.home.path().join("config.toml");
    let config = config.to_str().unwrap();
    let mut world = setup.world();
    let web = world.image(PROD, EAST, "web_20260102").put();
    let other = world.image(PROD, EAST, "Web A_20260102").put();
    world.parameter(PROD, EAST, PARAMETER, &nameless);
    let before = world.image(PROD, EAST, V3).put();
    world.parameter(PROD, EAST, PARAMETER, &before);
    drop(world);
    let ran = setup.run(&format!("promote {web} --to prod --config {config} -o json")).ended(4);
    assert_eq!(codes(&ran.json()), ["OtherFamily"]);
    let ran = setup.run(&format!("promote {other} --to prod --config {config}")).ended(2);
    ran.says(&["the family 'Web A'", "cannot have aliases", "--family NAME"]);
    setup.run(&format!("promote {other} --to prod --family web-a --config {config}")).ended(0);
}
