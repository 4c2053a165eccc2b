//! The memory of an image's launch permissions: what a disabling dropped, or was about to drop, and what has been
//! neither given back nor withdrawn since.
//!
//! Where it fits it is in the tag `amictl:shares` of the image, for every machine to see. The journal of the machine
//! that disabled the image has it too, and has it alone where no tag does.

use std::collections::BTreeSet;

use anyhow::Result;
use thiserror::Error;

use super::principal::{Principal, PrincipalError, counted};
use crate::domain::change::{Change, has_room};
use crate::domain::image::{Image, State};
use crate::domain::problem::Problem;
use crate::domain::tags::{RETIRE, SHARES, Tags};

/// What a journal says last about the memory of an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Who is to get a permission back; `None` where nothing is known.
    pub who: Option<BTreeSet<Principal>>,
    /// Whether a tag of the image was to hold them too.
    pub in_tag: bool,
}

/// The same, where everybody in it can be read.
pub type Journaled = Result<Written, PrincipalError>;

impl Written {
    /// The same for those who are left.
    #[must_use]
    pub fn left(&self, who: &BTreeSet<Principal>) -> Self {
        Self { who: Some(who.clone()), in_tag: self.in_tag }
    }
}

/// Why it is unknown who is to get a permission back. Nothing is lost while nothing is done to the image.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unknown {
    /// The tag says something else.
    #[error("its tag {SHARES} is damaged: {0}")]
    Tag(PrincipalError),
    /// The journal names somebody in another way.
    #[error("the journal cannot be read where it says who it was shared with: {0}")]
    Journal(PrincipalError),
}

impl Unknown {
    /// The same as an entry of a report.
    pub fn problem(&self) -> Problem {
        let code = match self {
            Self::Tag(_) => "DamagedTag",
            Self::Journal(_) => "UnreadableJournal",
        };
        Problem { code: code.to_owned(), message: self.to_string() }
    }
}

/// Who is to get a launch permission back; `None` where nothing says so.
///
/// The tag counts more than a journal that says it was in there too: other machines change the tag. What a journal
/// has alone, no tag can tell of.
pub fn due(image: &Image, journal: Option<&Journaled>) -> Result<Option<BTreeSet<Principal>>, Unknown> {
    let tag = image.tags.get(SHARES).map(|text| from_tag(text)).transpose().map_err(Unknown::Tag)?;
    let written = match journal {
        Some(Err(error)) if tag.is_none() => return Err(Unknown::Journal(error.clone())),
        Some(Ok(written)) => Some(written),
        Some(Err(_)) | None => None,
    };
    let who = |written: &Written| written.who.clone();
    let alone = written.filter(|written| !written.in_tag).and_then(who);
    Ok(match (tag, alone) {
        (Some(tag), Some(alone)) => Some(&tag | &alone),
        (None, None) if image.state == State::Disabled => written.and_then(who),
        // An enabled image has lost its tag when everything was given back, here or elsewhere.
        (tag, alone) => tag.or(alone),
    })
}

/// Where the memory is kept, beside the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the tag, as this value.
    Tag(String),
    /// Nowhere: no value of a tag is that long.
    TooLong,
    /// Nowhere: the image has as many tags as EC2 takes.
    NoRoom,
}

impl Place {
    /// Where these are kept, on an image that gets `more` tags at the same time.
    pub fn of(image: &Image, who: &BTreeSet<Principal>, more: &Tags) -> Self {
        let Some(text) = to_tag(who) else { return Self::TooLong };
        let mut set = more.clone();
        set.insert(SHARES.to_owned(), text.clone());
        if has_room(image, &set) { Self::Tag(text) } else { Self::NoRoom }
    }

    /// What there is to know about it, for people.
    pub fn words(&self, count: usize) -> String {
        let count = counted(count);
        match self {
            Self::Tag(_) => format!("{count} kept in tag {SHARES}"),
            Self::TooLong => format!("{count} kept in the journal only, too many for a tag"),
            Self::NoRoom => format!("{count} kept in the journal only, as the image has no room for another tag"),
        }
    }

    /// The tag that goes with it. What an earlier time left there would mislead where it is not the whole.
    pub fn change(&self, image: &Image, more: Tags) -> Change {
        let (mut set, mut remove) = (more, BTreeSet::new());
        match self {
            Self::Tag(text) => drop(set.insert(SHARES.to_owned(), text.clone())),
            Self::TooLong | Self::NoRoom => remove.extend(image.tags.contains_key(SHARES).then(|| SHARES.to_owned())),
        }
        Change::Tag { set, remove }
    }
}

/// What is written down when an image is disabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// All who are to get a permission back.
    pub who: BTreeSet<Principal>,
    /// Where it is kept.
    pub place: Place,
    /// How many of them had none any more: they are due from an earlier time.
    pub earlier: usize,
}

impl Kept {
    /// Who has a permission, and who is still to get one back: a second disabling forgets nobody of the first.
    pub fn of(image: &Image, present: &BTreeSet<Principal>, due: &BTreeSet<Principal>, more: &Tags) -> Self {
        let who = present | due;
        Self { place: Place::of(image, &who, more), earlier: who.len() - present.len(), who }
    }

    /// The same for the journal.
    pub fn written(&self) -> Written {
        Written { who: Some(self.who.clone()), in_tag: matches!(self.place, Place::Tag(_)) }
    }

    /// The same where it is more than the usual.
    pub fn notable(&self) -> Option<String> {
        let usual = self.earlier == 0 && matches!(self.place, Place::Tag(_));
        (!usual).then(|| self.words())
    }

    /// What there is to know about it, for people.
    pub fn words(&self) -> String {
        let words = self.place.words(self.who.len());
        match (self.who.len(), self.earlier) {
            (0, _) => "it was not shared".to_owned(),
            (_, 0) => words,
            (_, earlier) => format!("{words}; {earlier} of them from an earlier time, not yet restored"),
        }
    }
}

/// The tag once only these are due. That nobody is stays written down where a missing tag would mean that it is
/// unknown: on a disabled image, and on one that is in retirement.
pub fn tag_left(image: &Image, left: &BTreeSet<Principal>) -> Change {
    let there = image.tags.contains_key(SHARES);
    let speaks = image.state == State::Disabled || image.tags.contains_key(RETIRE);
    let change = |set: Tags, remove: bool| {
        let remove = remove.then(|| SHARES.to_owned()).into_iter().collect();
        Change::Tag { set, remove }
    };
    match Place::of(image, left, &Tags::new()) {
        Place::Tag(text) if (there && !left.is_empty()) || (speaks && left.is_empty()) => {
            change([(SHARES.to_owned(), text)].into(), false)
        }
        _ => change(Tags::new(), left.is_empty()),
    }
}

/// What is to be done so that nobody withdrawn gets a permission back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Who would have got one.
    pub who: BTreeSet<Principal>,
    /// The tag without them.
    pub tag: Change,
    /// The journal without them, where it names them.
    pub written: Option<Written>,
}

/// Withdraws from these, or else from everybody, what is still to be given back. From everybody is clear whoever they
/// are.
pub fn withdraw(
    image: &Image,
    journal: Option<&Journaled>,
    from: Option<&BTreeSet<Principal>>,
) -> Result<Withdrawal, Unknown> {
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
        (Some(Err(_)), None) => Some(Written { who: Some(BTreeSet::new()), in_tag: false }),
        (Some(Err(_)), Some(_)) | (None, _) => None,
    };
    Ok(Withdrawal { who: &due - &without(&due), tag, written })
}

/// What sets the tags that a change touches as they were before it.
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

/// EC2's limit for the value of a tag.
pub const LONGEST_VALUE: usize = 256;

/// Launch permissions as the value of a tag; `None` where they do not fit.
pub fn to_tag(shares: &BTreeSet<Principal>) -> Option<String> {
    let text = shares.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    (text.chars().count() <= LONGEST_VALUE).then_some(text)
}

/// Reads them back.
pub fn from_tag(text: &str) -> Result<BTreeSet<Principal>, PrincipalError> {
    text.split_whitespace().map(Principal::read).collect()
}

/// Who an image was shared with when it was disabled, and may still count on it; `None` where nobody knows. Nobody
/// where it is not disabled.
pub fn before_disabling(image: &Image) -> Option<BTreeSet<Principal>> {
    match image.state == State::Disabled {
        false => Some(BTreeSet::new()),
        true => from_tag(image.tags.get(SHARES)?).ok(),
    }
}

/// What the journal said before, for a disabling that was refused.
pub fn before(known: Option<&Journaled>) -> Written {
    known.and_then(|known| known.clone().ok()).unwrap_or_default()
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
