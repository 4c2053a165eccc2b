//! The copies to all accounts and regions, made concurrently.

use anyhow::Result;
use futures::StreamExt;

use super::conclude;
use super::job::{Copied, Copies, Failed, Made, open};
use super::make::{SIDE_BY_SIDE, one};
use crate::output::{self, Options};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::tell_failed;

/// Makes all copies concurrently and shows them after the images made `before`. A failed region or account is reported
/// and does not stop the others; `refused` accounts are not tried.
pub async fn carry_out(context: &Context, all: &[Copies], refused: Vec<Failed>, before: Made) -> Result<()> {
    // With an image made before, the run is a create.
    let part = if before.images.is_empty() { "PartialCopy" } else { "PartialCreate" };
    let each = open(all, &refused).flat_map(|of| all[of].to.iter().map(move |region| (of, region.clone())));
    let each: Vec<_> = each.collect();
    let one = |(of, region)| async move { one(context, &all[of], of, region).await };
    let results: Vec<Copied> = futures::stream::iter(each).map(one).buffered(SIDE_BY_SIDE).collect().await;
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
    show(context, &made, all.len() > 1)?;
    conclude::end(context, all, &made, failed, part)
}

/// Writes what was made to stdout.
pub fn show(context: &Context, made: &Made, several: bool) -> Result<()> {
    let options = Options { steps: made.steps.clone(), owners: several, ..Options::default() };
    output::images(&context.printer, &made.images.iter().collect::<Vec<_>>(), &made.errors, &options, context.now)
}
