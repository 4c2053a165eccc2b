//! Renderer of the contents of the Recycle Bin, in every format.

use chrono::{DateTime, Utc};

use super::json::document::{VERSION, time};
use super::json::{BinnedJson, BinnedListJson, ErrorJson};
use super::markdown::{counted, unread};
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::age::ago;
use crate::domain::ids::SnapshotId;
use crate::domain::problem::PlaceError;
use crate::domain::recycle_bin::contents::Binned;

/// The number of days left from which an image is highlighted.
const SOON: i64 = 3;

/// Writes the contents of the bin to stdout. Only JSON documents also have the failed places.
pub fn recycle_bin(
    printer: &Printer,
    images: &[Binned],
    errors: &[PlaceError],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let items = || images.iter().map(|binned| json(binned, now));
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&BinnedListJson {
            version: VERSION,
            images: items().collect(),
            errors: errors.iter().map(ErrorJson::new).collect(),
        }),
        Format::Jsonl => printer.jsonl(items()),
        Format::Ids => printer.ids(images.iter().map(|binned| &binned.image.id)),
        Format::Csv => {
            let mut sheet = Sheet::new([
                "name",
                "id",
                "region",
                "account",
                "entered_at",
                "exits_at",
                "days_left",
                "snapshots",
                "description",
                "missing_snapshots",
            ]);
            sheet.rows = items().map(csv_row).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let accounts = images.windows(2).any(|pair| pair[0].account != pair[1].account);
            let mut sheet = Sheet::new(["NAME", "ID", "ACCOUNT", "REGION", "DELETED", "LEFT"]);
            sheet.rows = images.iter().map(|binned| row(binned, now)).collect();
            if !accounts {
                sheet = sheet.without(&["ACCOUNT"]);
            }
            let summary = format!("{} in the Recycle Bin", counted(images.len(), "image"));
            printer.table(sheet.summed(summary).noted(unread(errors)), &["DELETED", "REGION"])
        }
    })
}

fn json(binned: &Binned, now: DateTime<Utc>) -> BinnedJson<'_> {
    let image = &binned.image;
    BinnedJson {
        id: image.id.as_str(),
        name: image.name.as_deref(),
        region: binned.region.as_str(),
        account: binned.account.as_ref().map(|account| account.as_str()),
        description: image.description.as_deref(),
        entered_at: image.entered_at.map(time),
        exits_at: image.exits_at.map(time),
        days_left: binned.days_left(now),
        snapshots: binned.snapshots.as_deref().map(texts),
        missing_snapshots: binned.missing.as_deref().map(texts),
    }
}

fn texts(ids: &[SnapshotId]) -> Vec<&str> {
    ids.iter().map(SnapshotId::as_str).collect()
}

fn csv_row(item: BinnedJson<'_>) -> Vec<Cell> {
    let text = |text: Option<&str>| Cell::from(text.unwrap_or_default());
    vec![
        text(item.name),
        item.id.into(),
        item.region.into(),
        text(item.account),
        item.entered_at.unwrap_or_default().into(),
        item.exits_at.unwrap_or_default().into(),
        item.days_left.map(|days| days.to_string()).unwrap_or_default().into(),
        item.snapshots.unwrap_or_default().join(" ").into(),
        text(item.description),
        item.missing_snapshots.unwrap_or_default().join(" ").into(),
    ]
}

fn row(binned: &Binned, now: DateTime<Utc>) -> Vec<Cell> {
    let text = |text: Option<&str>| Cell::from(text.unwrap_or("-"));
    let deleted = binned.image.entered_at.map_or_else(|| "-".to_owned(), |at| format!("{} ago", ago(at, now)));
    let left = match (binned.until, binned.days_left(now)) {
        _ if binned.is_lost() => Cell::toned("cannot come back", Tone::Bad),
        (Some(until), Some(days)) => {
            let tone = if days < SOON { Tone::Notice } else { Tone::Plain };
            let days = format!("{days} days");
            Cell::toned(if until < now + chrono::TimeDelta::days(2) { ago(now, until) } else { days }, tone)
        }
        _ => "-".into(),
    };
    let account = binned.account.as_ref().map(|account| account.as_str());
    vec![
        text(binned.image.name.as_deref()),
        binned.image.id.as_str().into(),
        text(account),
        binned.region.as_str().into(),
        deleted.into(),
        left,
    ]
}
