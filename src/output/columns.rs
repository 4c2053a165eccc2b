//! The columns of a listing of images.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::families::FamilyColumn;
use super::json::document::time;
use super::table::{Cell, Tone};
use crate::domain::age::ago;
use crate::domain::boot_test::Verdict;
use crate::domain::image::{Image, State};
use crate::domain::scan::watermark_name;
use crate::domain::tags::REVOKED;
use crate::domain::tested::Tested;

/// A column of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// One of [`NAMED`].
    Named(&'static str),
    /// The value of a tag, selected by `tag:KEY`.
    Tag(String),
}

/// An image with its cost and use.
pub struct Row<'a> {
    /// The image.
    pub image: &'a Image,
    /// The monthly cost of its snapshots in US dollars, at most.
    pub cost: Option<f64>,
    /// Its use.
    pub used_by: Option<&'a str>,
}

/// A column that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no column '{0}'; columns are {list}, and tag:KEY for a tag", list = NAMED.join(", "))]
pub struct UnknownColumn(String);

/// All columns, in the order of CSV. Those that CSV has only if asked for are last, but for `age`.
pub const NAMED: [&str; 30] = [
    "name",
    "id",
    "family",
    "version",
    "date",
    "region",
    "owner",
    "managed",
    "state",
    "state_reason",
    "created",
    "age",
    "deprecated",
    "last_launched",
    "arch",
    "platform",
    "root_device",
    "public",
    "protection",
    "encrypted",
    "size",
    "cost",
    "snapshots",
    "description",
    "pattern",
    "used_by",
    "scan",
    "watermarks",
    "revoked",
    "tested",
];

/// The name of a column of a listing of images or of families.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName(String);

impl ColumnName {
    /// The names of all columns, of images and of families.
    pub fn all() -> impl Iterator<Item = &'static str> {
        NAMED.into_iter().chain(FamilyColumn::names())
    }

    /// The columns of one kind of listing; an error names the first that it does not have.
    pub fn of<C: FromStr>(names: &[Self]) -> Result<Vec<C>, C::Err> {
        names.iter().map(|name| name.0.parse()).collect()
    }
}

impl FromStr for ColumnName {
    type Err = UnknownColumn;

    fn from_str(text: &str) -> Result<Self, UnknownColumn> {
        let of_families = text.parse::<FamilyColumn>().is_ok();
        let known = if of_families { Ok(()) } else { text.parse::<Column>().map(drop) };
        known.map(|()| Self(text.to_owned()))
    }
}

impl FromStr for Column {
    type Err = UnknownColumn;

    fn from_str(text: &str) -> Result<Self, UnknownColumn> {
        match text.strip_prefix("tag:") {
            Some(key) if !key.is_empty() => Ok(Self::Tag(key.to_owned())),
            _ => {
                let known = NAMED.iter().find(|name| name.eq_ignore_ascii_case(text));
                known.map(|name| Self::Named(name)).ok_or_else(|| UnknownColumn(text.to_owned()))
            }
        }
    }
}

impl Column {
    /// The default columns for people; some only if images differ in them.
    pub fn usual(several_regions: bool, foreign: bool, cost: bool) -> Vec<Self> {
        let extra = |wanted: bool, name| wanted.then_some(name);
        let names = [
            Some("name"),
            Some("id"),
            extra(several_regions, "region"),
            extra(foreign, "owner"),
            Some("state"),
            Some("age"),
            Some("arch"),
            Some("size"),
            extra(cost, "cost"),
            Some("last_launched"),
        ];
        names.into_iter().flatten().map(Self::Named).collect()
    }

    /// The default columns for programs.
    pub fn all() -> Vec<Self> {
        let asked_for =
            |name: &&str| matches!(*name, "age" | "pattern" | "used_by" | "scan" | "watermarks" | "revoked" | "tested");
        NAMED.into_iter().filter(|name| !asked_for(name)).map(Self::Named).collect()
    }

    /// The head of the column for programs.
    pub fn name(&self) -> String {
        match self {
            Self::Named(name) => (*name).to_owned(),
            Self::Tag(key) => format!("tag:{key}"),
        }
    }

    /// The head of the column for people.
    pub fn title(&self) -> String {
        match self {
            Self::Named(name) => name.replace('_', " ").to_uppercase(),
            Self::Tag(key) => key.clone(),
        }
    }

    /// The cell for programs: exact, empty for a missing value.
    pub fn exact(&self, row: &Row<'_>, now: DateTime<Utc>) -> String {
        let image = row.image;
        let name = image.parsed_name.as_ref();
        let some = |text: Option<&str>| text.unwrap_or_default().to_owned();
        match self {
            Self::Tag(key) => some(image.tags.get(key).map(String::as_str)),
            Self::Named(column) => match *column {
                "id" => image.id.to_string(),
                "family" => some(image.family().map(|family| family.word)),
                "pattern" => some(image.family().and_then(|family| family.pattern)),
                "version" => name.map(|n| n.version().get().to_string()).unwrap_or_default(),
                "date" => name.map(|n| n.date().to_string()).unwrap_or_default(),
                "region" => image.region.to_string(),
                "owner" => image.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
                "managed" => image.managed().to_string(),
                "state" => image.state.to_string(),
                "state_reason" => some(image.state_reason.as_deref()),
                "created" => image.created_at.map(time).unwrap_or_default(),
                "age" => image.created_at.map(|at| ago(at, now)).unwrap_or_default(),
                "deprecated" => image.deprecated_at.map(time).unwrap_or_default(),
                "last_launched" => image.last_launched_at.map(time).unwrap_or_default(),
                "arch" => some(image.architecture.as_deref()),
                "platform" => some(image.platform.as_deref()),
                "root_device" => some(image.root_device_type.as_deref()),
                "public" => image.public.to_string(),
                "protection" => image.protection.word(now).to_owned(),
                "encrypted" => image.encrypted().to_string(),
                "size" => image.size_gib.to_string(),
                "used_by" => some(row.used_by),
                "cost" => row.cost.map(|c| format!("{c:.2}")).unwrap_or_default(),
                "snapshots" => image.snapshots.iter().map(|s| s.id.as_str()).collect::<Vec<_>>().join(" "),
                "scan" => image.scan.as_ref().map(|scan| scan.told(now)).unwrap_or_default(),
                "watermarks" => image.watermarks.iter().map(|key| watermark_name(key)).collect::<Vec<_>>().join(", "),
                "revoked" => some(image.tags.get(REVOKED).map(String::as_str)),
                "tested" => Tested::of(image).map(|t| format!("{} {}", t.verdict, time(t.at))).unwrap_or_default(),
                "description" => some(image.description.as_deref()),
                _ => some(image.name.as_deref()),
            },
        }
    }

    /// The cell for people.
    pub fn shown(&self, row: &Row<'_>, now: DateTime<Utc>) -> Cell {
        let (image, exact) = (row.image, self.exact(row, now));
        let since = |at: Option<DateTime<Utc>>, never: &str| match at {
            Some(at) => Cell::from(format!("{} ago", ago(at, now))),
            None => Cell::toned(never, Tone::Faint),
        };
        match self {
            Self::Named("state") => state(image, now),
            Self::Named("revoked") if image.revoked() => Cell::toned(exact, Tone::Bad),
            Self::Named("last_launched") => since(image.last_launched_at, "-"),
            Self::Named("used_by") if exact == "unverified" => Cell::toned(exact, Tone::Notice),
            Self::Named("tested") => tested(image, now),
            Self::Named("size") => Cell::from(format!("{exact} GiB")),
            Self::Named("cost") if !exact.is_empty() => Cell::from(format!("≤ ${exact}")),
            _ if exact.is_empty() => Cell::toned("-", Tone::Faint),
            Self::Named(_) | Self::Tag(_) => Cell::from(exact),
        }
    }
}

/// The verdict of its boot test.
fn tested(image: &Image, now: DateTime<Utc>) -> Cell {
    match Tested::of(image) {
        None => Cell::toned("-", Tone::Faint),
        Some(tested) => Cell::toned(tested.told(now), verdict_tone(tested.verdict)),
    }
}

/// The tone of a verdict.
pub(super) fn verdict_tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Passed => Tone::Good,
        Verdict::Failed => Tone::Bad,
    }
}

/// The state of an image; `revoked` or `deprecated` replaces `available`.
pub(super) fn state(image: &Image, now: DateTime<Utc>) -> Cell {
    if image.state == State::Available && image.revoked() {
        return Cell::toned("revoked", Tone::Bad);
    }
    if image.state == State::Available && image.deprecated(now) {
        return Cell::toned("deprecated", Tone::Notice);
    }
    let tone = match image.state {
        State::Available => Tone::Good,
        State::Pending | State::Transient => Tone::Notice,
        State::Disabled => Tone::Faint,
        State::Invalid | State::Deregistered | State::Failed | State::Error | State::Unknown(_) => Tone::Bad,
    };
    Cell::toned(image.state.as_str(), tone)
}
