//! Renderer of what the Recycle Bin would hold, in every format.

use std::collections::{BTreeMap, BTreeSet};

use super::json::document::VERSION;
use super::json::{ErrorJson, HeldJson, PlaceRetentionJson, RetentionJson, RuleJson, RuleTagJson};
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::ids::AccountId;
use crate::domain::problem::PlaceError;
use crate::domain::recycle_bin::retention::{Held, PlaceRetention};
use crate::domain::recycle_bin::rules::{Resource, RetentionRule, RuleTag};

/// The number of accounts and of regions that a row names.
const NAMED: usize = 2;

/// Writes what the rules of each place hold. Only JSON documents also have the failed places.
pub fn retention(printer: &Printer, places: &[PlaceRetention], errors: &[PlaceError]) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&RetentionJson {
            version: VERSION,
            places: places.iter().map(json).collect(),
            errors: errors.iter().map(ErrorJson::new).collect(),
        }),
        Format::Jsonl => printer.jsonl(places.iter().map(json)),
        Format::Ids => printer.ids(places.iter().flat_map(|place| place.rules.iter().map(|rule| &rule.id))),
        Format::Csv => {
            let mut sheet = Sheet::new([
                "account",
                "region",
                "images_held",
                "images_days",
                "snapshots_held",
                "snapshots_days",
                "status",
                "rules",
            ]);
            sheet.rows = places.iter().map(|place| csv_row(json(place))).collect();
            printer.csv(&sheet)
        }
        Format::Table => printer.table(overview(places), &[]),
    })
}

/// The table for people: places that are alike share a row.
pub fn overview(places: &[PlaceRetention]) -> Sheet {
    type Look = ([(Held, Held); 2], bool);
    let mut alike: BTreeMap<Look, BTreeMap<Option<&AccountId>, BTreeSet<&str>>> = BTreeMap::new();
    for place in places {
        let both = |resource| (place.held(resource), place.soon(resource));
        let look = ([Resource::Image, Resource::Snapshot].map(both), place.is_pending());
        let regions = alike.entry(look).or_default().entry(place.account.as_ref()).or_default();
        regions.insert(place.region.as_str());
    }
    let all_accounts: BTreeSet<&str> = places.iter().map(|place| account(place.account.as_ref())).collect();
    let all_regions: BTreeSet<&str> = places.iter().map(|place| place.region.as_str()).collect();
    let mut sheet = Sheet::new(["ACCOUNT", "REGION", "IMAGES", "SNAPSHOTS", "STATUS"]);
    for (([images, snapshots], pending), accounts) in alike {
        // Accounts with the same regions share a row, too.
        let mut rows: BTreeMap<BTreeSet<&str>, BTreeSet<&str>> = BTreeMap::new();
        for (id, regions) in accounts {
            rows.entry(regions).or_default().insert(account(id));
        }
        for (regions, accounts) in rows {
            sheet.rows.push(vec![
                several(&accounts, &all_accounts, "accounts").into(),
                several(&regions, &all_regions, "regions").into(),
                held(images),
                held(snapshots),
                status(pending),
            ]);
        }
    }
    if all_accounts.len() > 1 { sheet } else { sheet.without(&["ACCOUNT"]) }
}

fn account(id: Option<&AccountId>) -> &str {
    id.map_or("unknown", AccountId::as_str)
}

/// Some names of all: these, or the few others, or the first of them.
fn several(some: &BTreeSet<&str>, all: &BTreeSet<&str>, what: &str) -> String {
    let names = |of: &[&str]| of.join(", ");
    let (some, others): (Vec<&str>, Vec<&str>) = (some.iter().copied().collect(), (all - some).into_iter().collect());
    match (some.len(), others.len()) {
        (..=NAMED, _) => names(&some),
        (number, 0) => format!("all {number} {what}"),
        (_, ..=NAMED) => format!("all but {}", names(&others)),
        (number, _) => format!("{}, and {} more", names(&some[..NAMED]), number - NAMED),
    }
}

/// What is held by now, and what will be once no rule is pending.
fn held((now, soon): (Held, Held)) -> Cell {
    let words = |held: Held| match held {
        Held::All(1) => "1 day".to_owned(),
        Held::All(days) => format!("{days} days"),
        Held::Some(1) => "some, 1 day".to_owned(),
        Held::Some(days) => format!("some, {days} days"),
        Held::None => "not held".to_owned(),
    };
    let text = if now == soon { words(now) } else { format!("{}; soon {}", words(now), words(soon)) };
    match now {
        Held::All(_) => Cell::toned(text, Tone::Good),
        Held::Some(_) => Cell::toned(text, Tone::Notice),
        Held::None => Cell::toned(text, Tone::Bad),
    }
}

fn status(pending: bool) -> Cell {
    match pending {
        true => Cell::toned(PENDING, Tone::Notice),
        false => READY.into(),
    }
}

const READY: &str = "ready";
const PENDING: &str = "pending";

fn json(place: &PlaceRetention) -> PlaceRetentionJson<'_> {
    PlaceRetentionJson {
        account: place.account.as_ref().map(AccountId::as_str),
        region: place.region.as_str(),
        images: held_json(place.held(Resource::Image)),
        snapshots: held_json(place.held(Resource::Snapshot)),
        status: if place.is_pending() { PENDING } else { READY },
        rules: place.rules.iter().map(|rule| rule_json(rule, place.made.contains(&rule.id))).collect(),
    }
}

fn held_json(held: Held) -> HeldJson {
    let word = match held {
        Held::All(_) => "all",
        Held::Some(_) => "some",
        Held::None => "none",
    };
    HeldJson { held: word, days: held.days() }
}

fn rule_json(rule: &RetentionRule, made: bool) -> RuleJson<'_> {
    RuleJson {
        id: &rule.id,
        resource: match rule.resource {
            Resource::Image => "image",
            Resource::Snapshot => "snapshot",
        },
        days: rule.days,
        status: if rule.in_force { "available" } else { PENDING },
        tags: rule.tags.iter().map(tag_json).collect(),
        exclude_tags: rule.exclude.iter().map(tag_json).collect(),
        made,
    }
}

fn tag_json(tag: &RuleTag) -> RuleTagJson<'_> {
    RuleTagJson { key: &tag.key, value: tag.value.as_deref() }
}

fn csv_row(place: PlaceRetentionJson<'_>) -> Vec<Cell> {
    let days = |held: &HeldJson| Cell::from(held.days.map(|days| days.to_string()).unwrap_or_default());
    let ids: Vec<_> = place.rules.iter().map(|rule| rule.id).collect();
    vec![
        place.account.unwrap_or_default().into(),
        place.region.into(),
        place.images.held.into(),
        days(&place.images),
        place.snapshots.held.into(),
        days(&place.snapshots),
        place.status.into(),
        ids.join(" ").into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(resource: Resource, days: u32) -> RetentionRule {
        let (tags, exclude) = (Vec::new(), Vec::new());
        RetentionRule { id: "abcdefghijk".to_owned(), resource, days, in_force: true, tags, exclude }
    }

    /// Forty accounts in six regions, of which two places differ.
    fn fleet() -> Vec<PlaceRetention> {
        let regions = ["eu-central-1", "eu-west-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"];
        let place = |n: usize| PlaceRetention {
            account: format!("{:012}", 100 + n / 6).parse().ok(),
            region: regions[n % 6].parse().unwrap(),
            rules: match n {
                0 => Vec::new(),
                7 => vec![RetentionRule { in_force: false, ..rule(Resource::Image, 14) }],
                _ => vec![rule(Resource::Image, 14), rule(Resource::Snapshot, 30)],
            },
            made: BTreeSet::new(),
        };
        (0..240).map(place).collect()
    }

    #[test]
    fn what_is_alike_in_many_places_is_told_once() {
        let text = overview(&fleet()).render(None, false);
        let rows: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            rows,
            [
                "ACCOUNT REGION IMAGES SNAPSHOTS STATUS",
                "all but 000000000100, 000000000101 all 6 regions 14 days 30 days ready",
                "000000000101 all but eu-west-1 14 days 30 days ready",
                "000000000100 all but eu-central-1 14 days 30 days ready",
                "000000000101 eu-west-1 not held; soon 14 days not held pending",
                "000000000100 eu-central-1 not held not held ready",
            ]
        );
        assert!(overview(&fleet()[12..]).render(None, false).contains("all 38 accounts"));
        let third = fleet().into_iter().enumerate().filter(|(n, _)| n % 3 == 0).map(|(_, place)| place);
        assert!(overview(&third.collect::<Vec<_>>()[..20]).render(None, false).contains("eu-central-1, us-east-2"));
        let one = overview(&fleet()[..6]).render(None, false);
        assert!(!one.contains("ACCOUNT") && one.lines().count() == 3, "{one}");
    }
}
