//! The copies to all accounts and regions, made concurrently.

use anyhow::Result;

use super::conclude;
use super::job::{Copied, CopyJob, Failed, Made, open};
use super::make::one;
use crate::workflows::run::concurrency::{self, COPIES};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::tell_failed;

/// What became of a run of copies.
pub struct CopyRun {
    /// What was made.
    pub made: Made,
    failed: Vec<Failed>,
    /// The code of a run that is left half done.
    part: &'static str,
}

impl CopyRun {
    /// What was made, and the end of the run, for a caller that shows the first before the second.
    pub fn concluded(self, context: &Context, all: &[CopyJob]) -> (Made, Result<()>) {
        let end = conclude::end(context, all, &self.made, self.failed, self.part);
        (self.made, end)
    }

    /// Ends the run; a success only if nothing is left to do.
    pub fn conclude(self, context: &Context, all: &[CopyJob]) -> Result<()> {
        conclude::end(context, all, &self.made, self.failed, self.part)
    }
}

/// Makes all copies side by side, after what was made `before`. A region or an account that fails is
/// reported and does not stop the others; those that were `refused` are not tried.
pub async fn carry_out(context: &Context, all: &[CopyJob], refused: Vec<Failed>, before: Made) -> CopyRun {
    // With an image made before, the run is a create.
    let part = if before.images.is_empty() { "PartialCopy" } else { "PartialCreate" };
    let each = open(all, &refused).flat_map(|of| all[of].to.iter().map(move |region| (of, region.clone())));
    let each: Vec<_> = each.collect();
    let one = |(of, region)| async move { one(context, &all[of], of, region).await };
    let results: Vec<Copied> = concurrency::each(COPIES, each, one).await;
    let (mut made, mut failed) = (before, refused);
    for Copied { of, region, result, steps } in results {
        made.steps.extend(steps);
        match result {
            Ok(image) => made.images.push(image),
            Err(error) => failed.push(Failed { of, region: Some(region), error }),
        }
    }
    failed.sort_by_key(|failed| failed.of);
    for Failed { of, region, error } in &failed {
        let problem = tell_failed(context, &all[*of].failing(region.as_ref()), error);
        let at = &all[*of].target;
        made.errors.push(at.in_region(region.as_ref().unwrap_or(&at.region)).error(problem).await);
    }
    CopyRun { made, failed, part }
}
