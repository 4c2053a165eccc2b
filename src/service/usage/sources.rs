//! Reads all sources of use concurrently and merges them; a new source is called here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::FutureExt;

use super::catalog::{Catalog, explained};
use super::files::Files;
use super::found::Found;
use super::{
    auto_scaling_groups, ec2_fleets, image_references, instances, launch_configurations, launch_templates,
    spot_requests, ssm_parameters,
};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::problem::Problem;
use crate::domain::report::Warning;
use crate::domain::usage::source::{Reference, Source, SourceState, SourceStatus, Usage};
use crate::service::client::target::Target;
use crate::service::client::workers;

/// The scope of a search for use.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Sources left out at the user's request.
    pub without: BTreeSet<Source>,
    /// Files and folders in which image ids count as use.
    files: Arc<Files>,
}

impl Scope {
    /// All sources but those `without`, and `files`, which are read once for all places.
    pub fn new(without: BTreeSet<Source>, files: Vec<PathBuf>) -> Self {
        Self { without, files: Arc::new(Files::new(files)) }
    }
}

/// Reads every source in scope, all pages of each, as of `now`. `done` is called after each.
///
/// Only DescribeImageReferences needs the `candidates`: the other sources are read while these are still being found.
pub async fn find(
    target: &Target,
    candidates: impl Future<Output = BTreeSet<ImageId>> + Send + 'static,
    scope: &Scope,
    now: DateTime<Utc>,
    done: &(dyn Fn(Source) + Send + Sync),
) -> Usage {
    let account = target.account().await.ok().cloned();
    let catalog = Arc::new(Catalog::new(target.clone()));
    let files = (!scope.files.is_empty()).then_some(Source::Files);
    let candidates = candidates.map(Arc::new).shared();
    let read = Source::ALL.into_iter().chain(files).map(|source| {
        let (target, catalog) = (target.clone(), Arc::clone(&catalog));
        let (candidates, files) = (candidates.clone(), Arc::clone(&scope.files));
        async move {
            let found = match scope.without.contains(&source) {
                true => None,
                false => {
                    let read = Box::pin(async move { read(source, &target, &catalog, candidates, &files, now).await });
                    Some(workers::run(read).await)
                }
            };
            done(source);
            (source, found)
        }
    });
    let (mut usage, mut warnings) = (Usage::default(), Vec::new());
    for (source, found) in futures::future::join_all(read).await {
        let status = match found {
            None => SourceStatus::Skipped,
            Some(Err(problem)) => SourceStatus::Failed(problem),
            Some(Ok(found)) => {
                found.references.into_iter().for_each(|(image, reference)| usage.add(image, reference));
                found.snapshots.into_iter().for_each(|(id, reference)| usage.add_snapshot(id, reference));
                found.current.into_iter().for_each(|reference| usage.add_current(reference));
                usage.dead.extend(found.dead);
                warnings.extend(found.warnings);
                SourceStatus::Ok { read: found.read }
            }
        };
        usage.sources.push(SourceState { account: account.clone(), region: target.region.clone(), source, status });
    }
    usage.dead.sort_unstable();
    usage.dead.dedup();
    // Several sources may find the same dead reference.
    warnings.sort_by(|a: &Problem, b| (&a.message, &a.code).cmp(&(&b.message, &b.code)));
    warnings.dedup();
    let account = account.map(|account| account.to_string());
    let place = |problem| Warning { account: account.clone(), region: target.region.clone(), problem };
    usage.warnings = warnings.into_iter().map(place).collect();
    usage
}

async fn read(
    source: Source,
    target: &Target,
    catalog: &Catalog,
    candidates: impl Future<Output = Arc<BTreeSet<ImageId>>>,
    files: &Files,
    now: DateTime<Utc>,
) -> Result<Found, Problem> {
    match source {
        Source::Instances => instances::read(target).await,
        Source::LaunchTemplates => launch_templates::read(catalog).await,
        Source::LaunchConfigurations => launch_configurations::read(target, catalog).await,
        Source::AutoScalingGroups => auto_scaling_groups::read(target, catalog).await,
        Source::SpotRequests => spot_requests::read(target, catalog).await,
        Source::Ec2Fleets => ec2_fleets::read(target, catalog).await,
        Source::SsmParameters => ssm_parameters::read(target, now).await,
        Source::ImageReferences => image_references::read(target, &*candidates.await).await,
        Source::Files => files.read().await,
        // These are read elsewhere: across all accounts, and per image.
        Source::Accounts | Source::UsageReports => Ok(Found::default()),
    }
}

/// EC2's references to images in a place, including those of other accounts.
pub async fn references(target: &Target, images: &BTreeSet<ImageId>) -> Result<Vec<(ImageId, Reference)>, Problem> {
    Ok(image_references::read(target, images).await?.references)
}

/// The snapshots from which launch templates, launch configurations and Spot requests create volumes, whether their
/// images exist or not. Fails if one of these sources cannot be read completely.
pub async fn snapshots(target: &Target) -> Result<BTreeMap<SnapshotId, BTreeSet<Reference>>, Problem> {
    let of = |source: Source| move |problem| explained(source.as_str(), problem);
    let found = futures::future::join3(
        launch_templates::snapshots(target),
        launch_configurations::snapshots(target),
        spot_requests::snapshots(target),
    );
    let (templates, configurations, spot) = found.await;
    let all = [
        templates.map_err(of(Source::LaunchTemplates))?,
        configurations.map_err(of(Source::LaunchConfigurations))?,
        spot.map_err(of(Source::SpotRequests))?,
    ];
    let mut by_snapshot = BTreeMap::<_, BTreeSet<_>>::new();
    for (snapshot, reference) in all.into_iter().flat_map(|found| found.snapshots) {
        by_snapshot.entry(snapshot).or_default().insert(reference);
    }
    Ok(by_snapshot)
}
