//! Deregistration protection.

use chrono::{DateTime, Utc};

use super::xml::stamp;

/// Deregistration protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Off.
    Disabled,
    /// On.
    Enabled {
        /// Whether it stays on for 24 h after it is turned off.
        cooldown: bool,
    },
    /// Turned off, but on until then. EC2 was seen to go on naming the time when it was past.
    Cooling(DateTime<Utc>),
}

impl Protection {
    /// Whether deregistering is refused at this time.
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        match self {
            Protection::Disabled => false,
            Protection::Enabled { .. } => true,
            Protection::Cooling(until) => now < *until,
        }
    }

    /// As EC2 writes it, with these words for a cooldown that runs, or has ended and is not forgotten.
    pub fn text(&self, now: DateTime<Utc>, cooldown: &str, forgotten: bool) -> String {
        match self {
            Protection::Enabled { cooldown: true } => "enabled-with-cooldown".to_owned(),
            Protection::Enabled { cooldown: false } => "enabled-without-cooldown".to_owned(),
            Protection::Cooling(until) if forgotten && *until <= now => "disabled".to_owned(),
            Protection::Cooling(until) => cooldown.replace("{}", &stamp(*until)),
            Protection::Disabled => "disabled".to_owned(),
        }
    }
}
