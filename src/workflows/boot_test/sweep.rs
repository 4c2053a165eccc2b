//! The sweep: ends and starts again what killed runs left, in all places of a run.

use anyhow::Result;

use crate::domain::failure::Failure;
use crate::domain::sweep_report::SweepReport;
use crate::workflows::run::context::Context;

/// What came of a sweep.
pub struct Swept {
    /// One outcome per instance.
    pub report: SweepReport,
    dry_run: bool,
}

impl Swept {
    /// Prints what failed and ends the run as the report requires.
    pub fn conclude(&self, _context: &Context) -> Result<()> {
        let _ = self.dry_run;
        Ok(())
    }
}

/// Terminates test instances whose time is over, and starts instances that `create --stop` left stopped.
pub async fn sweep(_context: &Context, _dry_run: bool) -> Result<Swept> {
    Err(Failure::usage("not built yet").into())
}
