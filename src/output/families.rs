//! Renderer of families, in every format.

use std::collections::BTreeSet;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::json::document::{VERSION, time};
use super::json::{ErrorJson, FamiliesJson, FamilyJson};
use super::markdown::unread;
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::age::ago;
use crate::domain::family_summary::FamilySummary;
use crate::domain::problem::PlaceError;

/// A column of a listing of families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyColumn(&'static str);

/// A column that a listing of families does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("families have no column '{0}'; their columns are {list}", list = NAMED.join(", "))]
pub struct UnknownFamilyColumn(String);

/// All columns, in the order of CSV.
const NAMED: [&str; 17] = [
    "family",
    "region",
    "owner",
    "managed",
    "pattern",
    "versions",
    "available",
    "newest",
    "newest_id",
    "newest_at",
    "age",
    "aliases",
    "in_use",
    "revoked",
    "oldest",
    "size",
    "cost",
];

impl FromStr for FamilyColumn {
    type Err = UnknownFamilyColumn;

    fn from_str(text: &str) -> Result<Self, UnknownFamilyColumn> {
        let known = NAMED.iter().find(|name| name.eq_ignore_ascii_case(text));
        known.map(|name| Self(name)).ok_or_else(|| UnknownFamilyColumn(text.to_owned()))
    }
}

impl FamilyColumn {
    /// The names of all.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.into_iter()
    }

    /// Whether its value is in the use of the images.
    pub fn needs_use(self) -> bool {
        matches!(self.0, "aliases" | "in_use")
    }

    /// The default columns for people; some only if families differ in them.
    fn usual(families: &[FamilySummary], several_accounts: bool) -> Vec<Self> {
        let differ = |of: fn(&FamilySummary) -> &str| families.windows(2).any(|pair| of(&pair[0]) != of(&pair[1]));
        let extra = |wanted: bool, name| wanted.then_some(name);
        let names = [
            Some("family"),
            extra(several_accounts, "owner"),
            extra(differ(|family| family.region.as_str()), "region"),
            Some("versions"),
            Some("newest"),
            Some("age"),
            Some("aliases"),
            Some("in_use"),
            extra(families.iter().any(|family| family.revoked > 0), "revoked"),
            Some("oldest"),
            Some("size"),
            Some("cost"),
        ];
        names.into_iter().flatten().map(Self).collect()
    }

    fn title(self) -> String {
        self.0.replace('_', " ").to_uppercase()
    }

    /// The cell for programs: exact, empty for a missing value.
    fn exact(self, family: &FamilySummary, now: DateTime<Utc>) -> String {
        let newest = family.newest.as_ref();
        let made = newest.and_then(|newest| newest.created_at);
        match self.0 {
            "region" => family.region.to_string(),
            "owner" => family.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
            "managed" => family.pattern.is_none().to_string(),
            "pattern" => family.pattern.clone().unwrap_or_default(),
            "versions" => family.versions.to_string(),
            "available" => family.available.to_string(),
            "newest" => newest.and_then(|newest| newest.name.clone()).unwrap_or_default(),
            "newest_id" => newest.map(|newest| newest.id.to_string()).unwrap_or_default(),
            "newest_at" => made.map(time).unwrap_or_default(),
            "age" => made.map(|at| ago(at, now)).unwrap_or_default(),
            "aliases" => family.aliases.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "),
            "in_use" => family.in_use.map(|count| count.to_string()).unwrap_or_default(),
            "revoked" => family.revoked.to_string(),
            "oldest" => family.oldest_at.map(time).unwrap_or_default(),
            "size" => family.size_gib.to_string(),
            "cost" => format!("{:.2}", family.monthly_cost),
            _ => family.family.clone(),
        }
    }

    /// The cell for people.
    fn shown(self, family: &FamilySummary, now: DateTime<Utc>) -> Cell {
        let exact = self.exact(family, now);
        match self.0 {
            "in_use" if family.in_use.is_none() => Cell::toned("unknown", Tone::Notice),
            "aliases" if family.aliases.is_none() => Cell::toned("unknown", Tone::Notice),
            "newest" if family.newest.is_none() => Cell::toned("none available", Tone::Notice),
            "oldest" => family.oldest_at.map_or_else(|| Cell::toned("-", Tone::Faint), |at| ago(at, now).into()),
            "size" => Cell::from(format!("{exact} GiB")),
            "cost" => Cell::from(format!("≤ ${exact}")),
            _ if exact.is_empty() => Cell::toned("-", Tone::Faint),
            _ => Cell::from(exact),
        }
    }
}

/// Writes families to stdout; as ids, the newest image of each.
pub fn families(
    printer: &Printer,
    families: &[FamilySummary],
    errors: &[PlaceError],
    columns: &[FamilyColumn],
    several_accounts: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let items = || families.iter().map(FamilyJson::new);
    let chosen = |usual: Vec<FamilyColumn>| if columns.is_empty() { usual } else { columns.to_vec() };
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&FamiliesJson {
            version: VERSION,
            families: items().collect(),
            errors: errors.iter().map(ErrorJson::new).collect(),
        }),
        Format::Jsonl => printer.jsonl(items()),
        Format::Ids => {
            printer.ids(families.iter().filter_map(|family| family.newest.as_ref()).map(|newest| &newest.id))
        }
        Format::Csv => {
            let columns = chosen(NAMED.into_iter().filter(|name| *name != "age").map(FamilyColumn).collect());
            let mut sheet = Sheet::new(columns.iter().map(|column| column.0));
            let cells = |family| columns.iter().map(|column| column.exact(family, now).into()).collect();
            sheet.rows = families.iter().map(cells).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            let wanted = chosen(FamilyColumn::usual(families, several_accounts));
            let mut sheet = Sheet::new(wanted.iter().map(|column| column.title()));
            sheet.rows = families.iter().map(|f| wanted.iter().map(|column| column.shown(f, now)).collect()).collect();
            let dispensable: &[&str] =
                if columns.is_empty() { &["OLDEST", "AGE", "ALIASES", "SIZE", "NEWEST"] } else { &[] };
            let summary =
                if families.len() == 1 { "1 family".to_owned() } else { format!("{} families", families.len()) };
            printer.table(sheet.summed(summary).noted(unread(errors)), dispensable)
        }
    })
}

/// The number of names that show what no pattern matches.
const SHOWN: usize = 10;

/// The images without a family, in lines: with patterns some of their names, each once, from the first to the last.
pub fn ungrouped(names: &[String], patterned: bool) -> Vec<String> {
    let images = if names.len() == 1 { "1 image is".to_owned() } else { format!("{} images are", names.len()) };
    match (names.is_empty(), patterned) {
        (true, _) => Vec::new(),
        (false, false) => vec![format!("{images} unmanaged, in no family; --family-pattern puts images into families")],
        (false, true) => {
            // Copies and other accounts have the same names.
            let different: BTreeSet<&str> = names.iter().map(String::as_str).collect();
            let some = different.iter().step_by(different.len().div_ceil(SHOWN)).map(|name| format!("  {name}"));
            std::iter::once(format!("{images} in no family: no pattern matches e.g.")).chain(some).collect()
        }
    }
}
