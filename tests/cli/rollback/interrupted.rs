//! Ctrl-C, and runs that were killed.

use std::process::Command;

use super::{four, images, promoted, value};
use crate::cli::Ran;
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup, WEST, each, seconds};

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_unreported_and_the_line_names_the_image() {
    let (setup, web) = four();
    setup.world().late_values.shown_after = seconds(600);
    let process = setup.process("rollback web:prod -o json").spawn().unwrap();
    setup.until("PutParameter", 1);
    setup.until("GetParameterHistory", 2);
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let ran = Ran::from(process.wait_with_output().unwrap()).ended(130);
    assert_eq!(ran.json()["results"][0]["error"]["code"], "NotSeen");
    ran.says(&[&format!("finish with: amictl rollback web:prod --to {}", web[2])]);
}

#[test]
fn a_rollback_that_was_cut_off_is_not_taken_further_by_running_it_again() {
    let setup = Setup::new();
    for region in [EAST, WEST] {
        let web = images(&setup, PROD, region, 3);
        promoted(&setup, PROD, region, &web);
    }
    // As a run leaves it that was killed between two places.
    setup.run(&format!("rollback web:prod --region {EAST}")).ended(0);
    let both = format!("rollback web:prod --region {EAST},{WEST} -o json");
    let ran = setup.run(&both).ended(4);
    assert_eq!(ran.error()["code"], "PlacesDisagree");
    assert_eq!(each(&ran.json()["results"], "name"), ["web-v1-2026-01-01", "web-v2-2026-01-02"]);
    setup.run(&format!("rollback web:prod --region {WEST}")).ended(0);
    let east = value(&setup, PROD, EAST);
    setup.fake.fault(Fault::error("PutParameter", "AccessDeniedException", "not yours"));
    setup.run(&both).ended(1).says(&["not yours"]);
    assert_eq!(value(&setup, PROD, EAST), east);
}
