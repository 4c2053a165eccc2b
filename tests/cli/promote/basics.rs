//! Promotions: what they write, read back and report.

use serde_json::json;

use super::{PARAMETER, REGIONS, THREE, TWO, V2, V3, codes, note, now_in, ready, rows, written};
use crate::fake::PROD;
use crate::setup::{EAST, EUROPE, Setup, WEST, seconds};

#[test]
fn every_region_gets_its_copy_and_the_alias_says_who_and_why() {
    let setup = Setup::new();
    let ([old, old_west], [new, new_west]) = ready(&setup);
    let third = setup.world().image(PROD, EUROPE, V3).copied_from(&new_west, WEST).tag("Team", "core").put();
    let report = setup.json(&format!("promote web:v3 --to prod {THREE} --reason kernel"));
    assert_eq!(rows(&report, "region"), REGIONS);
    assert_eq!(rows(&report, "image_id"), [new.as_str(), &new_west, &third]);
    assert_eq!(rows(&report, "from_image_id"), [json!(old), json!(old_west), json!(null)]);
    assert_eq!(rows(&report, "parameter_version"), [2, 2, 1]);
    let first = &report["results"][2];
    for (field, value) in [
        ("account", json!(PROD)),
        ("name", json!(V3)),
        ("family", json!("web")),
        ("alias", json!("prod")),
        ("parameter", json!(PARAMETER)),
        ("action", json!("promote")),
        ("status", json!("done")),
        ("changed", json!(true)),
        ("error", json!(null)),
        ("pattern", json!(null)),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    assert_eq!(first["tags"]["Team"], "core");
    assert_eq!(report["summary"], json!({"done": 3, "failed": 0, "skipped": 0}));
    for (region, image) in REGIONS.iter().zip([&new, &new_west, &third]) {
        assert_eq!(now_in(&setup, PROD, region).unwrap().1, *image);
    }
    let note = note(&setup, EAST);
    assert_eq!(note["by"], "arn:aws:iam::111111111111:user/operator");
    for (field, value) in [("action", "promote"), ("image", &new), ("from", &old), ("reason", "kernel")] {
        assert_eq!(note[field], value);
    }
    let world = setup.world();
    let parameter = world.find_parameter(PROD, EUROPE, PARAMETER).unwrap();
    assert_eq!((parameter.kind.as_str(), parameter.data_type.as_str()), ("String", "aws:ec2:image"));
    assert!(parameter.versions.values().all(|version| version.labels.is_empty()));
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let setup = Setup::new();
    let (_, [new, _]) = ready(&setup);
    setup.json(&format!("promote web:v3 --to prod {TWO}"));
    setup.fake.forget_calls();
    let report = setup.json(&format!("promote {new} --to prod {TWO}"));
    assert_eq!(rows(&report, "changed"), [false, false]);
    assert_eq!(rows(&report, "status"), ["done", "done"]);
    assert_eq!(rows(&report, "parameter_version"), [2, 2]);
    setup.unchanged();
}

#[test]
fn a_dry_run_checks_and_writes_nothing() {
    let setup = Setup::new();
    let (_, _) = ready(&setup);
    let ran = setup.run(&format!("promote web:v3 --to prod {TWO} --dry-run -o json")).ended(0);
    assert_eq!((rows(&ran.json(), "changed"), written(&setup)), (vec![json!(false); 2], 0));
    ran.says(&["dry run: nothing was written", "permission to write was not tried"]);
    setup.world().typed_parameter(PROD, WEST, PARAMETER).value("ami-1").put();
    let ran = setup.run(&format!("promote web:v3 --to prod {TWO} --dry-run -o json")).ended(4);
    assert_eq!(codes(&ran.json()), ["NotBegun", "ParameterType"]);
}

#[test]
fn ssm_shows_a_value_late_and_it_is_waited_for() {
    let setup = Setup::new();
    let (_, [new, _]) = ready(&setup);
    setup.world().late_values.shown_after = seconds(2);
    let report = setup.json(&format!("promote web:v3 --to prod {TWO}"));
    assert_eq!(rows(&report, "parameter_version"), [2, 2]);
    assert_eq!(now_in(&setup, PROD, EAST), Some((2, new)));
    assert_eq!(written(&setup), 2);
}

#[test]
fn a_reason_of_any_length_fits() {
    let setup = Setup::new();
    ready(&setup);
    setup.json(&format!("promote web:v3 --to prod --reason {}", "ä\"".repeat(900)));
    let note = note(&setup, EAST);
    assert!(note["reason"].as_str().unwrap().ends_with('…'), "{note}");
}

#[test]
fn the_hundredth_version_is_not_the_last() {
    let setup = Setup::new();
    let ([old, _], [new, _]) = ready(&setup);
    for _ in 1..100 {
        setup.world().parameter(PROD, EAST, PARAMETER, &old);
    }
    let report = setup.json("promote web:v3 --to prod");
    assert_eq!(rows(&report, "parameter_version"), [101]);
    assert_eq!(now_in(&setup, PROD, EAST), Some((101, new)));
}

#[test]
fn the_table_has_what_was_and_what_is() {
    let setup = Setup::new();
    let ([old, _], [new, new_west]) = ready(&setup);
    let ran = setup.run(&format!("promote web:v3 --to prod {TWO}")).ended(0);
    for word in ["web:prod", &old, &new, &new_west, "written (version 2)", EAST, WEST] {
        assert!(ran.stdout.contains(word), "{word}\n{}", ran.stdout);
    }
    let csv = setup.run(&format!("promote web:v3 --to prod {TWO} -o csv")).ended(0).stdout;
    assert!(csv.contains(&format!("{PROD},{EAST},{new},{V3},promote,prod,{new},2,done,,false,")), "{csv}");
    let ids = setup.run(&format!("promote web:v3 --to prod {TWO} -o ids")).ended(0);
    assert_eq!(ids.lines(), [new, new_west]);
    assert!(!ran.stdout.contains(V2));
}

#[test]
fn a_label_on_the_oldest_of_a_hundred_values_is_named() {
    let setup = Setup::new();
    let mut world = setup.world();
    let old = world.image(PROD, EAST, V2).put();
    world.image(PROD, EAST, V3).put();
    let seed = world.typed_parameter(PROD, EAST, PARAMETER).data_type("aws:ec2:image").value(&old).label("stable");
    (0..99).fold(seed, |seed, _| seed.value(&old)).put();
    drop(world);
    let ran = setup.run("promote web:v3 --to prod").ended(1);
    ran.says(&["ParameterMaxVersionLimitExceeded", "unlabel-parameter-version"]);
    assert_eq!(now_in(&setup, PROD, EAST), Some((100, old)));
}
