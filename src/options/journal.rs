//! Where the journal is written.

use std::path::PathBuf;

use crate::workflows::run::journal::JournalFile;

/// Where the journal is written.
#[derive(Debug, Clone, clap::Args)]
pub struct JournalArgs {
    /// Journal file [default: $XDG_STATE_HOME/amictl/journal.jsonl]
    #[arg(long, value_name = "FILE", env = "AMICTL_JOURNAL", hide_env_values = true)]
    journal: Option<PathBuf>,
}

impl JournalArgs {
    /// The journal that is named.
    pub fn file(&self) -> JournalFile {
        JournalFile { path: self.journal.clone() }
    }
}
