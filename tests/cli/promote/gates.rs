//! Gates: `--from`, `--min-age`, `--max-severity`, `--allow-arch-change`.

use chrono::{TimeDelta, Utc};

use super::{PARAMETER, TWO, V3, codes, ready, rows, written};
use crate::fake::PROD;
use crate::setup::{EAST, Setup, WEST};

#[test]
fn from_an_alias_means_only_what_it_names_now() {
    let setup = Setup::new();
    let (_, [new, new_west]) = ready(&setup);
    let line = format!("promote web:v3 --to prod --from canary {TWO} -o json");
    assert_eq!(codes(&setup.run(&line).ended(4).json()), ["NotFromAlias", "NotFromAlias"]);
    setup.world().parameter(PROD, EAST, "/amictl/web/canary", &new);
    let ran = setup.run(&line).ended(4);
    assert_eq!(codes(&ran.json()), ["NotBegun", "NotFromAlias"]);
    ran.says(&["there is no alias web:canary"]);
    setup.world().parameter(PROD, WEST, "/amictl/web/canary", &new);
    setup.run(&line).ended(4).says(&[&format!("web:canary names {new}, not {V3} ({new_west})")]);
    assert_eq!(written(&setup), 0);
    setup.world().parameter(PROD, WEST, "/amictl/web/canary", &new_west);
    setup.run(&line).ended(0);
}

#[test]
fn the_age_is_that_of_the_image_of_each_place() {
    let setup = Setup::new();
    let (_, [new, new_west]) = ready(&setup);
    setup.world().image_mut(&new).created = Utc::now() - TimeDelta::days(4);
    setup.world().image_mut(&new_west).created = Utc::now() - TimeDelta::days(2);
    let line = |age: &str| format!("promote web:v3 --to prod --min-age {age} {TWO} -o json");
    assert_eq!(codes(&setup.run(&line("3d")).ended(4).json()), ["NotBegun", "TooYoung"]);
    assert_eq!(written(&setup), 0);
    setup.run(&line("1d")).ended(0);
}

#[test]
fn a_finding_that_is_too_grave_refuses_and_so_does_a_missing_scan() {
    let setup = Setup::new();
    let mut world = setup.world();
    let east = world.image(PROD, EAST, V3).scanned(Some("medium"), None).put();
    let west = world.image(PROD, WEST, V3).copied_from(&east, EAST).put();
    drop(world);
    let line = |more: &str| format!("promote web:v3 --to prod --max-severity {more} {TWO} -o json");
    assert_eq!(codes(&setup.run(&line("low")).ended(4).json()), ["TooSevere", "NeverScanned"]);
    assert_eq!(codes(&setup.run(&line("medium")).ended(4).json()), ["NotBegun", "NeverScanned"]);
    assert_eq!(written(&setup), 0);
    setup.run(&line("medium --allow-unscanned --dry-run")).ended(0);
    setup.world().image_mut(&west).architecture = "arm64".to_owned();
    setup.run("promote web:v3 --to prod --max-severity grave").ended(2).says(&["'grave' is not a severity"]);
    setup.run("promote web:v3 --to prod --allow-unscanned").ended(2);
}

#[test]
fn another_architecture_than_before_must_be_wanted() {
    let setup = Setup::new();
    let (_, [_, new_west]) = ready(&setup);
    setup.world().image_mut(&new_west).architecture = "arm64".to_owned();
    let line = format!("promote web:v3 --to prod {TWO} -o json");
    let ran = setup.run(&line).ended(4);
    assert_eq!(codes(&ran.json()), ["NotBegun", "OtherArchitecture"]);
    ran.says(&["is arm64, and", "is x86_64; --allow-arch-change lets it pass"]);
    assert_eq!(written(&setup), 0);
    assert_eq!(rows(&setup.run(&format!("{line} --allow-arch-change")).ended(0).json(), "changed"), [true, true]);
    // What it named before is gone: there is nothing to compare with.
    setup.world().parameter(PROD, EAST, PARAMETER, "ami-0123456789abcdef0");
    setup.run(&line).ended(0);
}
