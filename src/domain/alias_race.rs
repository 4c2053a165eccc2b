//! The fate of a write, judged from the history of the alias.
//!
//! SSM cannot compare before it writes: others are seen afterwards only.

use super::alias_history::{AliasHistory, AliasVersion};
use super::ids::ImageId;

/// A write that was sent.
#[derive(Debug, Clone)]
pub struct AliasWrite<'a> {
    /// The image that the alias is to name.
    pub image: &'a ImageId,
    /// The run, by which its own version is known.
    pub run: &'a str,
    /// The version that was there when everything was checked; `None` where the alias was absent.
    pub checked: Option<i64>,
}

/// What became of it, as far as the history shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteFate {
    /// Nothing is shown yet: not our version, nor anybody else's.
    Unseen,
    /// The alias names the image. The version is ours, unless somebody else wrote the same image.
    Stands {
        /// The version.
        version: i64,
        /// Whether this run wrote it.
        ours: bool,
    },
    /// Somebody else wrote another image since the check, or deleted the alias.
    Raced {
        /// The version that this run wrote, if it is shown.
        ours: Option<i64>,
        /// Who has the alias now, and who else wrote.
        told: String,
    },
}

impl AliasWrite<'_> {
    /// Judges by the history that SSM shows now.
    pub fn fate(&self, history: &AliasHistory) -> WriteFate {
        let ours = |version: &AliasVersion| version.note().is_some_and(|note| note.run == self.run);
        if let Some(told) = self.deleted(history, ours) {
            return told;
        }
        let since = |version: &&AliasVersion| self.checked.is_none_or(|checked| version.number > checked);
        let new: Vec<_> = history.versions().iter().filter(since).collect();
        let Some(last) = new.last() else { return WriteFate::Unseen };
        let same = |version: &AliasVersion| version.value == self.image.as_str();
        let mine = new.iter().rev().find(|version| ours(version)).map(|version| version.number);
        match new.iter().rev().find(|version| !same(version)) {
            None => WriteFate::Stands { version: mine.unwrap_or(last.number), ours: mine.is_some() },
            Some(_) if !same(last) => WriteFate::Raced {
                ours: mine,
                told: format!("it now names {}, written by {}", last.value, whose(last)),
            },
            Some(other) => {
                let told =
                    format!("it now names {}, but {} wrote {} in between", self.image, whose(other), other.value);
                WriteFate::Raced { ours: mine, told }
            }
        }
    }

    /// The fate where the parameter was deleted since the check: then ours has a number that was there before.
    fn deleted(&self, history: &AliasHistory, ours: impl Fn(&AliasVersion) -> bool) -> Option<WriteFate> {
        let mine = history.versions().iter().rev().find(|version| ours(version))?.number;
        let last = history.current().filter(|_| self.checked.is_some_and(|checked| mine <= checked))?;
        let told = format!(
            "it was deleted after the check, with its history; it now names {}, written by {}",
            last.value,
            whose(last)
        );
        Some(WriteFate::Raced { ours: Some(mine), told })
    }
}

/// Who wrote a version, with the run where amictl did.
fn whose(version: &AliasVersion) -> String {
    let by = version.by().unwrap_or_else(|| "somebody".to_owned());
    match version.note() {
        Some(note) => format!("{by} (version {}, run {})", version.number, note.run),
        None => format!("{by} (version {})", version.number),
    }
}

#[cfg(test)]
mod tests {
    use super::super::alias::{Note, NoteAction};
    use super::*;

    fn id(number: u32) -> ImageId {
        format!("ami-{number:017x}").parse().unwrap()
    }

    /// A version with the image of this number, by that run; without one by hand.
    fn version(number: i64, image: u32, run: &str) -> AliasVersion {
        let note = Note {
            by: format!("arn:{run}"),
            action: NoteAction::Promote,
            image: id(image),
            from: None,
            reason: None,
            run: run.to_owned(),
            at: chrono::DateTime::UNIX_EPOCH,
        };
        let description = (!run.is_empty()).then(|| note.description());
        AliasVersion {
            number,
            value: id(image).to_string(),
            description,
            at: None,
            author: Some("arn:hand".to_owned()),
        }
    }

    fn fate(checked: Option<i64>, versions: &[(i64, u32, &str)]) -> WriteFate {
        let versions = versions.iter().map(|(number, image, run)| version(*number, *image, run)).collect();
        AliasWrite { image: &id(2), run: "mine", checked }.fate(&AliasHistory::new(versions))
    }

    #[test]
    fn what_was_there_before_says_nothing() {
        assert_eq!(fate(Some(1), &[(1, 1, "old")]), WriteFate::Unseen);
        assert_eq!(fate(Some(1), &[(1, 2, "theirs")]), WriteFate::Unseen);
        assert_eq!(fate(None, &[]), WriteFate::Unseen);
    }

    #[test]
    fn our_version_stands_also_when_it_was_written_twice() {
        assert_eq!(fate(Some(1), &[(1, 1, ""), (2, 2, "mine")]), WriteFate::Stands { version: 2, ours: true });
        assert_eq!(fate(None, &[(1, 2, "mine"), (2, 2, "mine")]), WriteFate::Stands { version: 2, ours: true });
    }

    #[test]
    fn another_who_writes_the_same_image_does_no_harm() {
        assert_eq!(fate(Some(1), &[(1, 1, ""), (2, 2, "theirs")]), WriteFate::Stands { version: 2, ours: false });
        let both = [(1, 1, ""), (2, 2, "mine"), (3, 2, "theirs")];
        assert_eq!(fate(Some(1), &both), WriteFate::Stands { version: 2, ours: true });
    }

    #[test]
    fn an_alias_that_was_deleted_meanwhile_is_a_race() {
        for versions in [&[(1, 2, "mine")][..], &[(1, 3, "theirs"), (2, 2, "mine")], &[(1, 2, "mine"), (6, 3, "")]] {
            let (last, image, _) = versions[versions.len() - 1];
            match fate(Some(5), versions) {
                WriteFate::Raced { ours: Some(ours), told } => {
                    assert!(ours <= 5 && told.contains("it was deleted after the check"), "{told}");
                    let now = format!("now names {}", id(image));
                    assert!(told.contains(&now) && told.contains(&format!("(version {last}")), "{told}");
                }
                other => panic!("{other:?}"),
            }
        }
        // Not ours: SSM may only show late what is there.
        assert_eq!(fate(Some(5), &[(1, 3, "theirs")]), WriteFate::Unseen);
    }

    #[test]
    fn a_race_names_who_has_the_alias_and_who_lost_it() {
        let told = |versions: &[(i64, u32, &str)]| match fate(Some(1), versions) {
            WriteFate::Raced { ours, told } => (ours, told),
            other => panic!("{other:?}"),
        };
        let (ours, text) = told(&[(1, 1, ""), (2, 2, "mine"), (3, 3, "theirs")]);
        assert!(ours == Some(2) && text.contains("now names ami-00000000000000003"), "{text}");
        assert!(text.contains("arn:theirs (version 3, run theirs)"), "{text}");
        let (ours, text) = told(&[(1, 1, ""), (2, 3, ""), (3, 2, "mine")]);
        assert!(ours == Some(3) && text.contains("now names ami-00000000000000002"), "{text}");
        assert!(text.contains("arn:hand (version 2) wrote ami-00000000000000003"), "{text}");
        assert_eq!(told(&[(1, 1, ""), (2, 3, "theirs")]).0, None);
    }
}
