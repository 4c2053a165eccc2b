//! The path and the opening of the journal of a run, and its end lines; see `src/journal`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::context::Context;
use crate::domain::bare_error::UNSHOWN;
use crate::domain::failure::Failure;
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::journal::JournaledImage;
use crate::domain::permissions::principal::PrincipalError;
use crate::domain::permissions::recorded::{JournalGap, Journaled, RecordedPermissions};
use crate::domain::problem::Problem;
use crate::domain::report::{Outcome, Status};
use crate::domain::unfinished::Unfinished;
use crate::journal::Journal;
use crate::service::Target;

/// The path that stands for stderr.
const STDERR: &str = "-";

/// The location of the journal.
#[derive(Debug, Clone, Default)]
pub struct JournalFile {
    /// The file, or `-` for stderr; the default is `$XDG_STATE_HOME/amictl/journal.jsonl`.
    pub path: Option<PathBuf>,
}

impl JournalFile {
    /// Whether it goes to stderr, so that nothing can be read from it.
    pub fn is_stderr(&self) -> bool {
        self.path.as_deref() == Some(Path::new(STDERR))
    }

    /// The path to read: the one given, or else the default; `None` on stderr, or if the environment has no directory.
    fn readable(&self, context: &Context) -> Option<PathBuf> {
        if self.is_stderr() { None } else { self.path(context) }
    }

    /// The path given, or else the default; `None` if the environment has no directory for it.
    fn path(&self, context: &Context) -> Option<PathBuf> {
        let set = |name: &str| context.env(name).map(PathBuf::from);
        let state = || set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local").join("state")));
        self.path.clone().or_else(|| Some(state()?.join("amictl").join("journal.jsonl")))
    }

    /// The records of these images; see [`Journal::remembered`].
    pub async fn remembered(
        &self,
        context: &Context,
        images: BTreeSet<ImageId>,
    ) -> Result<BTreeMap<ImageId, JournaledImage>> {
        let path = if images.is_empty() { None } else { self.readable(context) };
        let Some(path) = path else { return Ok(BTreeMap::new()) };
        let found = Journal::remembered(&path, images).await;
        let mut found = found.with_context(|| format!("journal {}", path.display()))?;
        if context.contained {
            let names = found.values_mut().flat_map(|image| &mut image.unreadable);
            names.for_each(|name| UNSHOWN.clone_into(name));
        }
        Ok(found)
    }

    /// The launch permissions to be restored on these images; see [`Journal::due`]. On stderr those of all are unknown.
    pub async fn due<'a>(
        &self,
        context: &Context,
        images: impl IntoIterator<Item = &'a Image>,
    ) -> Result<BTreeMap<ImageId, Journaled>> {
        let images: BTreeSet<_> = images.into_iter().map(|image| image.id.clone()).collect();
        if self.is_stderr() {
            return Ok(images.into_iter().map(|id| (id, Err(JournalGap::Elsewhere))).collect());
        }
        let path = if images.is_empty() { None } else { self.path(context) };
        let Some(path) = path else { return Ok(BTreeMap::new()) };
        let found = Journal::due(&path, images).await;
        let mut found = found.with_context(|| format!("journal {}", path.display()))?;
        if context.contained {
            let gaps = found.values_mut().filter_map(|written| written.as_mut().err());
            gaps.filter(|gap| matches!(gap, JournalGap::Principal(_)))
                .for_each(|gap| *gap = JournalGap::Principal(PrincipalError::Shape(UNSHOWN.to_owned())));
        }
        Ok(found)
    }

    /// Interrupted deregistrations of these images; see [`Journal::unfinished`].
    pub async fn unfinished(
        &self,
        context: &Context,
        images: &BTreeSet<ImageId>,
    ) -> Result<BTreeMap<ImageId, Unfinished>> {
        let Some(path) = self.readable(context) else { return Ok(BTreeMap::new()) };
        Journal::unfinished(&path, images.clone()).await.with_context(|| format!("journal {}", path.display()))
    }

    /// Opens the journal of this run, without which nothing is destroyed.
    pub async fn open(&self, context: &Context, targets: impl IntoIterator<Item = &Target>) -> Result<Journal> {
        let path =
            self.path(context).ok_or_else(|| Failure::usage("no place for the journal").hint("give --journal FILE"))?;
        let mut who = Vec::new();
        for target in targets {
            if let Ok(caller) = target.caller().await {
                who.extend(caller.arn.clone().map(|arn| (caller.account.clone(), arn)));
            }
        }
        if self.is_stderr() {
            let printer = Arc::clone(&context.printer);
            return Ok(Journal::through(move |line| printer.log(line), &context.maker.run, who));
        }
        Journal::open(&path, &context.maker.run, who).with_context(|| format!("journal {}", path.display()))
    }
}

/// The problem if the journal could not be written, so that nothing was done.
pub fn not_begun(error: &std::io::Error) -> Problem {
    let message = format!("the journal cannot be written, so nothing was done: {error}");
    Problem { code: "JournalError".to_owned(), message }
}

/// Journals the outcome of an image.
pub async fn end(context: &Context, journal: &Journal, outcome: Outcome) -> Outcome {
    end_with(context, journal, outcome, None).await
}

/// As [`end`], with the launch permissions to be restored from now on, if they changed.
pub async fn end_with(
    context: &Context,
    journal: &Journal,
    mut outcome: Outcome,
    due: Option<&RecordedPermissions>,
) -> Outcome {
    let written = journal.end(&outcome, due, context.clock()).await;
    if let (Err(error), Status::Done) = (written, &outcome.status) {
        let message = format!("it is done, but the journal cannot be completed: {error}");
        outcome.status = Status::Failed(Problem { code: "JournalError".to_owned(), message });
    }
    outcome
}
