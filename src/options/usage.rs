//! The options about sources of use, such as --usage-reports.

/// Whether to ask EC2 which accounts use an image.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ReportArgs {
    /// Has EC2 report which accounts use images that are shared, and waits for it
    ///
    /// An account that uses an image counts as use. EC2 looks into every account, also those nobody else can; but
    /// what was launched in the last 24 hours, and templates of the last days, may be missing. So a report adds to
    /// what is found otherwise and never stands in for it. A report takes minutes or more. One that an earlier run did
    /// not wait for, or somebody else asked for, is used for a day. amictl deletes those it made and read, and EC2 the
    /// others after 30 days.
    #[arg(long)]
    pub usage_reports: bool,
}
