//! Image names: `<family>-v<N>-<YYYY-MM-DD>`.
//!
//! Printing and parsing are inverse, and versions order as numbers: `v10` is newer than `v9`.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Serialize, Serializer};
use thiserror::Error;

/// The longest image name EC2 accepts, in characters.
pub const MAX_NAME: usize = 128;

/// Whether EC2 takes the text in the name of an image, but for its shortest length.
pub fn ec2_takes(text: &str) -> bool {
    let taken = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    !text.is_empty() && text.len() <= MAX_NAME && text.chars().all(taken)
}

const EXAMPLE: &str = "debian-nginx-v1-2024-12-18";

/// Why a text is not a family, a version or an image name; names the offending part.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// The family is empty, or has a character outside `[a-z0-9._/-]`, or starts or ends with a mark.
    #[error(
        "family '{0}' must be lower-case letters, digits and . _ / -, starting and ending with a letter or digit, \
         e.g. 'debian-nginx'"
    )]
    Family(String),
    /// The version is not an integer ≥ 1 without leading zeros.
    #[error("version '{0}' must be v1, v2, … up to 20 digits, without leading zeros, e.g. 'v3' in '{EXAMPLE}'")]
    Version(String),
    /// The largest version has no successor.
    #[error("version {0} is the last that can be counted; start a new family")]
    LastVersion(Version),
    /// The date is not a real day of the calendar.
    #[error("date '{0}' must be a real calendar day as YYYY-MM-DD, e.g. '2024-12-18'")]
    Date(String),
    /// The text does not have the three parts.
    #[error("name '{0}' must read <family>-v<N>-<YYYY-MM-DD>, e.g. '{EXAMPLE}'")]
    Shape(String),
    /// EC2 takes names of 3 to 128 characters.
    #[error("name '{name}' has {length} characters; EC2 takes at most {MAX_NAME}: shorten the family")]
    TooLong {
        /// The whole name.
        name: String,
        /// Its length in characters.
        length: usize,
    },
}

/// The name that all versions of an image share: `debian-nginx` in `debian-nginx-v1-2024-12-18`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family(String);

impl Family {
    /// The family as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Family {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._/-".contains(c);
        let good = edge(text.chars().next()) && edge(text.chars().next_back()) && text.chars().all(inner);
        if !good {
            return Err(NameError::Family(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The number of an image within its family: an integer ≥ 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The version a new family starts with.
    pub const FIRST: Self = Self(1);

    /// The version as a number, at least 1.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The version after this one.
    pub fn next(self) -> Result<Self, NameError> {
        self.0.checked_add(1).map(Self).ok_or(NameError::LastVersion(self))
    }

    /// Reads the digits of a version, without the `v`.
    pub fn from_digits(digits: &str) -> Result<Self, NameError> {
        let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse() {
            Ok(number) if plain => Ok(Self(number)),
            _ => Err(NameError::Version(format!("v{digits}"))),
        }
    }
}

/// Reads `v3`, or `3` as a flag's value.
impl FromStr for Version {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::from_digits(text.strip_prefix('v').unwrap_or(text)).map_err(|_| NameError::Version(text.to_owned()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

/// A calendar day in UTC, as written in a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

impl FromStr for Date {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = || NameError::Date(text.to_owned());
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        if !shape {
            return Err(wrong());
        }
        let day =
            || NaiveDate::from_ymd_opt(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?);
        day().map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<NaiveDate> for Date {
    type Error = NameError;

    /// Years outside 0–9999 do not fit the four digits of a name.
    fn try_from(day: NaiveDate) -> Result<Self, NameError> {
        match day.year() {
            0..=9999 => Ok(Self(day)),
            _ => Err(NameError::Date(day.to_string())),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // chrono writes four-digit years as in ISO 8601.
        write!(f, "{}", self.0)
    }
}

/// The name of a managed image. Ordered by family, then version as a number, then date.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageName {
    family: Family,
    version: Version,
    date: Date,
}

impl ImageName {
    /// Builds a name; fails only if it is longer than EC2 allows.
    pub fn new(family: Family, version: Version, date: Date) -> Result<Self, NameError> {
        let name = Self { family, version, date };
        fits(&name.to_string())?;
        Ok(name)
    }

    /// The family of the image.
    pub fn family(&self) -> &Family {
        &self.family
    }

    /// The version within the family.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The day in the name.
    pub fn date(&self) -> Date {
        self.date
    }
}

fn fits(name: &str) -> Result<(), NameError> {
    match name.len() {
        length if length > MAX_NAME => Err(NameError::TooLong { name: name.to_owned(), length }),
        _ => Ok(()),
    }
}

impl FromStr for ImageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let shape = || NameError::Shape(text.to_owned());
        let split = text.len().checked_sub(11).ok_or_else(shape)?;
        let (front, date) = text.split_at_checked(split).ok_or_else(shape)?;
        let date = date.strip_prefix('-').ok_or_else(shape)?;
        let (family, digits) = front.rsplit_once("-v").ok_or_else(shape)?;
        let name = Self { family: family.parse()?, version: Version::from_digits(digits)?, date: date.parse()? };
        // Reading and writing are inverse, so `text` is the written name.
        fits(text)?;
        Ok(name)
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.family, self.version, self.date)
    }
}

/// The version that follows the newest of `names` in `family`; the first when there is none.
pub fn next_version<'a>(family: &Family, names: impl IntoIterator<Item = &'a ImageName>) -> Result<Version, NameError> {
    let newest = names.into_iter().filter(|n| n.family() == family).map(ImageName::version).max();
    newest.map_or(Ok(Version::FIRST), Version::next)
}

#[cfg(test)]
#[path = "naming_tests.rs"]
mod tests;
