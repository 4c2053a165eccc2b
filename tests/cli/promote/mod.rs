//! `promote`: an alias names an image everywhere, or nowhere.

mod basics;
mod copies;
mod gates;
mod killed;
mod many;
mod partly;
mod put_back;
mod races;
mod refusals;
mod tested;

use serde_json::Value;

use crate::fake::PROD;
use crate::setup::{EAST, EUROPE, Setup, WEST};

const V2: &str = "web-v2-2026-01-01";
const V3: &str = "web-v3-2026-01-02";
const PARAMETER: &str = "/amictl/web/prod";
const TWO: &str = "--region us-east-1,us-west-2";
const THREE: &str = "--region us-east-1,us-west-2,eu-west-1";

/// The number and value of the newest version of the alias.
fn now_in(setup: &Setup, account: &str, region: &str) -> Option<(u64, String)> {
    let world = setup.world();
    let newest = world.find_parameter(account, region, PARAMETER)?.latest()?;
    Some((newest.number, newest.value.clone()))
}

/// Two versions in two regions, the first with the alias; gives the ids of the old ones and of the new ones.
fn ready(setup: &Setup) -> ([String; 2], [String; 2]) {
    let mut world = setup.world();
    let old = world.image(PROD, EAST, V2).put();
    let new = world.image(PROD, EAST, V3).put();
    let old_west = world.image(PROD, WEST, V2).copied_from(&old, EAST).put();
    let new_west = world.image(PROD, WEST, V3).copied_from(&new, EAST).put();
    world.parameter(PROD, EAST, PARAMETER, &old);
    world.parameter(PROD, WEST, PARAMETER, &old_west);
    ([old, old_west], [new, new_west])
}

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/ami")
}

/// The options that lead to these accounts.
fn to(accounts: &[&str]) -> String {
    accounts.iter().map(|account| format!(" --role-arn {}", role(account))).collect()
}

/// A field of every row.
#[track_caller]
fn rows(report: &Value, field: &str) -> Vec<Value> {
    report["results"].as_array().unwrap_or_else(|| panic!("{report}")).iter().map(|row| row[field].clone()).collect()
}

/// The code of the error of every row, `-` where there is none.
#[track_caller]
fn codes(report: &Value) -> Vec<String> {
    rows(report, "error").iter().map(|error| error["code"].as_str().unwrap_or("-").to_owned()).collect()
}

/// Whether anything was written.
fn written(setup: &Setup) -> usize {
    setup.calls("PutParameter").len()
}

/// What the description of the newest version says.
#[track_caller]
fn note(setup: &Setup, region: &str) -> Value {
    let world = setup.world();
    let newest = world.find_parameter(PROD, region, PARAMETER).unwrap().latest().unwrap();
    serde_json::from_str(newest.description.as_deref().unwrap()).unwrap()
}

const REGIONS: [&str; 3] = [EAST, WEST, EUROPE];
