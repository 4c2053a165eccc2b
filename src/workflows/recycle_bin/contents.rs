//! The contents of the Recycle Bin in all places.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::journal::JournaledImage;
use crate::domain::problem::PlaceError;
use crate::domain::recycle_bin::contents::{Binned, BinnedImage, BinnedSnapshot};
use crate::service::client::error::ApiError;
use crate::service::{Target, recycle_bin, snapshots};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;

/// The contents of the bin of one place.
pub struct BinContents {
    /// The place.
    pub target: Target,
    /// The images in it.
    pub images: Vec<BinnedImage>,
    /// The snapshots in it, or why they could not be read.
    pub snapshots: Result<Vec<BinnedSnapshot>, ApiError>,
}

/// A place that could not be read.
pub struct UnreadBin {
    /// The place and its problem, for a report.
    pub place: PlaceError,
    api: Option<ApiError>,
}

impl UnreadBin {
    /// From EC2's error in a place.
    pub async fn of(target: &Target, error: ApiError) -> Self {
        Self { place: target.error(error.problem()).await, api: Some(error) }
    }

    /// Whether the whole account could not be entered, so that EC2 was not asked.
    pub fn is_of_account(&self) -> bool {
        self.api.is_none()
    }

    /// The error that ends a run without any other result.
    pub fn error(&self) -> anyhow::Error {
        match &self.api {
            Some(error) => error.clone().into(),
            None => anyhow::anyhow!("{} [{}]", self.place.problem.message, self.place.problem.code),
        }
    }
}

/// Reads the bins of all places concurrently; unreadable ones are returned as errors.
pub async fn read(context: &Context) -> Result<(Vec<BinContents>, Vec<UnreadBin>)> {
    let places = context.session().await?.places().await.some()?;
    let each = concurrency::each(LOOKUPS, places.targets, |target| async {
        match tokio::join!(recycle_bin::images(&target), recycle_bin::snapshots(&target)) {
            (Ok(images), snapshots) => Ok(BinContents { target, images, snapshots }),
            (Err(error), _) => Err(UnreadBin::of(&target, error).await),
        }
    });
    let mut bins = Vec::new();
    let mut troubles: Vec<_> = places.errors.into_iter().map(|place| UnreadBin { place, api: None }).collect();
    for read in each.await {
        match read {
            Ok(bin) => bins.push(bin),
            Err(trouble) => troubles.push(trouble),
        }
    }
    Ok((bins, troubles))
}

/// The images in the bin of one place, with their known snapshots.
pub async fn in_bin(context: &Context, bin: &BinContents, known: &BTreeMap<ImageId, JournaledImage>) -> Vec<Binned> {
    let place = (bin.target.region.clone(), bin.target.account().await.ok().cloned());
    let unknown = |what: &str, error: &ApiError| {
        context.printer.say(format!("the snapshots {what} {} are unknown: {error}", bin.target.region));
    };
    let in_bin = match &bin.snapshots {
        Ok(in_bin) => in_bin.as_slice(),
        Err(error) => {
            unknown("in the Recycle Bin of", error);
            &[]
        }
    };
    let of = |image: &BinnedImage| known.get(&image.id).map(|before| before.snapshots.as_slice());
    let held: BTreeSet<&SnapshotId> = in_bin.iter().map(|snapshot| &snapshot.id).collect();
    let others = bin.images.iter().filter_map(of).flatten().filter(|id| !held.contains(id));
    let others: BTreeSet<SnapshotId> = others.cloned().collect();
    // Snapshots that are not in the bin may never have been deleted. An unreadable bin proves nothing.
    let there = match bin.snapshots.as_ref().ok() {
        Some(_) => {
            snapshots::existing(&bin.target, &Vec::from_iter(others)).await.inspect_err(|e| unknown("of", e)).ok()
        }
        None => None,
    };
    let there = there.map(|found| found.into_iter().map(|snapshot| snapshot.id).collect::<BTreeSet<_>>());
    let each = bin.images.iter();
    each.map(|image| Binned::new(image.clone(), place.clone(), of(image), in_bin, there.as_ref())).collect()
}
