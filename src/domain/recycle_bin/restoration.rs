//! Restoring an image from the Recycle Bin: the journal's record, and what is missing afterwards.

use std::collections::BTreeSet;

use super::contents::{BinnedImage, BinnedSnapshot};
use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::image::Image;
use crate::domain::journal::{JournaledImage, WRITTEN_BEFORE};
use crate::domain::orphan::made_for;
use crate::domain::tags::{RETIRE, Tags};

/// An image to be restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restoration {
    /// The image.
    pub id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// Whether it is in the bin; otherwise it already exists.
    pub in_bin: bool,
    /// The known ones of its snapshots in the bin.
    pub restore: Vec<SnapshotId>,
    /// Its existing snapshots.
    pub there: Vec<SnapshotId>,
    /// Its snapshots that neither exist nor are in the bin.
    pub missing: Vec<SnapshotId>,
    /// Whether all its snapshots are known.
    pub certain: bool,
    /// The journal's record of its deregistration.
    pub before: Option<JournaledImage>,
    /// The record, if missing tags or permissions may have been removed on purpose since: nothing of it is put back.
    pub doubtful: Option<JournaledImage>,
}

impl Restoration {
    /// The tags of the restored image with those to be put back; those of the journal while it is not restored.
    pub fn tags(&self, image: Option<&Image>) -> Option<Tags> {
        let Some(image) = image else {
            return self.before.as_ref().or(self.doubtful.as_ref()).map(|then| then.tags.clone());
        };
        let more = self.before.iter().flat_map(|then| then.lacking_tags(image, &[])).flat_map(|(tags, _)| tags);
        Some(image.tags.clone().into_iter().chain(more).collect())
    }

    /// An image in the bin; `there` are the existing ones of the journaled snapshots.
    ///
    /// Without the journal, its snapshots are those whose description by EC2 names it.
    pub fn of_binned(
        image: &BinnedImage,
        bin: &[BinnedSnapshot],
        there: &BTreeSet<SnapshotId>,
        remembered: Option<JournaledImage>,
    ) -> Self {
        let known = remembered.as_ref().map(|before| before.snapshots.iter().cloned().collect());
        let certain = known.is_some();
        let ids: BTreeSet<SnapshotId> = known.unwrap_or_else(|| in_bin_for(&image.id, bin).into_iter().collect());
        let is_binned = |id: &SnapshotId| bin.iter().any(|snapshot| snapshot.id == *id);
        let (restore, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(is_binned);
        let (there, missing) = others.into_iter().partition(|id| there.contains(id));
        let of_then = remembered.filter(JournaledImage::is_of_deregistration);
        let before = of_then.filter(|then| image.entered_at.is_some_and(|entered| entered - then.at <= WRITTEN_BEFORE));
        let (id, name) = (image.id.clone(), image.name.clone());
        Self { id, name, in_bin: true, restore, there, missing, certain, before, doubtful: None }
    }

    /// An image that already exists: tags and permissions may still be missing. They are put back only if amictl
    /// restored it: it may never have been deregistered, or someone else restored and changed it since.
    pub fn of_present(image: &Image, remembered: Option<JournaledImage>) -> Self {
        let of_then = remembered.filter(JournaledImage::is_of_deregistration);
        let ours = of_then.as_ref().is_some_and(JournaledImage::came_back);
        let (before, doubtful) = if ours { (of_then, None) } else { (None, of_then) };
        Self {
            id: image.id.clone(),
            name: image.name.clone(),
            in_bin: false,
            restore: Vec::new(),
            there: image.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect(),
            missing: Vec::new(),
            certain: true,
            before,
            doubtful,
        }
    }

    /// Whether the restored image carries the tag of the retirement that deregistered it: its stages are over, and the
    /// next run would deregister it again. A later retirement goes on.
    pub fn retires_still(&self, image: &Image) -> bool {
        let then = self.before.as_ref().and_then(|before| before.tags.get(RETIRE));
        image.tags.get(RETIRE).is_some_and(|now| self.in_bin || then == Some(now))
    }

    /// Its label in messages: its name with the id, or the id alone.
    pub fn label(&self) -> String {
        self.name.as_ref().map_or_else(|| self.id.to_string(), |name| format!("{name} ({})", self.id))
    }
}

/// Snapshots in the bin whose description by EC2 names this image.
pub fn in_bin_for(image: &ImageId, bin: &[BinnedSnapshot]) -> Vec<SnapshotId> {
    let own = bin.iter().filter(|snapshot| made_for(&snapshot.description).as_ref() == Some(image));
    own.map(|snapshot| snapshot.id.clone()).collect()
}

#[cfg(test)]
#[path = "restoration_tests.rs"]
mod tests;
