//! Arguments that name images, with --copies and --dry-run.

use crate::domain::reference::ImageRef;
use crate::workflows::change::Request;

/// Which images to work on.
#[derive(Debug, Clone, clap::Args)]
pub struct Which {
    /// Images: ids, names, web, web:v3 or web:prod; searched for in every region and account given
    #[arg(value_name = "REF", required = true)]
    pub references: Vec<ImageRef>,

    #[command(flatten)]
    pub how: How,
}

/// How to work on them.
#[derive(Debug, Clone, clap::Args)]
pub struct How {
    /// Also their copies, and copies of copies, in the regions given, e.g. with --region all
    #[arg(long, display_order = 100)]
    pub copies: bool,

    /// Only check with EC2 (DryRun) that it would work
    #[arg(long, display_order = 101)]
    pub dry_run: bool,
}

impl Which {
    /// The request to the workflow.
    pub fn request(self) -> Request {
        self.how.request(self.references)
    }
}

impl How {
    /// The request for these images.
    pub fn request(self, references: Vec<ImageRef>) -> Request {
        Request { references, copies: self.copies, dry_run: self.dry_run }
    }
}
