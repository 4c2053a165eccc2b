//! Image usage reports, if requested, for images that other accounts may launch.

use std::collections::BTreeSet;

use anyhow::Result;
use futures::StreamExt;

use super::place::{Pick, PlaceUsage};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::before_disabling;
use crate::domain::problem::Problem;
use crate::domain::usage::source::{Reference, Source, SourceState, SourceStatus};
use crate::service::Target;
use crate::service::client::error::ApiError;
use crate::service::permissions::launch_permissions;
use crate::service::usage_reports::{self, NoReport};
use crate::workflows::run::concurrency::{self, IMAGES, REPORTS};
use crate::workflows::run::context::{Context, nothing_changed};

/// One image, the index of its place, and its usage report.
type Answer = (usize, ImageId, Result<Vec<Reference>, NoReport>);

/// Adds the usage reports of shared candidates to each place. Without a report, the image is in doubt.
pub async fn add(context: &Context, looked: &mut [PlaceUsage<'_>], candidates: Pick<'_>) -> Result<()> {
    let wanted: Vec<(usize, &Image)> = looked
        .iter()
        .enumerate()
        .flat_map(|(at, place)| candidates(place).into_iter().filter(|image| image.own).map(move |image| (at, image)))
        .collect();
    let bar = context.printer.bars().count(wanted.len() as u64, "waiting for usage reports");
    let (patience, places) = (context.patience(), &*looked);
    let each = concurrency::as_done(IMAGES, wanted, |(at, image)| async move {
        let shared = if context.stop.asked() { Ok(false) } else { shared(places[at].target, image).await };
        (at, image.id.clone(), shared)
    });
    let asked: Vec<_> = each.collect().await;
    let mut answers: Vec<Answer> = Vec::new();
    let mut images: Vec<BTreeSet<ImageId>> = places.iter().map(|_| BTreeSet::new()).collect();
    for (at, image, shared) in asked {
        match shared {
            Ok(true) => drop(images[at].insert(image)),
            Ok(false) => bar.step(),
            Err(error) => {
                bar.step();
                answers.push((at, image, Err(error.into())));
            }
        }
    }
    let (done, patience) = (&|| bar.step(), &patience);
    let images = images.into_iter().enumerate().filter(|(_, images)| !images.is_empty());
    let each = concurrency::as_done(REPORTS, images, |(at, images)| async move {
        let target = places[at].target;
        let (users, left) = usage_reports::users(target, images, context.now, patience, done).await;
        if let Some(error) = left {
            context.printer.tell(&format!("warning: usage reports are left to expire: {error}"));
        }
        users.into_iter().map(move |(image, users)| (at, image, users))
    });
    let reported: Vec<_> = each.collect().await;
    answers.extend(reported.into_iter().flatten());
    drop(bar);
    if context.stop.asked() || answers.iter().any(|(_, _, answer)| *answer == Err(NoReport::Interrupted)) {
        return Err(nothing_changed().into());
    }
    let mut failed: Vec<Option<Problem>> = looked.iter().map(|_| None).collect();
    let mut read = vec![0; looked.len()];
    for (at, image, answer) in answers {
        match answer {
            Err(NoReport::Interrupted) => {}
            Ok(users) => {
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

/// Whether an image is shared, or was before it was disabled; `true` if unknown.
async fn shared(target: &Target, image: &Image) -> Result<bool, ApiError> {
    let own = image.owner.as_ref();
    let others = |with: &Principal| !matches!(with, Principal::Account(id) if Some(id) == own);
    let now = launch_permissions(target, &image.id).await?;
    Ok(before_disabling(image).is_none_or(|before| now.iter().chain(&before).any(others)))
}
