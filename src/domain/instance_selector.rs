//! Instances as `create --instance` names them: by id, or by a tag that exactly one of them has.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::ids::{IdError, InstanceId};
use super::instance::Instance;
use super::tags::{Tag, TagError};

/// The beginning of a selector.
const TAG: &str = "tag:";
/// EC2's limits for keys and values of tags.
const LONGEST: (usize, usize) = (128, 256);
/// The instances that an error names.
const MOST_TOLD: usize = 5;

/// An instance, by its id or by a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceSelector {
    /// The instance with this id.
    Id(InstanceId),
    /// The instance with this tag, and no other.
    Tag(Tag),
}

/// A text that selects no instance.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SelectorError {
    /// Not an id.
    #[error("{0}, or tag:KEY=VALUE")]
    Id(#[from] IdError),
    /// A tag without a value.
    #[error("'{0}' must read tag:KEY=VALUE, e.g. tag:Role=web")]
    Shape(String),
    /// A tag that EC2 does not know.
    #[error(transparent)]
    Tag(#[from] TagError),
}

impl FromStr for InstanceSelector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let Some(tag) = text.strip_prefix(TAG) else { return Ok(Self::Id(text.parse()?)) };
        let (key, value) = tag.split_once('=').ok_or_else(|| SelectorError::Shape(text.to_owned()))?;
        // Not by Tag::new: tags of AWS cannot be given, but they can be searched for.
        let (key, value) = (key.to_owned(), value.to_owned());
        match (key.chars().count(), value.chars().count()) {
            (0, _) => Err(SelectorError::Shape(text.to_owned())),
            (length, _) if length > LONGEST.0 => Err(TagError::KeyLength { key, length }.into()),
            (_, length) if length > LONGEST.1 => Err(TagError::ValueLength { key, length }.into()),
            _ => Ok(Self::Tag(Tag { key, value })),
        }
    }
}

impl fmt::Display for InstanceSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Tag(Tag { key, value }) => write!(f, "{TAG}{key}={value}"),
        }
    }
}

/// Why no single instance is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOne {
    /// None is there.
    None,
    /// Several, with what is told of them.
    Several(String),
    /// Several that were launched last, at the same time or at times that EC2 does not tell.
    Tie(String),
}

/// The one instance of those found; with `newest` the one launched last.
pub fn choose(mut found: Vec<Instance>, newest: bool) -> Result<Instance, NotOne> {
    found.sort_by(|a, b| b.launched_at.cmp(&a.launched_at).then_with(|| a.id.cmp(&b.id)));
    let tied = match (newest, &found[..]) {
        (_, []) => return Err(NotOne::None),
        (_, [_]) => 1,
        (false, all) => return Err(NotOne::Several(told(all))),
        (true, all) if all.iter().any(|one| one.launched_at.is_none()) => all.len(),
        (true, [first, ..]) => found.iter().filter(|one| one.launched_at == first.launched_at).count(),
    };
    match tied {
        1 => Ok(found.swap_remove(0)),
        tied => Err(NotOne::Tie(told(&found[..tied]))),
    }
}

fn told(all: &[Instance]) -> String {
    let some = all.iter().take(MOST_TOLD).map(Instance::label).collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(MOST_TOLD) {
        0 => some,
        more => format!("{some} and {more} more"),
    }
}

/// A value for a filter of EC2, in which `*` and `?` stand for other characters unless a `\` is before them.
pub fn literal(value: &str) -> String {
    let mut written = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '*' | '?' | '\\') {
            written.push('\\');
        }
        written.push(c);
    }
    written
}

#[cfg(test)]
#[path = "instance_selector_tests.rs"]
mod tests;
