//! Renderer of references to images, in every format.

use std::collections::HashMap;

use super::json::document::VERSION;
use super::json::{ErrorJson, ReferenceJson, RefsImageJson, RefsJson};
use super::markdown::{self, counted};
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::ids::AccountId;
use crate::domain::image::Image;
use crate::domain::plan::document::{ErrorRow, SourceRow};
use crate::domain::problem::PlaceError;
use crate::domain::region::place;
use crate::domain::usage::source::{SourceStatus, Usage, UseVerdict};

/// Writes the use of the images of each place to stdout.
pub fn refs(printer: &Printer, places: &[(&[Image], &Usage)], errors: &[PlaceError]) -> anyhow::Result<()> {
    let images = || places.iter().flat_map(|(images, usage)| images.iter().map(move |image| (image, *usage)));
    let items: Vec<_> = images().map(|(image, usage)| item(image, usage)).collect();
    printer.each(|printer| match printer.format() {
        Format::Json => {
            let sources = places.iter().flat_map(|(_, usage)| usage.sources.iter().map(SourceRow::new)).collect();
            let errors = errors.iter().map(ErrorJson::new).collect();
            let warnings = places.iter().flat_map(|(_, usage)| usage.warnings.iter().map(ErrorJson::new)).collect();
            printer.json(&RefsJson { version: VERSION, images: &items, sources, errors, warnings })
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
            let titles = ["IMAGE", "ACCOUNT", "REGION", "USED BY", "ID", "DETAIL", "SOURCE"];
            let mut sheet = Sheet::new(titles);
            images().for_each(|(image, usage)| rows(image, usage, &mut sheet));
            if places.len() < 2 {
                sheet = sheet.without(&["ACCOUNT", "REGION"]);
            }
            let notes = places.iter().flat_map(|(_, usage)| unread(usage)).chain(markdown::unread(errors));
            let rows: Vec<_> = places.iter().flat_map(|(_, usage)| usage.warnings.iter().map(ErrorRow::new)).collect();
            let sheet = sheet.summed(summary(&items)).noted(notes).noted(warnings(&rows));
            printer.table(sheet, &["SOURCE", "REGION", "ACCOUNT"])
        }
    })
}

/// How many of the images are in use, in one line.
fn summary(items: &[RefsImageJson<'_>]) -> String {
    let count = |in_use| items.iter().filter(|item| item.in_use == in_use).count();
    let unverified = match count(None) {
        0 => String::new(),
        n => format!(", {n} unverified"),
    };
    format!("{} of {} in use{unverified}", count(Some(true)), counted(items.len(), "image"))
}

/// The use of one image, for programs.
pub(super) fn item<'a>(image: &'a Image, usage: &'a Usage) -> RefsImageJson<'a> {
    let references: Vec<_> = usage
        .references(&image.id)
        .into_iter()
        .map(|r| ReferenceJson { source: r.source.as_str(), kind: r.kind, id: &r.id, detail: &r.detail })
        .collect();
    let in_use = match usage.verdict(&image.id) {
        UseVerdict::InUse(_) => Some(true),
        UseVerdict::Unused => Some(false),
        UseVerdict::Unverified(_) => None,
    };
    RefsImageJson {
        id: image.id.as_str(),
        owner_id: image.owner.as_ref().map(AccountId::as_str),
        name: image.name.as_deref(),
        region: image.region.as_str(),
        in_use,
        references,
    }
}

fn rows(image: &Image, usage: &Usage, sheet: &mut Sheet) {
    let found = usage.references(&image.id);
    let owner = image.owner.as_ref().map_or("-", AccountId::as_str);
    let head = |n: usize| {
        let tone = if n == 0 { Tone::Plain } else { Tone::Repeated };
        [image.label(), owner.to_owned(), image.region.to_string()].map(|text| Cell::toned(text, tone))
    };
    if found.is_empty() {
        let verdict = match usage.unread(&image.id).is_empty() {
            true => Cell::toned("nobody", Tone::Faint),
            false => Cell::toned("unverified", Tone::Notice),
        };
        sheet.rows.push(head(0).into_iter().chain([verdict, "-".into(), "-".into(), "-".into()]).collect());
    }
    for (n, r) in found.into_iter().enumerate() {
        let by = [r.kind.into(), r.id.as_str().into(), r.detail.as_str().into(), r.source.as_str().into()];
        sheet.rows.push(head(n).into_iter().chain(by).collect());
    }
}

/// The sources not read completely, one line each.
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

/// The maximum number of warnings for people: an account may have thousands, and programs get all of them.
const MOST_WARNINGS: usize = 10;

/// The warnings as lines, each once, however many places have it.
pub fn warnings(all: &[ErrorRow]) -> Vec<String> {
    let mut places: Vec<(&str, Vec<&ErrorRow>)> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for row in all {
        let at = *known.entry(&row.message).or_insert(places.len());
        if at == places.len() {
            places.push((row.message.as_str(), Vec::new()));
        }
        places[at].1.push(row);
    }
    let line = |(message, rows): &(&str, Vec<&ErrorRow>)| {
        let place = match rows.as_slice() {
            [ErrorRow { account, region, .. }] => place(account.as_ref(), region),
            several => format!("{} places", several.len()),
        };
        format!("warning: {place}: {message}")
    };
    let mut lines: Vec<_> = places.iter().take(MOST_WARNINGS).map(line).collect();
    if let Some(more) = places.len().checked_sub(MOST_WARNINGS).filter(|more| *more > 0) {
        lines.push(format!("warning: and {more} more like these; -o json has all of them"));
    }
    lines
}
