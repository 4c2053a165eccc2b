//! The option --journal.

use std::path::PathBuf;

use crate::workflows::run::journal::JournalFile;

/// The location of the journal.
#[derive(Debug, Clone, clap::Args)]
pub struct JournalArgs {
    /// Journal file [default: $XDG_STATE_HOME/amictl/journal.jsonl]
    #[arg(long, value_name = "FILE", env = "AMICTL_JOURNAL", hide_env_values = true)]
    journal: Option<PathBuf>,
}

impl JournalArgs {
    /// The journal file given.
    pub fn file(&self) -> JournalFile {
        JournalFile { path: self.journal.clone() }
    }
}
