//! Renderer of aliases and their histories, in every format.

use chrono::{DateTime, Utc};

use super::json::document::{VERSION, time};
use super::json::{AliasJson, AliasesJson, ErrorJson};
use super::markdown::unread;
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::age::ago;
use crate::domain::alias::NoteAction;
use crate::domain::alias_list::{AliasEntry, GONE, ListedAlias};
use crate::domain::problem::PlaceError;

/// The columns of a list for programs.
const NAMED: [&str; 13] = [
    "account",
    "region",
    "family",
    "alias",
    "version",
    "image_id",
    "name",
    "image_state",
    "since",
    "by",
    "action",
    "reason",
    "previous_image_id",
];

/// Writes aliases to stdout; with their histories, a row for each version.
pub fn aliases(
    printer: &Printer,
    aliases: &[ListedAlias],
    errors: &[PlaceError],
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let items = || aliases.iter().map(AliasJson::new);
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&AliasesJson {
            version: VERSION,
            aliases: items().collect(),
            errors: errors.iter().map(ErrorJson::new).collect(),
        }),
        Format::Jsonl => printer.jsonl(items()),
        Format::Ids => printer.ids(aliases.iter().filter_map(|alias| alias.current.image_id.as_ref())),
        Format::Csv => {
            let mut sheet = Sheet::new(NAMED);
            for alias in aliases {
                sheet.rows.extend(entries(alias).map(|entry| csv_row(alias, entry)));
            }
            printer.csv(&sheet)
        }
        Format::Table => {
            let summary = if aliases.len() == 1 { "1 alias".to_owned() } else { format!("{} aliases", aliases.len()) };
            let sheet = table(aliases, now).summed(summary).noted(unread(errors));
            printer.table(sheet, &["ID", "REASON", "BEFORE", "BY"])
        }
    })
}

/// The versions to show: all that were asked for.
fn entries(alias: &ListedAlias) -> impl Iterator<Item = &AliasEntry> {
    let current = alias.history.is_none().then_some(&alias.current);
    current.into_iter().chain(alias.history.iter().flatten())
}

fn csv_row(alias: &ListedAlias, entry: &AliasEntry) -> Vec<Cell> {
    let text = |text: Option<&str>| Cell::from(text.unwrap_or_default());
    let before = alias.previous_image_id.as_ref().filter(|_| entry.number == alias.current.number);
    vec![
        text(alias.account.as_ref().map(|account| account.as_str())),
        alias.region.as_str().into(),
        alias.alias.family().as_str().into(),
        alias.alias.alias().as_str().into(),
        entry.number.to_string().into(),
        text(entry.image_id.as_ref().map(|id| id.as_str())),
        text(entry.name.as_deref()),
        text(entry.image_state.as_deref()),
        entry.at.map(time).unwrap_or_default().into(),
        text(entry.by.as_deref()),
        text(entry.action.map(NoteAction::as_str)),
        text(entry.reason.as_deref()),
        text(before.map(|id| id.as_str())),
    ]
}

fn table(aliases: &[ListedAlias], now: DateTime<Utc>) -> Sheet {
    let mut sheet = Sheet::new([
        "ALIAS", "ACCOUNT", "REGION", "VERSION", "IMAGE", "ID", "STATE", "SINCE", "ACTION", "BY", "REASON", "BEFORE",
    ]);
    for alias in aliases {
        for (at, entry) in entries(alias).enumerate() {
            sheet.rows.push(row(alias, entry, at > 0, now));
        }
    }
    let differ = |of: fn(&ListedAlias) -> &str| aliases.windows(2).any(|pair| of(&pair[0]) != of(&pair[1]));
    let histories = aliases.iter().any(|alias| alias.history.is_some());
    let absent = [
        ("ACCOUNT", differ(|alias| alias.account.as_ref().map_or("", |account| account.as_str()))),
        ("REGION", differ(|alias| alias.region.as_str())),
        ("VERSION", histories),
        ("ACTION", histories),
        ("BEFORE", !histories),
        ("REASON", aliases.iter().flat_map(entries).any(|entry| entry.reason.is_some())),
    ];
    let absent: Vec<_> = absent.into_iter().filter(|(_, shown)| !shown).map(|(name, _)| name).collect();
    sheet.without(&absent)
}

fn row(alias: &ListedAlias, entry: &AliasEntry, repeated: bool, now: DateTime<Utc>) -> Vec<Cell> {
    let place = |text: String| if repeated { Cell::toned(text, Tone::Repeated) } else { text.into() };
    let id = entry.image_id.as_ref().map(|id| id.as_str());
    // Where the name is not known, the id stands for it, or the value for what is no image.
    let image = entry.name.as_deref().or(id).unwrap_or(&entry.value);
    let text = |text: Option<&str>| text.map_or_else(|| Cell::toned("-", Tone::Faint), Cell::from);
    let before = alias.previous_name.as_deref().or(alias.previous_image_id.as_ref().map(|id| id.as_str()));
    vec![
        place(alias.alias.to_string()),
        place(alias.account.as_ref().map_or("-", |account| account.as_str()).to_owned()),
        place(alias.region.to_string()),
        entry.number.to_string().into(),
        image.into(),
        text(id),
        state(entry),
        entry.at.map_or_else(|| Cell::toned("-", Tone::Faint), |at| format!("{} ago", ago(at, now)).into()),
        entry.action.map_or_else(|| Cell::toned("by hand", Tone::Notice), |action| action.as_str().into()),
        text(entry.by.as_deref().map(who)),
        text(entry.reason.as_deref()),
        text(before),
    ]
}

fn state(entry: &AliasEntry) -> Cell {
    match (entry.image_state.as_deref(), entry.mark) {
        (None, _) if entry.image_id.is_none() => Cell::toned("no image", Tone::Bad),
        (None, _) => Cell::toned("unknown", Tone::Notice),
        (Some(GONE), _) => Cell::toned(GONE, Tone::Bad),
        (Some(_), Some(mark)) => Cell::toned(mark, Tone::Notice),
        (Some(state), None) if entry.usable() => Cell::from(state),
        (Some(state), None) => Cell::toned(state, Tone::Notice),
    }
}

/// The name within an ARN: `deploy/ci` of `arn:aws:sts::111111111111:assumed-role/deploy/ci`.
fn who(by: &str) -> &str {
    by.strip_prefix("arn:").and_then(|arn| arn.split_once('/')).map_or(by, |(_, name)| name)
}
