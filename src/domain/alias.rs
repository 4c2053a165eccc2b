//! Aliases of families, the SSM parameters that hold them, and the notes in their descriptions.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

use super::ids::ImageId;
use super::naming::Family;

/// What all parameters of aliases begin with.
pub const ROOT: &str = "/amictl/";
/// SSM's limit for the description of a parameter, in characters.
const MAX_DESCRIPTION: usize = 1024;
/// SSM's limit for the levels of a parameter's name.
const MAX_LEVELS: usize = 15;

/// A text that is not the name of an alias, or a family whose aliases SSM cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AliasError {
    /// A character that amictl does not take.
    #[error("alias '{0}' must be lower-case letters, digits and . _ -, e.g. 'prod'")]
    Characters(String),
    /// `latest`, or a version: a reference would mean something else.
    #[error("alias '{0}' has a meaning of its own in references: choose another name, e.g. 'prod'")]
    Taken(String),
    /// SSM takes no such parameter name.
    #[error("SSM takes no parameter name for aliases of the family '{0}'")]
    Family(Family),
}

/// The name of an alias within a family, e.g. `prod`. Never `latest`, never like a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alias(String);

impl Alias {
    /// The alias as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a selector of a reference is meant as a version: `v3`, also the wrong `v03`.
pub fn is_version(text: &str) -> bool {
    text.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

impl FromStr for Alias {
    type Err = AliasError;

    fn from_str(text: &str) -> Result<Self, AliasError> {
        let taken = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
        if text.is_empty() || !text.bytes().all(taken) {
            return Err(AliasError::Characters(text.to_owned()));
        }
        match text == "latest" || is_version(text) {
            true => Err(AliasError::Taken(text.to_owned())),
            false => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An alias of a family, which SSM holds as the parameter `/amictl/<family>/<alias>`. Prints as `web:prod`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AliasParameter {
    family: Family,
    alias: Alias,
}

impl AliasParameter {
    /// The alias of a family, if SSM can hold it.
    pub fn new(family: Family, alias: Alias) -> Result<Self, AliasError> {
        let levels = family.as_str().split('/').count() + 2;
        match family.as_str().contains("//") || levels > MAX_LEVELS {
            true => Err(AliasError::Family(family)),
            false => Ok(Self { family, alias }),
        }
    }

    /// The alias that a parameter holds, if its name is that of one.
    pub fn of(parameter: &str) -> Option<Self> {
        let (family, alias) = parameter.strip_prefix(ROOT)?.rsplit_once('/')?;
        Self::new(family.parse().ok()?, alias.parse().ok()?).ok()
    }

    /// The family.
    pub fn family(&self) -> &Family {
        &self.family
    }

    /// The alias within the family.
    pub fn alias(&self) -> &Alias {
        &self.alias
    }

    /// The name of the SSM parameter.
    pub fn parameter(&self) -> String {
        parameter_of(&self.family, &self.alias)
    }
}

impl fmt::Display for AliasParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.family, self.alias)
    }
}

/// The name of the parameter of an alias, whether SSM can hold it or not.
pub fn parameter_of(family: &Family, alias: &Alias) -> String {
    format!("{ROOT}{family}/{alias}")
}

/// What wrote a version of an alias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteAction {
    /// `promote`.
    Promote,
    /// `rollback`.
    Rollback,
}

impl NoteAction {
    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Rollback => "rollback",
        }
    }
}

/// Who let an alias name an image, when, from what and why: the description of that version of the parameter, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The ARN of the caller.
    pub by: String,
    /// What wrote it.
    pub action: NoteAction,
    /// The image of that version.
    pub image: ImageId,
    /// The image of the version before.
    pub from: Option<ImageId>,
    /// The user's reason.
    pub reason: Option<String>,
    /// The run that wrote it.
    pub run: String,
    /// When it was written, in whole seconds.
    #[serde(serialize_with = "in_seconds")]
    pub at: DateTime<Utc>,
}

fn in_seconds<S: Serializer>(at: &DateTime<Utc>, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

impl Note {
    /// The note in a description, if the version it stands on has this value.
    ///
    /// SSM keeps the description where somebody writes another value without one.
    pub fn read(description: &str, value: &str) -> Option<Self> {
        let note: Self = serde_json::from_str(description).ok()?;
        (note.image.as_str() == value).then_some(note)
    }

    /// The description that SSM takes: where the note is too long, the reason is shortened, then the caller.
    pub fn description(&self) -> String {
        let mut note = self.clone();
        while let Some(shorter) = note.reason.as_deref().filter(|_| !fits(&note)).map(nine_tenths) {
            note.reason = shorter;
        }
        while !fits(&note) && !note.by.is_empty() {
            note.by = nine_tenths(&note.by).unwrap_or_default();
        }
        text(&note)
    }
}

fn text(note: &Note) -> String {
    // Writing strings into a string cannot fail.
    serde_json::to_string(note).unwrap_or_default()
}

/// Counted as Java counts, which is the stricter way.
fn fits(note: &Note) -> bool {
    text(note).encode_utf16().count() <= MAX_DESCRIPTION
}

/// The text without its last tenth, and a sign for that; `None` where nothing would be left.
fn nine_tenths(text: &str) -> Option<String> {
    let text = text.strip_suffix('…').unwrap_or(text);
    let length = text.chars().count();
    let left = length - length.div_ceil(10);
    let start: String = text.chars().take(left).collect();
    (left > 0).then(|| format!("{}…", start.trim_end()))
}

#[cfg(test)]
#[path = "alias_tests.rs"]
mod tests;
