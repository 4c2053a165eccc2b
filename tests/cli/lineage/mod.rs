//! `lineage`: what an image came of, and what came of it.

mod ancestry;
mod formats;
mod places;
mod tree;

use serde_json::Value;

use crate::fake::PROD;
use crate::setup::{EAST, Setup, WEST};

const BASE: &str = "base-v1-2026-01-01";
const WEB: &str = "web-v1-2026-01-02";

/// A base image with a copy in the west, and in both places an image made from an instance of it; gives the ids of base,
/// copy, child and child of the copy.
fn family(setup: &Setup) -> [String; 4] {
    let mut world = setup.world();
    let base = world.image(PROD, EAST, BASE).created("2026-01-01").put();
    let copy = world.image(PROD, WEST, BASE).created("2026-01-02").copied_from(&base, EAST).put();
    let made = |world: &mut crate::fake::World, of: &str, region: &str| {
        let instance = world.instance(PROD, region).image(of).put();
        let id =
            world.image(PROD, region, WEB).created("2026-01-03").copied_from(of, region).of_instance(&instance).put();
        world.end_instance(&instance);
        id
    };
    let child = made(&mut world, &base, EAST);
    let of_copy = made(&mut world, &copy, WEST);
    [base, copy, child, of_copy]
}

/// Two regions.
const TWO: &str = "--region us-east-1,us-west-2";

/// The rows as id, parent and relation.
#[track_caller]
fn rows(found: &Value) -> Vec<[Option<&str>; 3]> {
    let rows = found["images"].as_array().unwrap_or_else(|| panic!("{found}")).iter();
    rows.map(|row| ["id", "parent_id", "relation"].map(|field| row[field].as_str())).collect()
}

/// A field of every row.
#[track_caller]
fn field(found: &Value, name: &str) -> Vec<Value> {
    found["images"].as_array().unwrap_or_else(|| panic!("{found}")).iter().map(|row| row[name].clone()).collect()
}
