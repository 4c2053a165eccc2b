//! `copy --within`: time-based copies and their price.

use crate::fake::{Fault, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, refused};

const NAME: &str = "web-v3-2026-01-02";
const PARAMETER: &str = "SnapshotCopyCompletionDurationMinutes";

/// An endpoint with one image of two volumes of 8 GiB.
fn ready() -> Setup {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).size(8).snapshots(2).put();
    setup
}

/// The durations that EC2 was asked for.
fn asked(setup: &Setup) -> Vec<Option<String>> {
    setup.calls("CopyImage").into_iter().map(|call| call.params.get(PARAMETER).cloned()).collect()
}

#[test]
fn ec2_is_asked_for_the_time_after_the_price_is_told() {
    let setup = ready();
    let ran = setup.run("copy web --to us-west-2,eu-west-1 --within 30m").ended(0);
    assert_eq!(asked(&setup), [Some("30".to_owned()), Some("30".to_owned())]);
    let price = "2 time-based copies within 30m of 32 GiB in all: at most $0.58, $0.018 for each GiB";
    let (first, _) = ran.stderr.split_once("copying ").unwrap();
    assert!(first.contains(price), "{}", ran.stderr);
    let plain = ready();
    let ran = plain.run("copy web --to us-west-2").ended(0);
    assert!(!ran.stderr.contains('$') && asked(&plain) == [None], "{}", ran.stderr);
}

#[test]
fn a_dry_run_tells_the_price_and_asks_ec2_with_the_time() {
    let setup = ready();
    let ran = setup.run("copy web --to us-west-2 --within 16h --dry-run").ended(0);
    ran.says(&["1 time-based copy within 16h of 16 GiB in all: at most $0.08, $0.005", "dry run: us-west-2"]);
    assert_eq!(asked(&setup), [Some("960".to_owned())]);
    setup.unchanged();
}

#[test]
fn a_time_that_ec2_does_not_take_is_refused_before_any_call_with_the_nearest() {
    let setup = Setup::new();
    for (time, nearest) in [("20m", "15m"), ("0s", "15m"), ("3d", "48h"), ("1h1m", "1h"), ("40m", "45m")] {
        let ran = setup.run(&format!("copy web --to us-west-2 --within {time}")).ended(2);
        ran.says(&["--within", &format!("the nearest to '{time}' is {nearest}")]);
    }
    setup.run("copy web --to us-west-2 --within soon").ended(2).says(&["is not a span of time"]);
    assert!(setup.fake.calls().is_empty(), "{:?}", setup.fake.calls());
}

#[test]
fn a_copy_that_is_there_is_adopted_however_it_was_made() {
    let setup = ready();
    let first = setup.json("copy web --to us-west-2");
    let second = setup.json("copy web --to us-west-2 --within 15m");
    assert_eq!(each(&first["images"], "id"), each(&second["images"], "id"));
    assert_eq!(asked(&setup), [None]);
    let third = setup.json("copy web --to us-west-2,eu-west-1 --within 15m");
    assert_eq!(each(&third["images"], "region"), [EUROPE, WEST]);
    setup.run("copy web --to eu-west-1").ended(0).says(&["is a copy of"]);
    assert_eq!(asked(&setup).len(), 2);
}

#[test]
fn the_rest_is_done_by_a_line_with_the_same_time() {
    let setup = ready();
    setup.fake.fault(Fault::error("CopyImage", "UnauthorizedOperation", "No.").in_region(EUROPE));
    let ran = setup.run("copy web --to us-west-2,eu-west-1 --within 90m").ended(3);
    let line = ran.stderr.lines().find_map(|line| Some(line.split_once("amictl copy ")?.1.to_owned()));
    let line = line.unwrap_or_else(|| panic!("{}", ran.stderr));
    assert!(line.contains(" --within 90m"), "{line}");
    setup.fake.clear_faults();
    setup.run(&format!("copy {}", line.replace('\'', ""))).ended(0);
    assert_eq!(asked(&setup), vec![Some("90".to_owned()); 3]);
}

#[test]
fn what_ec2_cannot_copy_in_that_time_it_refuses() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).size(600).put();
    let ran = setup.run("copy web --to us-west-2 --within 15m").ended(1);
    ran.says(&["at most $12.00", "InvalidParameterValue", PARAMETER]);
    assert_eq!(setup.outcomes("CopyImage"), [refused("InvalidParameterValue")]);
    setup.run("copy web --to us-west-2 --within 30m").ended(0);
}
