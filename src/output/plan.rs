//! Renderer of plans: tables, JSON, the question before apply, and summaries.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::printer::{Format, Printer};
use super::refs::warnings;
use super::table::{Cell, Sheet, Tone};
use crate::domain::family::{FamilyPattern, Order};
use crate::domain::ids::AccountId;
use crate::domain::naming::ImageName;
use crate::domain::plan::document::{Action, Kept, Plan};
use crate::domain::region::{Region, place};
use crate::domain::retire::step::Step;

/// Writes a plan to stdout.
pub fn plan(printer: &Printer, plan: &Plan) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(plan),
        Format::Jsonl => printer.jsonl(&plan.actions),
        Format::Ids => printer.ids(plan.actions.iter().map(|action| &action.image_id)),
        Format::Csv => printer.csv(&for_programs(plan)),
        Format::Table => {
            let mut lines = summary(plan).into_iter();
            let sheet = overview(plan).summed(lines.next().unwrap_or_default()).noted(lines);
            let unread = plan.errors.iter().map(|row| {
                format!("not read: {}: {} [{}]", place(row.account.as_ref(), &row.region), row.message, row.code)
            });
            printer.table(sheet.noted(unread).noted(warnings(&plan.warnings)), dispensable(plan))
        }
    })
}

/// The columns to drop on a narrow terminal, as the reason is more important. The region stays if rows differ in it.
pub fn dispensable(plan: &Plan) -> &'static [&'static str] {
    let regions: BTreeSet<_> = plan.actions.iter().map(|action| &action.region).collect();
    if regions.len() > 1 { &["FAMILY", "ID"] } else { &["FAMILY", "REGION", "ID"] }
}

/// The images of one family in one place.
type Family<'a> = (&'a Option<AccountId>, &'a Region, &'a Option<String>, &'a Option<String>);

/// The families with a step, each newest first with the images to change, those that stay, and the reasons.
pub fn overview(plan: &Plan) -> Sheet {
    let mut sheet = Sheet::new(["ACCOUNT", "REGION", "FAMILY", "VERDICT", "IMAGE", "ID", "WHY"]);
    let mut touched: BTreeMap<Family<'_>, (Vec<&Kept>, Vec<&Action>)> = BTreeMap::new();
    for action in &plan.actions {
        touched.entry((&action.account, &action.region, &action.family, &action.pattern)).or_default().1.push(action);
    }
    let whose: BTreeSet<_> = plan.actions.iter().map(|action| &action.account).collect();
    for kept in &plan.kept {
        // Plans of earlier versions do not have the accounts of kept images.
        let accounts = if kept.account.is_some() { vec![&kept.account] } else { whose.iter().copied().collect() };
        for account in accounts {
            if let Some((stay, _)) = touched.get_mut(&(account, &kept.region, &kept.family, &kept.pattern)) {
                stay.push(kept);
            }
        }
    }
    for ((account, region, family, _), (stay, go)) in touched {
        let head = |n: usize, text: &str| Cell::toned(text, if n == 0 { Tone::Plain } else { Tone::Repeated });
        let family_name = family.as_deref().unwrap_or("-");
        let account_name = account.as_ref().map_or("unknown", AccountId::as_str);
        let stay = stay
            .into_iter()
            .map(|kept| (kept.name.as_deref(), kept.image_id.as_str(), Cell::toned("keep", Tone::Kept), reasons(kept)));
        let go = go.into_iter().map(|action| {
            (action.name.as_deref(), action.image_id.as_str(), verdict(action.action), action.reason.clone())
        });
        let mut rows: Vec<_> = stay.chain(go).collect();
        rows.sort_by_key(|(name, ..)| Reverse(name.map(|name| (name.parse::<ImageName>().ok(), Order::of(name)))));
        for (n, (name, id, verdict, why)) in rows.into_iter().enumerate() {
            let (account, region, family) = (head(n, account_name), head(n, region.as_str()), head(n, family_name));
            let (image, id, why) = (name.unwrap_or("-").into(), id.into(), why.into());
            sheet.rows.push(vec![account, region, family, verdict, image, id, why]);
        }
    }
    if plan.accounts.len() > 1 { sheet } else { sheet.without(&["ACCOUNT"]) }
}

fn verdict(step: Step) -> Cell {
    match step {
        Step::Deregister => Cell::toned("delete", Tone::Bad),
        Step::Disable | Step::Deprecate => Cell::toned(step.as_str(), Tone::Notice),
        Step::Revive => Cell::toned(step.as_str(), Tone::Good),
    }
}

/// The question before a plan is applied.
pub fn question(plan: &Plan) -> String {
    let each = Step::ALL.iter().map(|step| (plan.count(*step), *step)).filter(|(n, _)| *n > 0);
    let each = each.map(|(n, step)| match step {
        Step::Deregister if n == 1 => "deregister 1 image and delete its snapshots".to_owned(),
        Step::Deregister => format!("deregister {n} images and delete their snapshots"),
        Step::Disable | Step::Deprecate | Step::Revive => format!("{} {}", step.as_str(), count(n)),
    });
    let text = each.collect::<Vec<_>>().join(", ");
    let (first, rest) = text.split_at(text.len().min(1));
    let stay = match plan.actions.iter().map(|action| action.kept_snapshots.len()).sum() {
        0 => String::new(),
        1 => " (1 snapshot stays, which something may need)".to_owned(),
        n => format!(" ({n} snapshots stay, which something may need)"),
    };
    format!("{}{rest}{stay}?", first.to_uppercase())
}

fn count(images: usize) -> String {
    if images == 1 { "1 image".to_owned() } else { format!("{images} images") }
}

fn reasons(kept: &Kept) -> String {
    let each = kept.reasons.iter().map(|r| format!("{}: {}", r.code, r.detail));
    each.collect::<Vec<_>>().join("; ")
}

/// The summary of a plan, in a few lines.
pub fn summary(plan: &Plan) -> Vec<String> {
    let sums = &plan.summary;
    let stay = |n: usize| format!("{} {}", count(n), if n == 1 { "stays" } else { "stay" });
    let mut lines = match sums.actions {
        0 => vec![format!("nothing to delete; {}", stay(sums.kept))],
        n if n == plan.count(Step::Deregister) => vec![format!(
            "{} to delete with snapshots of {} GiB: up to ${:.2} a month; {}",
            count(n),
            sums.size_gib,
            sums.monthly_saving_usd_at_most,
            stay(sums.kept)
        )],
        _ => {
            let saving = match plan.count(Step::Deregister) {
                0 => String::new(),
                _ => format!(
                    "; snapshots of {} GiB go: up to ${:.2} a month",
                    sums.size_gib, sums.monthly_saving_usd_at_most
                ),
            };
            vec![format!("{}{saving}; {} as before", plan.steps(), stay(sums.kept))]
        }
    };
    let mut by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    for kept in &plan.kept {
        if let Some(first) = kept.reasons.first() {
            *by_reason.entry(&first.code).or_default() += 1;
        }
    }
    if !by_reason.is_empty() {
        let each: Vec<_> = by_reason.iter().map(|(code, n)| format!("{n} {code}")).collect();
        lines.push(format!("kept: {}", each.join(", ")));
    }
    lines.extend(by_pattern(plan));
    let skipped = plan.sources.iter().filter(|row| row.status == "skipped");
    let skipped: BTreeSet<_> = skipped.map(|row| row.source.as_str()).collect();
    if !skipped.is_empty() {
        lines.push(format!("sources not read: {}", skipped.into_iter().collect::<Vec<_>>().join(", ")));
    }
    lines.extend(unread_sources(plan));
    lines
}

/// The sources that could not be read, those with one message in one line.
fn unread_sources(plan: &Plan) -> Vec<String> {
    let mut by_message: Vec<(&str, Vec<String>)> = Vec::new();
    for row in plan.failed_sources() {
        let message = row.message.as_deref().unwrap_or_default();
        match by_message.iter_mut().find(|(known, _)| *known == message) {
            Some((_, places)) => places.push(plan.place(row)),
            None => by_message.push((message, vec![plan.place(row)])),
        }
    }
    let line = |(message, mut places): (&str, Vec<String>)| {
        let more = places.len().saturating_sub(UNREAD);
        places.truncate(UNREAD);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more} could not be read: {message}", places.join(", "))
    };
    by_message.into_iter().map(line).collect()
}

/// The number of unread sources that one line names.
const UNREAD: usize = 3;

/// The number of images that each family pattern found, in the order of the patterns.
fn by_pattern(plan: &Plan) -> Vec<String> {
    let (of_actions, of_kept) = (plan.actions.iter().map(|row| &row.pattern), plan.kept.iter().map(|row| &row.pattern));
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    of_actions.chain(of_kept).flatten().for_each(|pattern| *found.entry(pattern).or_default() += 1);
    let patterns = plan.policy.family_patterns.iter().map(FamilyPattern::as_str);
    let line =
        |pattern: &str| format!("family pattern {pattern}: {}", count(found.get(pattern).copied().unwrap_or_default()));
    patterns.map(line).collect()
}

fn for_programs(plan: &Plan) -> Sheet {
    let titles =
        ["region", "family", "image_id", "name", "verdict", "reasons", "size_gib", "snapshots", "account", "pattern"];
    let mut sheet = Sheet::new(titles);
    let account = |account: &Option<AccountId>| account.as_ref().map_or("", AccountId::as_str).into();
    for action in &plan.actions {
        let snapshots: Vec<_> = action.snapshots.iter().map(|s| s.as_str()).collect();
        sheet.rows.push(vec![
            action.region.as_str().into(),
            action.family.as_deref().unwrap_or_default().into(),
            action.image_id.as_str().into(),
            action.name.as_deref().unwrap_or_default().into(),
            action.action.as_str().into(),
            action.reason.as_str().into(),
            action.size_gib.to_string().into(),
            snapshots.join(" ").into(),
            account(&action.account),
            action.pattern.as_deref().unwrap_or_default().into(),
        ]);
    }
    for kept in &plan.kept {
        sheet.rows.push(vec![
            kept.region.as_str().into(),
            kept.family.as_deref().unwrap_or_default().into(),
            kept.image_id.as_str().into(),
            kept.name.as_deref().unwrap_or_default().into(),
            "keep".into(),
            reasons(kept).into(),
            "".into(),
            "".into(),
            account(&kept.account),
            kept.pattern.as_deref().unwrap_or_default().into(),
        ]);
    }
    sheet
}
