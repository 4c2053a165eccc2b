//! `copy --encrypt`.

use crate::fake::{Fault, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each};

fn ready() -> Setup {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v3-2026-01-02").snapshots(2).put();
    setup
}

/// The keys of the snapshots of the copy in a region.
fn keys(setup: &Setup, region: &str) -> Vec<String> {
    let world = setup.world();
    let copy = world.image_named(PROD, region, "web-v3-2026-01-02").unwrap();
    let snapshots = copy.snapshots().map(|id| world.find_snapshot(id).unwrap());
    snapshots.map(|snapshot| snapshot.kms_key.clone().unwrap_or_default()).collect()
}

#[test]
fn the_default_key_of_the_region_is_used_unless_one_is_given() {
    let setup = ready();
    let made = setup.json("copy web --to us-west-2,eu-west-1 --encrypt");
    assert!(made["images"].as_array().unwrap().iter().all(|image| image["encrypted"] == true), "{made}");
    for region in [WEST, EUROPE] {
        for key in keys(&setup, region) {
            assert!(key.starts_with(&format!("arn:aws:kms:{region}:{PROD}:key/")), "{key}");
        }
    }
}

#[test]
fn without_encrypt_a_copy_is_as_its_source() {
    let setup = ready();
    let made = setup.json("copy web --to us-west-2");
    assert_eq!(made["images"][0]["encrypted"], false);
    assert_eq!(keys(&setup, WEST), ["", ""]);
}

#[test]
fn each_region_can_have_its_own_key() {
    let setup = ready();
    let west = setup.world().add_kms_key(PROD, WEST, "alias/west");
    let europe = setup.world().add_kms_key(PROD, EUROPE, "alias/europe");
    let line = format!(
        "copy web --to us-west-2,eu-west-1 --encrypt --kms-key us-west-2=alias/west --kms-key eu-west-1={europe}"
    );
    setup.run(&line).ended(0);
    assert_eq!(keys(&setup, WEST), [west.clone(), west]);
    assert_eq!(keys(&setup, EUROPE), [europe.clone(), europe]);
}

#[test]
fn one_alias_can_serve_all_regions_and_others_take_the_default() {
    let setup = ready();
    let west = setup.world().add_kms_key(PROD, WEST, "alias/ami");
    let europe = setup.world().add_kms_key(PROD, EUROPE, "alias/ami");
    setup.run("copy web --to us-west-2,eu-west-1 --encrypt --kms-key alias/ami").ended(0);
    assert_eq!((keys(&setup, WEST)[0].clone(), keys(&setup, EUROPE)[0].clone()), (west, europe));
    setup.run("copy web --to us-west-2,us-east-2 --encrypt --kms-key us-west-2=alias/ami").ended(0);
    let default = keys(&setup, "us-east-2")[0].clone();
    assert!(default.starts_with("arn:aws:kms:us-east-2:111111111111:key/"), "{default}");
}

#[test]
fn a_key_that_cannot_be_used_fails_its_region_and_no_other() {
    let setup = ready();
    setup.world().add_kms_key(PROD, WEST, "alias/ami");
    let line = "copy web --to us-west-2,eu-west-1 --encrypt --kms-key alias/ami";
    let ran = setup.run(&format!("{line} -o json")).ended(3);
    let found = ran.json();
    assert_eq!(each(&found["images"], "region"), [WEST]);
    assert_eq!(
        (each(&found["errors"], "region"), each(&found["errors"], "code")),
        (vec![EUROPE], vec!["KeyNotUsable"])
    );
    let message = found["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("is failed") && message.contains("Given key ID is not accessible"), "{message}");
    assert!(ran.stderr.contains("eu-west-1: ") && ran.stderr.contains("amictl deregister ami-"), "{}", ran.stderr);
    assert_eq!(ran.error()["message"], "1 of 2 regions failed");
}

#[test]
fn a_region_named_twice_has_one_key() {
    let setup = ready();
    let key = setup.world().add_kms_key(PROD, WEST, "alias/ami");
    setup.run("copy web --to us-west-2,us-west-2 --encrypt --kms-key alias/ami").ended(0);
    assert_eq!(keys(&setup, WEST), [key.clone(), key]);
}

#[test]
fn what_failed_is_finished_with_the_same_keys() {
    let setup = ready();
    let west = setup.world().add_kms_key(PROD, WEST, "alias/west");
    let refusal = Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.in_region(WEST).times(1));
    let line = "copy web --to us-west-2,eu-west-1 --encrypt --kms-key us-west-2=alias/west --no-tags -o json";
    let hint = setup.run(line).ended(3).error()["hint"].as_str().unwrap().replace('\'', "");
    setup.run(hint.strip_prefix("finish it with: amictl ").unwrap()).ended(0);
    assert_eq!(keys(&setup, WEST), [west.clone(), west]);
    let world = setup.world();
    assert!(world.image_named(PROD, WEST, "web-v3-2026-01-02").unwrap().tags.is_empty());
}

#[test]
fn what_failed_over_its_key_is_finished_once_it_is_gone_and_with_another_key() {
    let setup = ready();
    setup.world().add_kms_key(PROD, WEST, "alias/ami");
    let line = "copy web --to us-west-2,eu-west-1 --encrypt --kms-key alias/ami --no-tags -o json";
    let hint = setup.run(line).ended(3).error()["hint"].as_str().unwrap().replace('\'', "");
    assert!(!hint.contains("eu-west-1=alias/ami") && hint.contains("KEY is another"), "{hint}");
    setup.world().add_kms_key(PROD, EUROPE, "alias/europe");
    let lines = hint.strip_prefix("finish it with: ").unwrap().split(';').next().unwrap();
    let lines: Vec<_> = lines.split(" && ").map(|line| line.strip_prefix("amictl ").unwrap()).collect();
    assert!(lines.len() == 2 && lines[0].starts_with("deregister ami-"), "{hint}");
    setup.run(&format!("{} --yes", lines[0])).ended(0);
    let key = keys_after(&setup, &lines[1].replace("=KEY", "=alias/europe"));
    assert!(key.starts_with("arn:aws:kms:eu-west-1:"), "{key}");
}

/// Runs a command line to its good end; gives the first key of the copy in eu-west-1.
fn keys_after(setup: &Setup, line: &str) -> String {
    setup.run(line).ended(0);
    keys(setup, EUROPE)[0].clone()
}

#[test]
fn when_no_region_works_nothing_was_copied() {
    let setup = ready();
    let ran = setup.run("copy web --to us-west-2 --encrypt --kms-key alias/nope -o json").ended(1);
    assert_eq!(ran.error()["code"], "KeyNotUsable");
    assert!(ran.error()["message"].as_str().unwrap().contains("Given key ID is not accessible"), "{}", ran.stderr);
    assert_eq!(each(&ran.json()["errors"], "region"), [WEST]);
}
