//! The recorded launch permissions of an image: dropped when it was disabled, still to be restored.
//!
//! EC2 drops them when an image is disabled. If they fit, they are in the image's tag `amictl:shares`, for every
//! machine to see. The journal of the machine that disabled the image has them too, and is the only record if the tag
//! is missing.

use std::collections::BTreeSet;

use anyhow::Result;
use thiserror::Error;

use super::principal::{Principal, PrincipalError, counted};
use crate::domain::change::{Change, has_room};
use crate::domain::image::{Image, State};
use crate::domain::problem::Problem;
use crate::domain::tags::{RETIRE, SHARES, Tags};

/// The latest record of an image's launch permissions in a journal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordedPermissions {
    /// The permissions to be restored; `None` if unknown.
    pub who: Option<BTreeSet<Principal>>,
    /// Whether a tag of the image was to hold them as well.
    pub in_tag: bool,
}

/// The journal's record, or why it is unknown.
pub type Journaled = Result<RecordedPermissions, JournalGap>;

/// The reason why the journal's record of an image is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JournalGap {
    /// A principal in it cannot be parsed.
    #[error("the journal cannot be read where it says who it was shared with: {0}")]
    Principal(#[from] PrincipalError),
    /// The journal goes to stderr: its earlier lines are in some log.
    #[error("it has no tag {SHARES}, and the journal of earlier runs is in some log: give that with --journal FILE")]
    Elsewhere,
}

impl RecordedPermissions {
    /// The record with only these permissions left.
    #[must_use]
    pub fn left(&self, who: &BTreeSet<Principal>) -> Self {
        Self { who: Some(who.clone()), in_tag: self.in_tag }
    }
}

/// The journal's record with only these permissions left. If it is in another log, the tag had them.
pub fn left_of(known: &Journaled, who: &BTreeSet<Principal>) -> RecordedPermissions {
    match known {
        Ok(written) => written.left(who),
        Err(gap) => RecordedPermissions { who: Some(who.clone()), in_tag: *gap == JournalGap::Elsewhere },
    }
}

/// The reason why the permissions to be restored are unknown. They are not lost as long as nothing is done to the
/// image.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// The tag cannot be parsed.
    #[error("its tag {SHARES} is damaged: {0}")]
    Tag(PrincipalError),
    /// The journal's record is unknown.
    #[error(transparent)]
    Journal(JournalGap),
}

impl RecordError {
    /// The reason as a problem in a report.
    pub fn problem(&self) -> Problem {
        let code = match self {
            Self::Tag(_) => "DamagedTag",
            Self::Journal(JournalGap::Principal(_)) => "UnreadableJournal",
            Self::Journal(JournalGap::Elsewhere) => "UnknownShares",
        };
        Problem { code: code.to_owned(), message: self.to_string() }
    }
}

/// The launch permissions still to be restored; `None` if none were recorded.
///
/// The tag takes precedence over a journal line that says it was written to the tag too: other machines change the tag.
/// A record that only the journal has cannot be in the tag.
pub fn due(image: &Image, journal: Option<&Journaled>) -> Result<Option<BTreeSet<Principal>>, RecordError> {
    let tag = image.tags.get(SHARES).map(|text| from_tag(text)).transpose().map_err(RecordError::Tag)?;
    let written = match journal {
        // An enabled image has got everything back, but for what only the log would tell.
        Some(Err(JournalGap::Elsewhere)) if image.state != State::Disabled => None,
        Some(Err(gap)) if tag.is_none() => return Err(RecordError::Journal(gap.clone())),
        Some(Ok(written)) => Some(written),
        Some(Err(_)) | None => None,
    };
    let who = |written: &RecordedPermissions| written.who.clone();
    let alone = written.filter(|written| !written.in_tag).and_then(who);
    Ok(match (tag, alone) {
        (Some(tag), Some(alone)) => Some(&tag | &alone),
        (None, None) if image.state == State::Disabled => written.and_then(who),
        // An enabled image without the tag has got everything back, from this machine or another.
        (tag, alone) => tag.or(alone),
    })
}

/// The place of the record besides the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordPlace {
    /// The tag, with this value.
    Tag(String),
    /// None: too long for the value of a tag.
    TooLong,
    /// None: the image already has 50 tags.
    NoRoom,
}

impl RecordPlace {
    /// The place for these permissions on an image that gets `more` tags at the same time.
    pub fn of(image: &Image, who: &BTreeSet<Principal>, more: &Tags) -> Self {
        let Some(text) = to_tag(who) else { return Self::TooLong };
        let mut set = more.clone();
        set.insert(SHARES.to_owned(), text.clone());
        if has_room(image, &set) { Self::Tag(text) } else { Self::NoRoom }
    }

    /// A description for people.
    pub fn words(&self, count: usize) -> String {
        let count = counted(count);
        match self {
            Self::Tag(_) => format!("{count} kept in tag {SHARES}"),
            Self::TooLong => format!("{count} kept in the journal only, too many for a tag"),
            Self::NoRoom => format!("{count} kept in the journal only, as the image has no room for another tag"),
        }
    }

    /// The change of tags that goes with it. It removes an incomplete tag of an earlier time, which would mislead.
    pub fn change(&self, image: &Image, more: Tags) -> Change {
        let (mut set, mut remove) = (more, BTreeSet::new());
        match self {
            Self::Tag(text) => drop(set.insert(SHARES.to_owned(), text.clone())),
            Self::TooLong | Self::NoRoom => remove.extend(image.tags.contains_key(SHARES).then(|| SHARES.to_owned())),
        }
        Change::Tag { set, remove }
    }
}

/// The record written when an image is disabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// All permissions to be restored.
    pub who: BTreeSet<Principal>,
    /// Its place besides the journal.
    pub place: RecordPlace,
    /// The number of them that were already missing: still to be restored from an earlier time.
    pub earlier: usize,
}

impl Record {
    /// Merges the present permissions and those still to be restored: disabling again loses none of the earlier ones.
    pub fn of(image: &Image, present: &BTreeSet<Principal>, due: &BTreeSet<Principal>, more: &Tags) -> Self {
        let who = present | due;
        Self { place: RecordPlace::of(image, &who, more), earlier: who.len() - present.len(), who }
    }

    /// The record for the journal.
    pub fn written(&self) -> RecordedPermissions {
        RecordedPermissions { who: Some(self.who.clone()), in_tag: matches!(self.place, RecordPlace::Tag(_)) }
    }

    /// The description, if it is not the usual case.
    pub fn notable(&self) -> Option<String> {
        let usual = self.earlier == 0 && matches!(self.place, RecordPlace::Tag(_));
        (!usual).then(|| self.words())
    }

    /// A description for people.
    pub fn words(&self) -> String {
        let words = self.place.words(self.who.len());
        match (self.who.len(), self.earlier) {
            (0, _) => "it was not shared".to_owned(),
            (_, 0) => words,
            (_, earlier) => format!("{words}; {earlier} of them from an earlier time, not yet restored"),
        }
    }
}

/// The change of the tag when only these are left. An empty list stays written down if a missing tag would mean
/// "unknown": on a disabled image and on one in retirement.
pub fn tag_left(image: &Image, left: &BTreeSet<Principal>) -> Change {
    let there = image.tags.contains_key(SHARES);
    let speaks = image.state == State::Disabled || image.tags.contains_key(RETIRE);
    let change = |set: Tags, remove: bool| {
        let remove = remove.then(|| SHARES.to_owned()).into_iter().collect();
        Change::Tag { set, remove }
    };
    match RecordPlace::of(image, left, &Tags::new()) {
        RecordPlace::Tag(text) if (there && !left.is_empty()) || (speaks && left.is_empty()) => {
            change([(SHARES.to_owned(), text)].into(), false)
        }
        _ => change(Tags::new(), left.is_empty()),
    }
}

/// The changes that keep withdrawn permissions from being restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The permissions withdrawn.
    pub who: BTreeSet<Principal>,
    /// The tag without them.
    pub tag: Change,
    /// The journal's record without them, if it has them.
    pub written: Option<RecordedPermissions>,
}

/// Withdraws the permissions still to be restored, those of `from` only or all. Withdrawing all needs no readable
/// record.
pub fn withdraw(
    image: &Image,
    journal: Option<&Journaled>,
    from: Option<&BTreeSet<Principal>>,
) -> Result<Withdrawal, RecordError> {
    let due = match (due(image, journal), from) {
        (Err(unknown), Some(_)) => return Err(unknown),
        (due, _) => due.ok().flatten().unwrap_or_default(),
    };
    let without = |who: &BTreeSet<Principal>| from.map(|from| who - from).unwrap_or_default();
    let tagged = image.tags.get(SHARES).map(|text| from_tag(text).unwrap_or_default());
    let tag = match (tagged, from) {
        (Some(_), None) => tag_left(image, &BTreeSet::new()),
        (Some(tagged), Some(from)) if !tagged.is_disjoint(from) => tag_left(image, &without(&tagged)),
        _ => Change::Tag { set: Tags::new(), remove: BTreeSet::new() },
    };
    let written = match (journal, from) {
        (Some(Ok(written)), _) => {
            let who = written.who.clone().unwrap_or_default();
            let left = without(&who);
            (left != who).then(|| written.left(&left))
        }
        (Some(Err(_)), None) => Some(RecordedPermissions { who: Some(BTreeSet::new()), in_tag: false }),
        (Some(Err(_)), Some(_)) | (None, _) => None,
    };
    Ok(Withdrawal { who: &due - &without(&due), tag, written })
}

/// The change that sets the touched tags back to their values before it.
pub fn as_before(before: &Image, change: &Change) -> Change {
    let (mut tags, mut gone) = (Tags::new(), BTreeSet::new());
    if let Change::Tag { set, remove } = change {
        for key in set.keys().chain(remove) {
            match before.tags.get(key) {
                Some(value) => drop(tags.insert(key.clone(), value.clone())),
                None => drop(gone.insert(key.clone())),
            }
        }
    }
    Change::Tag { set: tags, remove: gone }
}

/// EC2's limit for the value of a tag, in characters.
pub const LONGEST_VALUE: usize = 256;

/// Launch permissions as the value of a tag; `None` if they do not fit.
pub fn to_tag(shares: &BTreeSet<Principal>) -> Option<String> {
    let text = shares.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    (text.chars().count() <= LONGEST_VALUE).then_some(text)
}

/// Reads the value of the tag.
pub fn from_tag(text: &str) -> Result<BTreeSet<Principal>, PrincipalError> {
    text.split_whitespace().map(Principal::read).collect()
}

/// The launch permissions of a disabled image before it was disabled; `None` if unknown. Empty if the image is not
/// disabled.
pub fn before_disabling(image: &Image) -> Option<BTreeSet<Principal>> {
    match image.state == State::Disabled {
        false => Some(BTreeSet::new()),
        true => from_tag(image.tags.get(SHARES)?).ok(),
    }
}

/// The earlier record, written again if EC2 refuses to disable the image.
pub fn before(known: Option<&Journaled>) -> RecordedPermissions {
    known.and_then(|known| known.clone().ok()).unwrap_or_default()
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
