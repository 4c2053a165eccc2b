//! Families: of images that amictl named, and of images grouped by a pattern over their names.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use regex::Regex;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::naming::{Family, NameError, ec2_takes};

const FAMILY: &str = "family";
const ORDER: &str = "order";

/// The example that messages give.
pub const EXAMPLE: &str = r"(?<family>.+?)[-_](?<order>\d{8,14})";

/// A text that is not a family pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// The engine does not take it: a wrong syntax, a capture named twice, too large.
    #[error("family pattern '{pattern}': {why}")]
    Syntax {
        /// The pattern.
        pattern: String,
        /// The engine's reason.
        why: String,
    },
    /// It captures no family.
    #[error("family pattern '{0}' has no capture named 'family'; write e.g. '{EXAMPLE}'")]
    WithoutFamily(String),
    /// It captures something without a meaning, likely a typing error.
    #[error("family pattern '{pattern}' names a capture '{capture}'; known are 'family' and 'order'")]
    UnknownCapture {
        /// The pattern.
        pattern: String,
        /// The capture.
        capture: String,
    },
    /// It stands in a list twice.
    #[error("family pattern '{0}' is given twice")]
    Twice(String),
}

/// A regular expression that puts images into families: its capture `family` is the family, and its capture `order`, if
/// any, the place of the image in it. It must match the whole name.
#[derive(Clone)]
pub struct FamilyPattern(Arc<Compiled>);

struct Compiled {
    text: String,
    regex: Regex,
}

impl FamilyPattern {
    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The group of an image with this name; `None` if the pattern does not match or captures an empty family.
    fn group(&self, name: &str) -> Option<FamilyGroup> {
        let captures = self.0.regex.captures(name)?;
        let family = captures.name(FAMILY).map(|found| found.as_str()).filter(|family| !family.is_empty())?;
        let order = captures.name(ORDER).map(|found| Order::of(found.as_str()));
        Some(FamilyGroup { family: family.to_owned(), order, pattern: self.clone() })
    }
}

impl FromStr for FamilyPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let compile = |pattern: &str| {
            Regex::new(pattern).map_err(|error| PatternError::Syntax { pattern: text.to_owned(), why: reason(&error) })
        };
        // Compiled alone first: 'a)|(?:b' is wrong, although it is right between parentheses.
        let alone = compile(text)?;
        let names: Vec<_> = alone.capture_names().flatten().collect();
        if !names.contains(&FAMILY) {
            return Err(PatternError::WithoutFamily(text.to_owned()));
        }
        if let Some(capture) = names.into_iter().find(|name| ![FAMILY, ORDER].contains(name)) {
            return Err(PatternError::UnknownCapture { pattern: text.to_owned(), capture: capture.to_owned() });
        }
        // A comment of (?x) at the end would take the parenthesis with it.
        let whole = compile(&format!(r"\A(?:{text})\z"));
        let regex = whole.or_else(|_| compile(&format!("\\A(?:{text}\n)\\z")))?;
        Ok(Self(Arc::new(Compiled { text: text.to_owned(), regex })))
    }
}

/// The engine's reason in one line. Its own text draws an arrow under the pattern, over several lines.
fn reason(error: &regex::Error) -> String {
    let text = match error {
        regex::Error::CompiledTooBig(limit) => format!("it is too large: it would take more than {limit} bytes"),
        other => other.to_string(),
    };
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    last.trim().trim_start_matches("error: ").to_owned()
}

impl fmt::Debug for FamilyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for FamilyPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for FamilyPattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for FamilyPattern {}

/// Family patterns in order; the first that matches a name counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FamilyPatterns(Vec<FamilyPattern>);

impl FamilyPatterns {
    /// These patterns, each once.
    pub fn new(patterns: impl IntoIterator<Item = FamilyPattern>) -> Result<Self, PatternError> {
        let mut all: Vec<FamilyPattern> = Vec::new();
        for pattern in patterns {
            if all.contains(&pattern) {
                return Err(PatternError::Twice(pattern.to_string()));
            }
            all.push(pattern);
        }
        Ok(Self(all))
    }

    /// These patterns and, after them, others.
    pub fn and(&self, others: &[FamilyPattern]) -> Result<Self, PatternError> {
        Self::new(self.0.iter().chain(others).cloned())
    }

    /// The patterns, in order.
    pub fn iter(&self) -> impl Iterator<Item = &FamilyPattern> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The group of an image with this name, which does not follow amictl's rule.
    pub fn group(&self, name: &str) -> Option<FamilyGroup> {
        self.0.iter().find_map(|pattern| pattern.group(name))
    }
}

impl Serialize for FamilyPatterns {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(self.0.iter().map(FamilyPattern::as_str))
    }
}

impl<'de> Deserialize<'de> for FamilyPatterns {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(input)?;
        let patterns =
            texts.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>().map_err(D::Error::custom)?;
        Self::new(patterns).map_err(D::Error::custom)
    }
}

/// The family of an image that amictl did not name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyGroup {
    family: String,
    /// Its place in the family; `None` if the pattern captures none.
    pub order: Option<Order>,
    pattern: FamilyPattern,
}

impl FamilyGroup {
    /// The family.
    pub fn family(&self) -> ImageFamily<'_> {
        ImageFamily { word: &self.family, pattern: Some(self.pattern.as_str()) }
    }
}

/// The family of an image. Families of amictl's names and those of each pattern are apart, even under the same word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageFamily<'a> {
    /// The family as users write it.
    pub word: &'a str,
    /// The pattern that found it; `None` for images that amictl named.
    pub pattern: Option<&'a str>,
}

/// A text in which runs of digits count as numbers: `2` stands before `10`, and `20260102` before `20260203`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    /// A number of any length: how many digits, without leading zeros, and these.
    Number(usize, String),
    Text(String),
}

impl Order {
    /// The order of a text.
    pub fn of(text: &str) -> Self {
        let digit = |c: char| c.is_ascii_digit();
        let part = |run: &[char]| match run.first().is_some_and(|c| digit(*c)) {
            true => {
                let digits: String = run.iter().skip_while(|c| **c == '0').collect();
                Part::Number(digits.len(), digits)
            }
            false => Part::Text(run.iter().collect()),
        };
        let characters: Vec<char> = text.chars().collect();
        Self(characters.chunk_by(|a, b| digit(*a) == digit(*b)).map(part).collect())
    }
}

/// A family as a command line names it: amictl's, or one that a pattern found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyWord(String);

impl FamilyWord {
    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether names by amictl's rule can have this family.
    pub fn check(&self) -> Result<(), NameError> {
        self.0.parse::<Family>().map(drop)
    }

    /// Whether it names the family.
    pub fn names(&self, family: Option<ImageFamily<'_>>) -> bool {
        family.is_some_and(|family| family.word == self.0)
    }
}

impl FromStr for FamilyWord {
    type Err = NameError;

    /// Takes what EC2 takes in names.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match ec2_takes(text) {
            true => Ok(Self(text.to_owned())),
            false => Err(NameError::Family(text.to_owned())),
        }
    }
}

impl fmt::Display for FamilyWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
#[path = "family_tests.rs"]
mod tests;
