//! Tags: EC2's limits, amictl's own keys, and the tags of new images and copies.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::naming::ImageName;

/// Tags of one resource, by key. Keys are case-sensitive.
pub type Tags = BTreeMap<String, String>;

/// The tag with the program and version that made an image.
pub const CREATED_BY: &str = "amictl:created-by";
/// The tag with the run that made an image. CreateImage has no client token: after a lost answer this tag distinguishes
/// the image of this run from that of another.
pub const RUN: &str = "amictl:run";
/// The tag with the source of a copy, as `region/ami-…`.
pub const COPIED_FROM: &str = "amictl:copied-from";
/// The tag of a snapshot with its own id and the image amictl made it for, as `snap-…/ami-…`. Tags are copied with a
/// snapshot, but a copy has another id.
pub const SNAPSHOT_OF: &str = "amictl:snapshot-of";
/// The tag that keeps an image, or a snapshot, from every policy. On a snapshot its value is the image it was kept of; see
/// [`super::removal::Removal::keep_tagged`].
pub const KEEP: &str = "amictl:keep";
/// The steps of a retirement that were taken, and when; read by [`super::retire::History`].
pub const RETIRE: &str = "amictl:retire";
/// The launch permissions of a disabled image, which EC2 drops for good; read by
/// [`super::permissions::recorded::from_tag`].
pub const SHARES: &str = "amictl:shares";
/// The run of `amictl test` that launched an instance.
pub const TEST: &str = "amictl:test";
/// The verdict of a boot test. It counts for the image whose id it has; a copied tag says nothing of the copy.
pub const TESTED: &str = "amictl:tested";
/// The date on which an image was revoked, and the reason.
pub const REVOKED: &str = "amictl:revoked";
/// The run that stopped an instance to make an image from it, and the time.
pub const STOPPED: &str = "amictl:stopped";
/// The moment from which a test instance may be terminated, in RFC 3339; read by [`expiry`].
pub const EXPIRES: &str = "amictl:expires";

/// The number of tags that EC2 takes on a resource.
pub const MOST: usize = 50;
const LONGEST_KEY: usize = 128;
pub(super) const LONGEST_VALUE: usize = 256;

/// A tag, or a set of tags, that EC2 would refuse.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TagError {
    /// Not `K=V`.
    #[error("tag '{0}' must read KEY=VALUE, e.g. Team=platform")]
    Shape(String),
    /// The `aws:` prefix is AWS's own.
    #[error("tag key '{0}' starts with 'aws:', which AWS keeps for itself: choose another key")]
    Reserved(String),
    /// EC2 takes keys of 1 to 128 characters.
    #[error("tag key '{key}' has {length} characters; EC2 takes 1 to {LONGEST_KEY}")]
    KeyLength {
        /// The key.
        key: String,
        /// Its length in characters.
        length: usize,
    },
    /// EC2 takes values of up to 256 characters.
    #[error("the value of tag '{key}' has {length} characters; EC2 takes at most {LONGEST_VALUE}")]
    ValueLength {
        /// The key whose value is too long.
        key: String,
        /// The length of the value in characters.
        length: usize,
    },
    /// EC2 takes 50 tags on a resource.
    #[error("{0} tags are too many, amictl's own included; EC2 takes at most {MOST}: leave some out")]
    TooMany(usize),
    /// Two values for one key.
    #[error("tag '{0}' is given twice; give it once")]
    Twice(String),
    /// A key that amictl sets from the name of the image.
    #[error("tag '{0}' is set by amictl from the image's name: leave it out")]
    Ours(String),
}

/// One tag as a user writes it: `KEY=VALUE`; the value may be empty and may contain `=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The key, 1 to 128 characters, never starting with `aws:`.
    pub key: String,
    /// The value, up to 256 characters.
    pub value: String,
}

impl Tag {
    /// Checks a key and a value against EC2's limits.
    pub fn new(key: &str, value: &str) -> Result<Self, TagError> {
        if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            return Err(TagError::Reserved(key.to_owned()));
        }
        match (key.chars().count(), value.chars().count()) {
            (length, _) if !(1..=LONGEST_KEY).contains(&length) => {
                Err(TagError::KeyLength { key: key.to_owned(), length })
            }
            (_, length) if length > LONGEST_VALUE => Err(TagError::ValueLength { key: key.to_owned(), length }),
            _ => Ok(Self { key: key.to_owned(), value: value.to_owned() }),
        }
    }
}

impl FromStr for Tag {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, TagError> {
        let (key, value) = text.split_once('=').ok_or_else(|| TagError::Shape(text.to_owned()))?;
        Self::new(key, value)
    }
}

/// A condition on tags: a key exists, or has this value. Keys are compared whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagMatch {
    /// The key that must exist.
    pub key: String,
    /// The value it must have; any when `None`. `*` and `?` stand for other characters, as in EC2's filters.
    pub value: Option<String>,
}

impl TagMatch {
    /// Whether `tags` meet the condition.
    pub fn matches(&self, tags: &Tags) -> bool {
        match (tags.get(&self.key), &self.value) {
            (Some(has), Some(wanted)) if !wanted.contains(['*', '?']) => has == wanted,
            (Some(has), Some(wanted)) => wildmatch::WildMatch::new(wanted).matches(has),
            (has, None) => has.is_some(),
            (None, _) => false,
        }
    }
}

impl fmt::Display for TagMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "{}={value}", self.key),
            None => self.key.fmt(f),
        }
    }
}

impl FromStr for TagMatch {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, TagError> {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (text, None),
        };
        match key.chars().count() {
            1..=LONGEST_KEY => Ok(Self { key: key.to_owned(), value }),
            length => Err(TagError::KeyLength { key: key.to_owned(), length }),
        }
    }
}

/// The moment that [`EXPIRES`] has; `None` without the tag, an error if it is no time.
pub fn expiry(tags: &Tags) -> Result<Option<DateTime<Utc>>, chrono::ParseError> {
    tags.get(EXPIRES).map(|text| DateTime::parse_from_rfc3339(text).map(|at| at.to_utc())).transpose()
}

/// The program and run that make an image, for its tags.
#[derive(Debug, Clone)]
pub struct Maker {
    /// Program and version, e.g. `amictl/0.1.0`.
    pub program: String,
    /// Unique per run.
    pub run: String,
}

/// The tags of a new image and its snapshots: from its name, its maker, and `given`.
///
/// A `Name` in `given` replaces the image name; amictl's other keys cannot be given.
pub fn image_tags(name: &ImageName, maker: &Maker, given: &[Tag]) -> Result<Tags, TagError> {
    let ours = [
        ("Family", name.family().to_string()),
        ("Version", name.version().get().to_string()),
        (CREATED_BY, maker.program.clone()),
        (RUN, maker.run.clone()),
    ];
    let mut tags = Tags::new();
    for tag in given {
        if ours.iter().any(|(key, _)| *key == tag.key) {
            return Err(TagError::Ours(tag.key.clone()));
        }
        if tags.insert(tag.key.clone(), tag.value.clone()).is_some() {
            return Err(TagError::Twice(tag.key.clone()));
        }
    }
    tags.extend(ours.map(|(key, value)| (key.to_owned(), value)));
    tags.entry("Name".to_owned()).or_insert_with(|| name.to_string());
    match tags.len() {
        count if count > MOST => Err(TagError::TooMany(count)),
        _ => Ok(tags),
    }
}

/// The tags that follow from a name: all that a copy can carry if the tags of its source are not visible.
pub fn name_tags(name: &ImageName) -> Tags {
    let family = ("Family", name.family().to_string());
    let tags = [("Name", name.to_string()), family, ("Version", name.version().get().to_string())];
    tags.map(|(key, value)| (key.to_owned(), value)).into()
}

/// The tags of a copy: those of its source, adapted to the name of the copy.
#[derive(Debug, Clone)]
pub struct CopyTags<'a> {
    /// The tags of the source.
    pub source: &'a Tags,
    /// The name of the source.
    pub old_name: &'a str,
    /// The name of the copy.
    pub new_name: &'a str,
    /// The source of the copy, as `region/ami-…`.
    pub origin: String,
}

impl CopyTags<'_> {
    /// The tags of the copy. Tags of AWS cannot be copied, and amictl's tags about the life of the source do not apply.
    /// Tags that amictl adds are left out if there are 50 already.
    pub fn tags(&self) -> Tags {
        let carried =
            |key: &str| !key.starts_with("aws:") && ![RUN, COPIED_FROM, SNAPSHOT_OF, RETIRE, SHARES].contains(&key);
        let mut tags: Tags =
            self.source.iter().filter(|(key, _)| carried(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        if tags.get("Name").is_some_and(|name| name == self.old_name) {
            tags.insert("Name".to_owned(), self.new_name.to_owned());
        }
        if let (true, Ok(name)) = (tags.contains_key("Family"), self.new_name.parse::<ImageName>()) {
            tags.insert("Family".to_owned(), name.family().to_string());
            tags.insert("Version".to_owned(), name.version().get().to_string());
        }
        if tags.len() < MOST {
            tags.insert(COPIED_FROM.to_owned(), self.origin.clone());
        }
        tags
    }
}

#[cfg(test)]
#[path = "tags_tests.rs"]
mod tests;
