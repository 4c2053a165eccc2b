//! Who uses images, in every format.

use super::json::{ReferenceJson, RefsImageJson, RefsJson, VERSION};
use super::table::{Cell, Sheet, Tone};
use super::{Format, Printer};
use crate::domain::image::Image;
use crate::domain::plan::SourceRow;
use crate::domain::usage::{SourceStatus, Usage, Verdict};

/// Writes who uses the images to stdout.
pub fn refs(printer: &Printer, images: &[Image], usage: &Usage) -> anyhow::Result<()> {
    let items: Vec<_> = images.iter().map(|image| item(image, usage)).collect();
    match printer.format() {
        Format::Json => {
            let sources = usage.sources.iter().map(SourceRow::new).collect();
            printer.json(&RefsJson { version: VERSION, images: items, sources })
        }
        Format::Jsonl => printer.jsonl(&items),
        Format::Ids => {
            let used = items.iter().filter(|item| !item.references.is_empty());
            printer.ids(used.map(|item| item.id))
        }
        Format::Csv => {
            let mut sheet = Sheet::new(["image_id", "region", "source", "kind", "id", "detail"]);
            for item in &items {
                for r in &item.references {
                    let cells = [item.id, item.region, r.source, r.kind, r.id, r.detail];
                    sheet.rows.push(cells.map(Cell::from).to_vec());
                }
            }
            printer.csv(&sheet)
        }
        Format::Table => {
            let mut sheet = Sheet::new(["IMAGE", "USED BY", "ID", "DETAIL", "SOURCE"]);
            images.iter().for_each(|image| rows(image, usage, &mut sheet));
            printer.table(sheet, &["SOURCE"])
        }
    }
}

/// Who uses one image, for programs.
pub(super) fn item<'a>(image: &'a Image, usage: &'a Usage) -> RefsImageJson<'a> {
    let references: Vec<_> = usage
        .references(&image.id)
        .into_iter()
        .map(|r| ReferenceJson { source: r.source.as_str(), kind: r.kind, id: &r.id, detail: &r.detail })
        .collect();
    let in_use = match usage.verdict(&image.id) {
        Verdict::InUse(_) => Some(true),
        Verdict::Unused => Some(false),
        Verdict::Unverified(_) => None,
    };
    RefsImageJson {
        id: image.id.as_str(),
        name: image.name.as_deref(),
        region: image.region.as_str(),
        in_use,
        references,
    }
}

fn rows(image: &Image, usage: &Usage, sheet: &mut Sheet) {
    let found = usage.references(&image.id);
    if found.is_empty() {
        let verdict = match usage.failed().is_empty() {
            true => Cell::toned("nobody", Tone::Faint),
            false => Cell::toned("unverified", Tone::Notice),
        };
        sheet.rows.push(vec![image.label().into(), verdict, "-".into(), "-".into(), "-".into()]);
    }
    for (n, r) in found.into_iter().enumerate() {
        let label = if n == 0 { image.label() } else { String::new() };
        let (id, detail) = (r.id.as_str().into(), r.detail.as_str().into());
        sheet.rows.push(vec![label.into(), r.kind.into(), id, detail, r.source.as_str().into()]);
    }
}

/// The state of the sources, one line for each that was not read to its end.
pub fn unread(usage: &Usage) -> Vec<String> {
    let each = usage.sources.iter().filter_map(|state| match &state.status {
        SourceStatus::Ok { .. } => None,
        SourceStatus::Skipped => Some(format!("{} in {} was left out", state.source, state.region)),
        SourceStatus::Failed(problem) => Some(format!(
            "{} in {} could not be read: {} [{}]",
            state.source, state.region, problem.message, problem.code
        )),
    });
    each.collect()
}
