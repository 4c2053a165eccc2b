//! The history of an alias, read as a stack: what was promoted lies on it, a rollback takes off.

use chrono::{DateTime, Utc};

use super::alias::{Note, NoteAction};
use super::ids::ImageId;
use super::text::image_ids;

/// One version of the parameter of an alias, as SSM keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasVersion {
    /// Its number.
    pub number: i64,
    /// The value.
    pub value: String,
    /// The description.
    pub description: Option<String>,
    /// When it was written.
    pub at: Option<DateTime<Utc>>,
    /// The ARN of who wrote it.
    pub author: Option<String>,
}

impl AliasVersion {
    /// The image that it names, whatever surrounds the id; `None` unless it is exactly one.
    pub fn image(&self) -> Option<ImageId> {
        let mut named = image_ids(&self.value);
        let first = named.next()?;
        named.all(|other| other == first).then_some(first)
    }

    /// What amictl wrote about it; `None` for a value that somebody wrote otherwise.
    pub fn note(&self) -> Option<Note> {
        Note::read(self.description.as_deref()?, &self.value)
    }

    /// Who wrote it, by the note, else by SSM.
    pub fn by(&self) -> Option<String> {
        self.note().map(|note| note.by).or_else(|| self.author.clone())
    }

    fn rolled_back(&self) -> bool {
        self.note().is_some_and(|note| note.action == NoteAction::Rollback)
    }
}

/// What SSM keeps of an alias: its last hundred versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AliasHistory {
    /// Oldest first.
    versions: Vec<AliasVersion>,
}

/// Where a rollback goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WayBack {
    /// To this image.
    To(ImageId),
    /// Nothing usable lies below, down to the first version.
    Nothing,
    /// Nothing usable lies below, as far as SSM remembers.
    Forgotten,
}

impl AliasHistory {
    /// The history of these versions, in whatever order. A description that SSM only kept is left out.
    pub fn new(mut versions: Vec<AliasVersion>) -> Self {
        versions.sort_by_key(|version| version.number);
        let mut kept = vec![false; versions.len()];
        for (at, pair) in versions.windows(2).enumerate() {
            kept[at + 1] = pair[0].description == pair[1].description && (kept[at] || pair[0].value != pair[1].value);
        }
        for (version, _) in versions.iter_mut().zip(kept).filter(|(_, kept)| *kept) {
            version.description = None;
        }
        Self { versions }
    }

    /// The versions, oldest first.
    pub fn versions(&self) -> &[AliasVersion] {
        &self.versions
    }

    /// The version in force.
    pub fn current(&self) -> Option<&AliasVersion> {
        self.versions.last()
    }

    /// The last version before that names another image, or other images.
    pub fn previous(&self) -> Option<&AliasVersion> {
        let (current, before) = self.versions.split_last()?;
        let named = |version: &AliasVersion| image_ids(&version.value).collect::<std::collections::BTreeSet<_>>();
        let now = named(current);
        before.iter().rev().find(|version| {
            let then = named(version);
            !then.is_empty() && then != now
        })
    }

    /// The images that lie below the current one, nearest first, each once.
    pub fn below(&self) -> Vec<ImageId> {
        let (mut stack, _) = self.stack();
        let current = stack.pop().flatten();
        let mut below = Vec::new();
        for image in stack.into_iter().rev().flatten() {
            if Some(&image) != current.as_ref() && !below.contains(&image) {
                below.push(image);
            }
        }
        below
    }

    /// Where a rollback goes: to the nearest image below that is usable.
    pub fn way_back(&self, usable: impl Fn(&ImageId) -> bool) -> WayBack {
        match (self.below().into_iter().find(usable), self.stack().1) {
            (Some(image), _) => WayBack::To(image),
            (None, true) => WayBack::Nothing,
            (None, false) => WayBack::Forgotten,
        }
    }

    /// The stack, the current image last, and whether it is known down to its bottom.
    ///
    /// A promote or a value by hand lies down on top. A rollback takes off what lies above its target. A target that
    /// never lay there (`--to`) takes the place of the image it was rolled back from, as that one is not wanted. Where
    /// SSM has forgotten versions, such a target may have lain among them: then nothing below it is known.
    fn stack(&self) -> (Vec<Option<ImageId>>, bool) {
        let whole = self.versions.first().is_none_or(|version| version.number == 1);
        let mut stack: Vec<Option<ImageId>> = Vec::new();
        for version in &self.versions {
            let image = version.image();
            if !version.rolled_back() {
                stack.push(image);
                continue;
            }
            match stack.iter().rposition(|lying| *lying == image) {
                Some(at) => stack.truncate(at + 1),
                None => {
                    stack.truncate(if whole { stack.len().saturating_sub(1) } else { 0 });
                    stack.push(image);
                }
            }
        }
        (stack, whole)
    }
}

#[cfg(test)]
#[path = "alias_history_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "alias_history_moves_tests.rs"]
mod moves_tests;
