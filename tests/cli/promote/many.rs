//! Many places: few calls in each, side by side.

use std::collections::BTreeMap;

use super::{PARAMETER, THREE, V2, V3, now_in, role, rows, to};
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup};

const CONSUMERS: usize = 20;

#[test]
fn each_place_is_asked_a_few_things_and_written_once() {
    let setup = Setup::new();
    let accounts: Vec<String> = (0..CONSUMERS).map(|at| format!("4000000000{at:02}")).collect();
    let mut world = setup.world();
    accounts.iter().for_each(|account| world.add_account(&format!("AKIA{account}"), account));
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    for name in [V2, V3] {
        for region in super::REGIONS {
            let image = accounts.iter().fold(world.image(PROD, region, name), |image, to| image.shared_with(to));
            let id = match first.get(name) {
                None => image.put(),
                Some(source) => image.copied_from(source, EAST).put(),
            };
            first.entry(name).or_insert(id);
        }
    }
    let old = first[V2].clone();
    for account in &accounts {
        world.parameter(account, EAST, PARAMETER, &old);
    }
    drop(world);
    let consumers: Vec<&str> = accounts.iter().map(String::as_str).collect();
    let line = format!("promote web:v3 --to prod {THREE} --from-role-arn {}{}", role(PROD), to(&consumers));
    let report = setup.json(&line);
    assert_eq!(rows(&report, "status"), ["done"; 3 * CONSUMERS]);
    assert_eq!(now_in(&setup, &accounts[7], EAST).unwrap().1, first[V3]);
    let places = 3 * CONSUMERS;
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    setup.fake.calls().into_iter().for_each(|call| *calls.entry(call.action).or_default() += 1);
    assert_eq!(calls["PutParameter"], places);
    for (action, most) in [
        ("GetParameters", places),
        // Before writing and after it.
        ("GetParameterHistory", 2 * places),
        // Two for copies and two for copies of those, one for the shared image; the image before in a third of them; and
        // those of the owner.
        ("DescribeImages", 5 * places + CONSUMERS + 3 * 2 * 2 + 3),
        ("AssumeRole", CONSUMERS + 1),
        ("GetCallerIdentity", CONSUMERS + 2),
    ] {
        assert!(calls.get(action).is_some_and(|count| *count <= most), "{action}: {calls:?}, at most {most}");
    }
    assert!(setup.world().find_parameter(OTHER, EAST, PARAMETER).is_none());
}
