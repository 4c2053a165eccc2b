//! Findings of an audit, and their levels.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::facts::PinPlace;
use crate::domain::ids::AccountId;
use crate::domain::region::Region;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Untidy.
    Low,
    /// A risk.
    Medium,
    /// Broken, or open to others.
    High,
}

impl Level {
    /// All levels, the gravest first.
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A text that is not a level.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not a severity of findings; one is low, medium or high")]
pub struct LevelError(String);

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or_else(|| LevelError(text.to_owned()))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that a rule found on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFinding {
    /// The rule.
    pub rule: &'static str,
    /// Its severity here.
    pub level: Level,
    /// The account, where known; `None` for an image that nobody shows.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Option<Region>,
    /// The id or name of the resource.
    pub resource: String,
    /// Its kind, e.g. `image`.
    pub kind: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do, a command line where there is one.
    pub hint: Option<String>,
    /// The place in a file.
    pub pin: Option<PinPlace>,
    /// Other names by which a skip may call the resource.
    pub also: Vec<String>,
}

/// The kind of a finding on an image.
pub const IMAGE: &str = "image";

impl AuditFinding {
    /// With what to do.
    #[must_use]
    pub(super) fn hint(self, hint: impl fmt::Display) -> Self {
        Self { hint: Some(hint.to_string()), ..self }
    }

    /// With another level than that of the rule.
    #[must_use]
    pub(super) fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Whether a skip calls the resource by this name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        // A file may be written as `./main.tf`.
        let path = name.split('/').filter(|part| *part != ".").collect::<Vec<_>>().join("/");
        let named = |pin: &PinPlace| [Some(&pin.file), pin.in_repository.as_ref()].contains(&Some(&path));
        self.resource == name
            || self.also.iter().any(|also| also == name)
            || self.pin.as_ref().is_some_and(|pin| named(pin) || pin.whole == path)
    }
}
