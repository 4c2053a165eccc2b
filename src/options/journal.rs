//! The option --journal, for commands that write one and for the one that reads it.

use std::path::PathBuf;

use anyhow::Result;

use crate::domain::failure::Failure;

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
    /// The journal file given.
    pub fn file(&self) -> Result<JournalFile> {
        let file = JournalFile { path: self.journal.clone() };
        match file.is_stderr() {
            true => Err(Failure::usage("--journal -: stderr cannot be read")
                .hint("give --journal FILE with the log that holds the journal's lines")
                .into()),
            false => Ok(file),
        }
    }
}
