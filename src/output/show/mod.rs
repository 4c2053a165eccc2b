//! Renderer of the details of one image, in every format.

mod page;
mod relations;
pub mod text;
mod volumes;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::json::document::VERSION;
use super::json::{
    BlankVolumeJson, CopyJson, ErrorJson, ImageJson, OriginJson, RevokedJson, ShowJson, ShownSnapshotJson,
    SourceTestedJson, TestedJson,
};
use super::printer::{Format, Printer};
use super::refs::item;
use super::table::{Cell, Sheet};
use crate::domain::details::Details;
use crate::domain::ids::AccountId;
use crate::domain::image::{Image, ImageSnapshot};
use crate::domain::lineage::{Origin, Sight};
use crate::domain::region::Region;
use crate::domain::revocation::Revocation;
use crate::domain::snapshot::Snapshot;

/// Writes the details of an image to stdout.
pub fn show(printer: &Printer, details: &Details, now: DateTime<Utc>) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json | Format::Jsonl => printer.json(&document(details, now)),
        Format::Ids => printer.ids([&details.image.id]),
        Format::Csv => {
            let mut sheet = Sheet::new(["key", "value"]);
            fields("", &serde_json::to_value(document(details, now))?, &mut sheet);
            printer.csv(&sheet)
        }
        Format::Table => printer.page(&page::page(details, now)),
    })
}

fn document(details: &Details, now: DateTime<Utc>) -> ShowJson<'_> {
    let image = &details.image;
    let used = item(image, &details.usage);
    let blank = image.blank_volumes.iter();
    ShowJson {
        version: VERSION,
        image: ImageJson::new(image, details.monthly_cost, now),
        launch_permissions: details
            .launch_permissions
            .as_ref()
            .map(|all| all.iter().map(ToString::to_string).collect()),
        snapshots: image.snapshots.iter().map(|of| snapshot(of, details.snapshot(of))).collect(),
        blank_volumes: blank
            .map(|v| BlankVolumeJson { device: &v.device, size_gib: v.size_gib, encrypted: v.encrypted })
            .collect(),
        copies: details.copies.iter().map(copy).collect(),
        copied_from: details.copied_from.as_ref().map(origin),
        made_from: details.made_from.as_ref().map(origin),
        children: details.children.iter().map(copy).collect(),
        revoked: Revocation::of(image)
            .map(|mark| RevokedJson { since: mark.since.map(|since| since.to_string()), reason: mark.reason }),
        tested_by_source: details.tested_source().map(|(by, tested)| SourceTestedJson {
            image_id: by.id.as_str(),
            region: by.region.as_str(),
            tested: TestedJson::new(tested.clone()),
        }),
        aliases: details.aliases(),
        in_use: used.in_use,
        references: used.references,
        sources: details.usage.sources.iter().map(crate::domain::plan::document::SourceRow::new).collect(),
        monthly_cost_usd_at_most: details.monthly_cost,
        errors: details.errors.iter().map(ErrorJson::new).collect(),
    }
}

pub fn snapshot<'a>(of: &'a ImageSnapshot, seen: Option<&'a Snapshot>) -> ShownSnapshotJson<'a> {
    ShownSnapshotJson {
        id: of.id.as_str(),
        device: &of.device,
        size_gib: of.size_gib,
        encrypted: of.encrypted,
        state: seen.map(|snapshot| snapshot.state.as_str()),
        progress: seen.map(|snapshot| snapshot.percent),
        full_bytes: seen.and_then(|snapshot| snapshot.full_bytes),
        kms_key_id: seen.and_then(|snapshot| snapshot.kms_key.as_deref()),
        tier: seen.and_then(|snapshot| snapshot.tier.as_deref()),
    }
}

fn origin((origin, sight): &(Origin, Sight)) -> OriginJson<'_> {
    OriginJson {
        id: origin.id.as_str(),
        region: origin.region.as_ref().map(Region::as_str),
        exists: match sight {
            Sight::Seen(_) => Some(true),
            Sight::Missing => Some(false),
            Sight::Unknown => None,
        },
    }
}

fn copy(image: &Image) -> CopyJson<'_> {
    CopyJson {
        id: image.id.as_str(),
        account: image.owner.as_ref().map(AccountId::as_str),
        region: image.region.as_str(),
        name: image.name.as_deref(),
        state: image.state.as_str(),
    }
}

/// One row per field of a document: `image.tags.Team`, `snapshots.0.state`. Missing values are empty.
fn fields(path: &str, value: &Value, sheet: &mut Sheet) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let cell = match value {
        Value::Object(fields_of) => {
            return fields_of.iter().for_each(|(name, value)| fields(&below(name), value, sheet));
        }
        Value::Array(items) => {
            return items.iter().enumerate().for_each(|(at, value)| fields(&below(&at.to_string()), value, sheet));
        }
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    };
    sheet.rows.push(vec![Cell::from(path), Cell::from(cell)]);
}
