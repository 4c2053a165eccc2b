//! The option --journal, for commands that write one and for the one that reads it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::domain::failure::{Failure, Kind};
use crate::workflows::run::context::Context;
use crate::workflows::run::journal::JournalFile;

/// The location of the journal.
#[derive(Debug, Clone, clap::Args)]
pub struct JournalArgs {
    /// Journal file, or - for stderr [default: $XDG_STATE_HOME/amictl/journal.jsonl]
    #[arg(long, value_name = "FILE", env = "AMICTL_JOURNAL", hide_env_values = true)]
    journal: Option<PathBuf>,
}

impl JournalArgs {
    /// The journal given.
    pub fn file(&self) -> JournalFile {
        JournalFile { path: self.journal.clone() }
    }
}

/// The location of the journal of a command that brings back what it says.
#[derive(Debug, Clone, clap::Args)]
pub struct JournalToRead {
    /// Journal file, or a log with the lines of --journal - in it [default: $XDG_STATE_HOME/amictl/journal.jsonl]
    #[arg(long, value_name = "FILE", env = "AMICTL_JOURNAL", hide_env_values = true)]
    journal: Option<PathBuf>,
}

impl JournalToRead {
    /// The journal file given. One that cannot be read is an error, unless the environment names it: there it may be to be
    /// written yet.
    pub fn file(&self, context: &Context) -> Result<JournalFile> {
        let file = JournalFile { path: self.journal.clone() };
        if file.is_stderr() {
            return Err(Failure::usage("--journal -: stderr cannot be read")
                .hint("give --journal FILE with the log that holds the journal's lines")
                .into());
        }
        let set = context.env("AMICTL_JOURNAL").map(Path::new);
        if let Some(path) = self.journal.as_deref().filter(|path| set != Some(path)) {
            let wrong = |why: String| {
                Failure::new(Kind::Failed, "JournalError", format!("journal {}: {why}", path.display()))
                    .hint("give --journal FILE with the journal, or the log that holds its lines")
            };
            let found = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
            if found.is_dir() {
                return Err(wrong("it is a folder".to_owned()).into());
            }
        }
        Ok(file)
    }
}
