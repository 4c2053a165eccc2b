//! The plan for the whole organization: every row, by every way in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::reckoning::{KEEP, MIN_AGE, Reckoned, Reckoning, UNUSED_FOR, sizes};
use super::{
    ACCOUNTS, DENIED, DENIED_REGION, REGIONS, Setup, Way, by_organization, by_roles, line, patterns, ready, reckoned,
};
use crate::fake::PROD;
use crate::fake::organization::{BASES, CLUSTERS, ROLE};
use crate::setup::each;

fn policy(setup: &Setup) -> String {
    let patterns = patterns().map(|pattern| format!("'{pattern}'")).join(", ");
    let text = format!(
        "version = 1\nfamily_patterns = [{patterns}]\nmanaged_by = ['image-builder']\nkeep = {KEEP}\n\
         min_age = '{MIN_AGE}d'\nunused_for = '{UNUSED_FOR}d'\n"
    );
    setup.home.write("fleet.toml", &text)
}

/// One row of a plan, by the id of the image.
type Rows<'a> = BTreeMap<&'a str, &'a Value>;

fn rows<'a>(plan: &'a Value, list: &str) -> Rows<'a> {
    let all = plan[list].as_array().unwrap();
    let rows: Rows<'_> = all.iter().map(|row| (row["image_id"].as_str().unwrap(), row)).collect();
    assert_eq!(rows.len(), all.len(), "an image has two rows");
    rows
}

/// Runs the one command line, and checks every row of its plan; gives the plan and what stays for which codes.
fn checked(setup: &Setup, way: &Way, ends: i32) -> (Value, BTreeMap<String, usize>) {
    let (policy, regions) = (policy(setup), REGIONS.join(","));
    let ran = setup.amictl().args(&line(&["prune", "--policy", &policy], way, &regions)).ended(ends);
    let (plan, reckoning) = (ran.json(), reckoned(setup, way));
    let (going, kept) = (rows(&plan, "actions"), rows(&plan, "kept"));
    let mut counts = BTreeMap::new();
    for one in &reckoning.images {
        let codes = reckoning.codes(one);
        match codes.is_empty() {
            true => goes(&reckoning, one, going.get(one.image.id.as_str()).copied()),
            false => stays(one, &codes, kept.get(one.image.id.as_str()).copied()),
        }
        *counts.entry(codes.join("+")).or_default() += 1;
    }
    assert_eq!(going.len() + kept.len(), reckoning.images.len(), "there are rows of no image");
    summed(&plan, &reckoning);
    setup.unchanged();
    (plan, counts)
}

/// What every row says of its image.
fn described(one: &Reckoned, row: &Value) {
    let (word, pattern) = one.family.as_ref().map_or((None, None), |(word, pattern)| (Some(word), *pattern));
    let said = ["account", "region", "name", "family", "pattern", "tags"].map(|field| row[field].clone());
    let (account, region) = one.place;
    let right = json!([account, region, one.image.name, word, pattern, one.image.tags]);
    assert_eq!(json!(said), right, "{row:#}");
}

fn goes(reckoning: &Reckoning, one: &Reckoned, row: Option<&Value>) {
    let row = row.unwrap_or_else(|| panic!("{:?} {} should go", one.place, one.image.name));
    described(one, row);
    let version = one.family.as_ref().filter(|(_, pattern)| pattern.is_none()).map(|_| one.order.0);
    assert_eq!((&row["action"], &row["image_version"]), (&json!("deregister"), &json!(version)), "{row:#}");
    let listed: BTreeSet<&str> = row["snapshots"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let snapshots = reckoning.snapshots(one);
    assert_eq!(listed, snapshots.iter().map(String::as_str).collect(), "{row:#}");
}

fn stays(one: &Reckoned, codes: &[&str], row: Option<&Value>) {
    let row = row.unwrap_or_else(|| panic!("{:?} {} should stay: {codes:?}", one.place, one.image.name));
    described(one, row);
    let said: BTreeSet<&str> = each(&row["reasons"], "code").into_iter().collect();
    assert_eq!(said.into_iter().collect::<Vec<_>>(), codes, "{row:#}");
}

/// The sums: a snapshot of two images that go counts once.
fn summed(plan: &Value, reckoning: &Reckoning) {
    let going: Vec<_> = reckoning.images.iter().filter(|one| reckoning.codes(one).is_empty()).collect();
    let sizes: BTreeMap<_, _> = going
        .iter()
        .flat_map(|one| {
            let freed = reckoning.snapshots(one);
            sizes(one).into_iter().filter(move |(id, _)| freed.contains(id))
        })
        .collect();
    let gib: i64 = sizes.values().sum();
    let summary = &plan["summary"];
    assert_eq!((&summary["actions"], &summary["size_gib"]), (&json!(going.len()), &json!(gib)), "{summary}");
    assert_eq!(summary["kept"], json!(reckoning.images.len() - going.len()), "{summary}");
    // Five cents in each of the regions.
    let cents = summary["monthly_saving_usd_at_most"].as_f64().unwrap() * 100.0;
    assert_eq!(cents.round().to_string(), (gib * 5).to_string(), "{summary}");
}

#[test]
fn one_command_line_gives_a_plan_whose_every_row_is_right() {
    let setup = ready();
    let (plan, counts) = checked(&setup, &by_organization(), 4);
    // The reckoning itself finds each kind, so that no code is right because it never comes.
    for code in [
        "",
        "newest",
        "too-young",
        "in-use",
        "recently-launched",
        "alias",
        "unmanaged",
        "unverified",
        "managed-elsewhere",
    ] {
        assert!(counts.keys().any(|codes| codes.split('+').any(|one| one == code)), "{code:?}: {counts:#?}");
    }
    assert!(counts["protected-tag+unmanaged"] > 10, "{counts:#?}");
    // The place that is denied has no row, and is named.
    let errors = plan["errors"].as_array().unwrap();
    let [error] = &errors[..] else { panic!("{errors:#?}") };
    assert_eq!((&error["account"], &error["region"]), (&DENIED.into(), &DENIED_REGION.into()));
    let unverified = plan["kept"].as_array().unwrap().iter().filter(|row| row["reasons"][0]["code"] == "unverified");
    assert_eq!(plan["summary"]["unverified"], json!(unverified.count()));
}

/// The roles that the guide makes: each account has one with the policy of `permissions prune`, which the first account
/// may assume; its own callers have what `--org-role` adds.
#[test]
fn the_roles_that_permissions_describes_are_enough_for_the_same_plan() {
    let setup = ready();
    let (_, before) = checked(&setup, &by_organization(), 4);
    let document = |line: &str| setup.run(&format!("permissions prune {line}")).ended(0).json();
    let (policy, caller) = (document(""), document(&format!("--org-role {ROLE}")));
    let (trust, other) = (document(&format!("--trust {PROD}")), document(&format!("--trust {CLUSTERS}")));
    let mut world = setup.world();
    for account in ACCOUNTS {
        world.allow_only(account, if account == PROD { &caller } else { &policy });
        world.trust_only(&role(account), &trust);
    }
    drop(world);
    let (_, after) = checked(&setup, &by_organization(), 4);
    assert_eq!(after, before);
    // A role that trusts somebody else is not entered.
    setup.world().trust_only(&role(BASES), &other);
    let ran = setup.run(&format!("prune --org-role {ROLE} -o json"));
    assert!(ran.stderr.contains(&format!("resource: {}", role(BASES))), "{}", ran.stderr);
}

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/{ROLE}")
}

#[test]
fn by_roles_without_the_closed_account_only_the_denied_region_leaves_doubt() {
    let setup = ready();
    let (_, by_all) = checked(&setup, &by_organization(), 4);
    let (_, by_some) = checked(&setup, &by_roles(), 4);
    assert!(by_some[""] > by_all[""] && by_some["unverified"] < by_all["unverified"], "{by_all:#?}\n{by_some:#?}");
}
