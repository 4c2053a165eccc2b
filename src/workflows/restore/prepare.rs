//! The preparation of `restore`: finds each image with its snapshots, and refuses what cannot return.
//!
//! Refusals come before anything changes; places that could not be read are reported, and the others go on.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::journal::JournaledImage;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::recycle_bin::contents::{BinnedImage, BinnedSnapshot};
use crate::domain::recycle_bin::restoration::Restoration;
use crate::domain::report::{Outcome, Status, Verb};
use crate::service::client::error::ApiError;
use crate::service::images::{self, Query};
use crate::service::{Target, snapshots};
use crate::workflows::recycle_bin::contents::{self, BinContents, UnreadBin};
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::{self, Context};
use crate::workflows::run::journal::JournalFile;

/// The work in one place.
pub struct Place {
    /// The place.
    pub target: Target,
    /// The images to restore there.
    pub comebacks: Vec<Restoration>,
    /// All snapshots in the bin.
    pub bin: BTreeSet<SnapshotId>,
    /// The reason to refuse all of them.
    refusal: Option<Failure>,
}

/// The work in all places.
pub struct Work {
    /// The work by place.
    pub places: Vec<Place>,
    /// Images that could not be read.
    pub left: Vec<Outcome>,
    /// Places that could not be read.
    pub errors: Vec<PlaceError>,
}

/// Finds every image and its snapshots, and refuses those that cannot be restored. Changes nothing.
pub async fn prepare(context: &Context, wanted: BTreeSet<ImageId>, journal: &JournalFile) -> Result<Work> {
    let ((bins, mut troubles), known) =
        tokio::try_join!(contents::read(context), journal.remembered(context, wanted.clone()))?;
    let searched: Vec<_> =
        bins.iter().map(|bin| format!("{} (images there: {})", bin.target.region, bin.images.len())).collect();
    let mut left = wanted;
    let bins = bins.into_iter().map(|mut bin| {
        bin.images.retain(|image| left.remove(&image.id));
        bin
    });
    let looked = concurrency::each(LOOKUPS, bins.collect::<Vec<_>>(), |bin| in_bin(bin, &known)).await;
    let (mut places, mut lost) = (Vec::new(), Vec::new());
    for (place, trouble) in looked {
        if let Some((images, trouble)) = trouble {
            let why = "the Recycle Bin could not be read";
            lost.extend(images.into_iter().map(|image| outcome(&trouble.place, image.id, image.name, why)));
            troubles.push(trouble);
        }
        places.push(place);
    }
    // An existing image may lack something if an earlier run was interrupted.
    let ids: Vec<_> = left.iter().cloned().collect();
    let present = concurrency::each(LOOKUPS, &places, |place| images::own_by_ids(&place.target, &ids)).await;
    for (place, images) in places.iter_mut().zip(present) {
        match images {
            Err(error) => troubles.push(UnreadBin::of(&place.target, error).await),
            Ok(images) => {
                let images = images.into_iter().filter(|image| left.remove(&image.id));
                let each = images.map(|image| Restoration::of_present(&image, known.get(&image.id).cloned()));
                place.comebacks.extend(each);
            }
        }
    }
    let nothing = places.iter().all(|place| place.comebacks.is_empty());
    let first = left.first().map(|id| nowhere(id, &searched, troubles.first()));
    if let Some(first) = first.filter(|_| nothing || troubles.is_empty()) {
        return Err(first);
    }
    if let Some(trouble) = troubles.first().filter(|_| nothing) {
        return Err(trouble.error());
    }
    // Their place is unknown: they are reported with a place that could not be read.
    if let Some(trouble) = troubles.first() {
        lost.extend(left.into_iter().map(|id| {
            let why = not_found(&id, trouble);
            outcome(&trouble.place, id, None, &why)
        }));
    }
    let errors: Vec<_> = troubles.into_iter().map(|trouble| trouble.place).collect();
    let refusal = places.iter().find_map(|place| place.comebacks.iter().find_map(|one| whole(place, one)));
    if let Some(refusal) = refusal.or_else(|| places.iter_mut().find_map(|place| place.refusal.take())) {
        // These errors may be the reason.
        context::tell_errors(context, &errors);
        return Err(refusal.into());
    }
    places.retain(|place| !place.comebacks.is_empty());
    Ok(Work { places, left: lost, errors })
}

/// The work for the bin of a place; if the bin's snapshots cannot be read, the images instead.
async fn in_bin(
    bin: BinContents,
    known: &BTreeMap<ImageId, JournaledImage>,
) -> (Place, Option<(Vec<BinnedImage>, UnreadBin)>) {
    let BinContents { target, images, snapshots } = bin;
    let mut place = Place { target, comebacks: Vec::new(), bin: BTreeSet::new(), refusal: None };
    if images.is_empty() {
        return (place, None);
    }
    let found = match snapshots {
        Ok(in_bin) => comebacks(&mut place, &images, &in_bin, known).await,
        Err(error) => Err(error),
    };
    match found {
        Ok(()) => (place, None),
        Err(error) => {
            place.comebacks.clear();
            let trouble = UnreadBin::of(&place.target, error).await;
            (place, Some((images, trouble)))
        }
    }
}

async fn comebacks(
    place: &mut Place,
    images: &[BinnedImage],
    in_bin: &[BinnedSnapshot],
    known: &BTreeMap<ImageId, JournaledImage>,
) -> Result<(), ApiError> {
    place.bin = in_bin.iter().map(|snapshot| snapshot.id.clone()).collect();
    let told = images.iter().filter_map(|image| known.get(&image.id)).flat_map(|before| &before.snapshots);
    let told: Vec<_> = told.filter(|id| !place.bin.contains(id)).cloned().collect();
    let there = snapshots::existing(&place.target, &told).await?.into_iter().map(|snapshot| snapshot.id).collect();
    let each = images.iter().map(|image| Restoration::of_binned(image, in_bin, &there, known.get(&image.id).cloned()));
    place.comebacks.extend(each);
    place.refusal = taken(place).await?;
    Ok(())
}

/// Refuses an image whose name is taken, as EC2 would, but before its snapshots are restored.
async fn taken(place: &Place) -> Result<Option<Failure>, ApiError> {
    let (region, mut names) = (&place.target.region, BTreeMap::new());
    let refused = |one: &Restoration, why: String, hint: String| {
        let message = format!("{} in {region} cannot come back: {why}", one.label());
        Failure::new(Kind::Failed, "InvalidAMIName.Duplicate", message).hint(hint)
    };
    for one in &place.comebacks {
        let Some(name) = &one.name else { continue };
        if let Some(other) = names.insert(name.clone(), &one.id) {
            let why = format!("{other}, which is to come back too, has the same name");
            return Ok(Some(refused(one, why, "names are unique: restore one of them".to_owned())));
        }
    }
    for some in names.into_keys().collect::<Vec<_>>().chunks(images::FILTER_VALUES) {
        let holders = images::find(&place.target, &Query::own().filter("name", some.to_vec())).await?;
        for one in place.comebacks.iter().filter(|one| one.name.is_some()) {
            if let Some(holder) = holders.iter().find(|holder| holder.name == one.name) {
                let hint = format!("names are unique: deregister {} first, if it may go", holder.id);
                return Ok(Some(refused(one, format!("{} has its name", holder.id), hint)));
            }
        }
    }
    Ok(None)
}

fn whole(place: &Place, comeback: &Restoration) -> Option<Failure> {
    if comeback.missing.is_empty() {
        return None;
    }
    let (label, region) = (comeback.label(), &place.target.region);
    let missing: Vec<_> = comeback.missing.iter().map(SnapshotId::as_str).collect();
    let message = format!(
        "{label} in {region} cannot come back: of its snapshots, {} are neither there nor in the Recycle Bin",
        missing.join(", ")
    );
    let hint = "no rule held them, or they have left the bin; nothing was changed";
    Some(Failure::new(Kind::Refused, "MissingSnapshots", message).hint(hint))
}

fn nowhere(id: &ImageId, searched: &[String], trouble: Option<&UnreadBin>) -> anyhow::Error {
    if let Some(trouble) = trouble {
        return trouble.error().context(not_found(id, trouble));
    }
    let message =
        format!("{id} is not in the Recycle Bin of {}, and no image of the account there", searched.join(", "));
    Failure::new(Kind::Failed, "InvalidAMIID.NotFound", message)
        .hint(
            "see what is there with: amictl restore --region all. An image that no rule held when it was \
             deregistered, or that has left the bin, is gone for good",
        )
        .into()
}

fn not_found(id: &ImageId, trouble: &UnreadBin) -> String {
    let region = &trouble.place.region;
    match &trouble.place.account {
        Some(account) if trouble.is_of_account() => {
            format!("{id} was not found, and account {account} could not be read")
        }
        _ => format!("{id} was not found, and the Recycle Bin of {region} could not be read"),
    }
}

/// The outcome for an image of an unreadable place.
fn outcome(place: &PlaceError, id: ImageId, name: Option<String>, why: &str) -> Outcome {
    let message = format!("{why}: {}", place.problem.message);
    Outcome {
        account: place.account.as_ref().and_then(|account| account.parse().ok()),
        region: place.region.clone(),
        verb: Verb::Restore,
        status: Status::Failed(Problem { code: place.problem.code.clone(), message }),
        image_id: id,
        name,
        tags: None,
        changed: false,
        detail: None,
        snapshots: Vec::new(),
    }
}
