//! Image usage reports: asked for where the user wants them, for images that others may launch.

use anyhow::Result;
use futures::StreamExt;

use super::Context;
use super::using::Looked;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::report::Problem;
use crate::domain::sharing::Principal;
use crate::domain::usage::{Reference, Source, SourceState, SourceStatus};
use crate::output::Bar;
use crate::service::Target;
use crate::service::permissions::launch_permissions;
use crate::service::usage_reports::{self, NoReport};
use crate::service::wait::Patience;

/// How many reports are waited for at a time.
const AT_ONCE: usize = 10;

/// Whether to ask EC2 which accounts use an image.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ReportArgs {
    /// Has EC2 report which accounts use images that are shared, and waits for it
    ///
    /// An account that uses an image counts as use. EC2 looks into every account, also those nobody else can; but
    /// what was launched in the last 24 hours, and templates of the last days, may be missing. So a report adds to
    /// what is found otherwise and never stands in for it. A report takes minutes or more; amictl deletes those it
    /// made, and EC2 the others after 30 days.
    #[arg(long)]
    pub usage_reports: bool,
}

/// One image, its place by number, and what EC2 reported.
type Answer = (usize, ImageId, Result<Option<Vec<Reference>>, NoReport>);

/// Adds to what each place says of use what EC2 reports of its candidates that are shared. What cannot be reported
/// leaves the image in doubt.
pub async fn add(
    context: &Context,
    looked: &mut [Looked<'_>],
    candidates: &(dyn Fn(&Looked<'_>) -> Vec<Image> + Sync),
) -> Result<()> {
    let wanted: Vec<(usize, Image)> = looked
        .iter()
        .enumerate()
        .flat_map(|(at, place)| candidates(place).into_iter().filter(|image| image.own).map(move |image| (at, image)))
        .collect();
    let bar = context.printer.bars().count(wanted.len() as u64, "waiting for usage reports");
    let (patience, places) = (context.patience(), &*looked);
    let each = wanted.into_iter().map(|(at, image)| ask(places[at].target, at, image, &patience, &bar));
    let answers: Vec<Answer> = futures::stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
    drop(bar);
    if answers.iter().any(|(_, _, answer)| *answer == Err(NoReport::Interrupted)) {
        let message = "interrupted; nothing was changed";
        return Err(Failure::new(Kind::Interrupted, "Interrupted", message).into());
    }
    let mut failed: Vec<Option<Problem>> = looked.iter().map(|_| None).collect();
    let mut read = vec![0; looked.len()];
    for (at, image, answer) in answers {
        match answer {
            Ok(None) | Err(NoReport::Interrupted) => {}
            Ok(Some(users)) => {
                read[at] += 1;
                users.into_iter().for_each(|user| looked[at].usage.add(image.clone(), user));
            }
            Err(NoReport::Failed(problem)) => {
                looked[at].usage.doubt(image, Source::UsageReports);
                failed[at].get_or_insert(problem);
            }
        }
    }
    for ((place, failed), read) in looked.iter_mut().zip(failed).zip(read) {
        let (account, region) = (place.account.clone(), place.target.region.clone());
        let status = failed.map_or(SourceStatus::Ok { read }, SourceStatus::Failed);
        place.usage.sources.push(SourceState { account, region, source: Source::UsageReports, status });
    }
    Ok(())
}

/// What EC2 reports of an image; nothing where it is not shared.
async fn ask(target: &Target, at: usize, image: Image, patience: &Patience, bar: &Bar) -> Answer {
    let own = image.owner.as_ref();
    let others = |with: &Principal| !matches!(with, Principal::Account(id) if Some(id) == own);
    let answer = match launch_permissions(target, &image.id).await {
        Err(error) => Err(NoReport::from(error)),
        Ok(shares) if !shares.iter().any(others) => Ok(None),
        Ok(_) if patience.stop.asked() => Err(NoReport::Interrupted),
        Ok(_) => usage_reports::users(target, &image.id, patience).await.map(Some),
    };
    bar.step();
    (at, image.id, answer)
}
