//! Options about sources of use: --refs-from, --without-source and --usage-reports.

use std::path::PathBuf;

use crate::domain::usage::source::Source;

/// Files in which image ids count as use.
#[derive(Debug, Clone, clap::Args)]
pub struct FileArgs {
    /// File or folder whose image ids count as in use; repeatable
    #[arg(long, value_name = "PATH")]
    pub refs_from: Vec<PathBuf>,
}

/// Sources of use that are left out.
#[derive(Debug, Clone, clap::Args)]
pub struct SourceArgs {
    /// Do not read this source of use; repeatable
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    pub without_source: Vec<Source>,
}

/// Whether to ask EC2 which accounts use an image.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ReportArgs {
    /// Request EC2 usage reports for shared images and wait for them
    ///
    /// An account that uses an image counts as use. EC2 covers all accounts, also those amictl cannot read, but may miss
    /// launches of the last 24 hours and launch templates of the last days: reports add to the other sources, and
    /// replace none. A report takes minutes or more. A report less than a day old, from an earlier run or from anyone
    /// else, is used again. amictl deletes the reports it created and read; EC2 deletes the others after 30 days.
    #[arg(long)]
    pub usage_reports: bool,
}
