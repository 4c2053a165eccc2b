//! Short texts of the page of an image.

use chrono::{DateTime, Utc};

use crate::domain::age::relative;
use crate::output::table::{Cell, Tone};

/// The text, or a dash.
pub fn or_dash(text: Option<&str>) -> Cell {
    text.map_or_else(|| Cell::toned("-", Tone::Faint), Cell::from)
}

pub fn date(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!("{}, {}", at.format("%Y-%m-%d %H:%M UTC"), relative(at, now))
}

/// Bytes in GiB, rounded up to a tenth.
pub fn gib(bytes: i64) -> String {
    const GIB: i64 = 1 << 30;
    let tenths = (bytes % GIB * 10 + GIB - 1) / GIB;
    format!("{}.{} GiB", bytes / GIB + tenths / 10, tenths % 10)
}
