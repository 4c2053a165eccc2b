//! References to images found by the sources of use, and the verdicts that follow from them.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::ids::{AccountId, ImageId, SnapshotId};
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::domain::report::Warning;

pub use super::kind::Source;

/// The kind of a reference by an alias.
pub const ALIAS: &str = "alias";

/// Something that names an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Its source.
    pub source: Source,
    /// Its kind, e.g. `launch-template`.
    pub kind: &'static str,
    /// Its id, name or ARN.
    pub id: String,
    /// A precise label, e.g. `web:3` for version 3 of the template `web`.
    pub detail: String,
}

/// A user that names an image which certainly does not exist: the text is no id, or the parameter holds none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadReference {
    /// The kind of the user, e.g. `launch-template`.
    pub kind: &'static str,
    /// Its id or name.
    pub id: String,
    /// What it names, and why that is nothing.
    pub message: String,
}

/// The status of reading a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceStatus {
    /// Read completely.
    Ok {
        /// The number of items read.
        read: usize,
    },
    /// Not read completely: no conclusion from what it did not name.
    Failed(Problem),
    /// Left out at the user's request.
    Skipped,
}

/// One source in one place, and its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// The account, where known.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The source.
    pub source: Source,
    /// Its status.
    pub status: SourceStatus,
}

/// The use of the images of one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    references: BTreeMap<ImageId, BTreeSet<Reference>>,
    /// References that create volumes from a snapshot, other than by its images.
    snapshots: BTreeMap<SnapshotId, BTreeSet<Reference>>,
    /// Snapshots that an unreadable account may name, and why it was not read.
    snapshot_doubts: BTreeMap<SnapshotId, Problem>,
    /// Images in doubt because of a source that leaves doubt about some images only.
    doubts: BTreeMap<ImageId, BTreeSet<Source>>,
    /// The references of versions of templates that are the default or the latest.
    current: BTreeSet<Reference>,
    /// Users that name an image which certainly does not exist.
    pub dead: Vec<DeadReference>,
    /// Every source, read or not.
    pub sources: Vec<SourceState>,
    /// Dead references, which use nothing.
    pub warnings: Vec<Warning>,
}

/// The verdict on the use of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UseVerdict<'a> {
    /// These name it.
    InUse(Vec<&'a Reference>),
    /// No reference is known, but these sources could not be read.
    Unverified(Vec<&'a SourceState>),
    /// All sources except skipped ones were read, and none names it.
    Unused,
}

impl Usage {
    /// Adds a reference to `image`. Adding it twice is harmless.
    pub fn add(&mut self, image: ImageId, reference: Reference) {
        self.references.entry(image).or_default().insert(reference);
    }

    /// All references to the image.
    pub fn references(&self, image: &ImageId) -> Vec<&Reference> {
        self.references.get(image).into_iter().flatten().collect()
    }

    /// All images in use, with each reference.
    pub fn all(&self) -> impl Iterator<Item = (&ImageId, &Reference)> {
        self.references.iter().flat_map(|(image, by)| by.iter().map(move |reference| (image, reference)))
    }

    /// Adds a reference to a snapshot in the block device mapping of a launch.
    pub fn add_snapshot(&mut self, snapshot: SnapshotId, reference: Reference) {
        self.snapshots.entry(snapshot).or_default().insert(reference);
    }

    /// All such references to a snapshot: templates, launch configurations, Spot requests.
    pub fn snapshot_references(&self, snapshot: &SnapshotId) -> Vec<&Reference> {
        self.snapshots.get(snapshot).into_iter().flatten().collect()
    }

    /// Records that an unreadable account may name the snapshot.
    pub fn doubt_snapshot(&mut self, snapshot: SnapshotId, why: Problem) {
        self.snapshot_doubts.insert(snapshot, why);
    }

    /// The doubt whether another account names the snapshot.
    pub fn snapshot_doubt(&self, snapshot: &SnapshotId) -> Option<&Problem> {
        self.snapshot_doubts.get(snapshot)
    }

    /// All snapshots in use, with each reference.
    pub fn all_snapshots(&self) -> impl Iterator<Item = (&SnapshotId, &Reference)> {
        self.snapshots.iter().flat_map(|(snapshot, by)| by.iter().map(move |reference| (snapshot, reference)))
    }

    /// All images in use, with their references.
    pub fn by_image(&self) -> impl Iterator<Item = (&ImageId, &BTreeSet<Reference>)> {
        self.references.iter()
    }

    /// Records that a version of a template is its default or latest.
    pub fn add_current(&mut self, reference: Reference) {
        self.current.insert(reference);
    }

    /// Whether a reference launches, or makes others launch, as things are now: older versions of templates and of
    /// aliases do not, nor do files.
    pub fn in_force(&self, reference: &Reference) -> bool {
        match reference.source {
            Source::Instances
            | Source::LaunchConfigurations
            | Source::AutoScalingGroups
            | Source::SpotRequests
            | Source::Ec2Fleets => true,
            Source::LaunchTemplates => self.current.contains(reference),
            Source::SsmParameters => reference.id == reference.detail,
            Source::ImageReferences | Source::Files | Source::Accounts | Source::UsageReports => false,
        }
    }

    /// Records a doubt about this image from a source.
    pub fn doubt(&mut self, image: ImageId, source: Source) {
        self.doubts.entry(image).or_default().insert(source);
    }

    /// Copies the references, doubts and states of one source from an earlier reading.
    pub fn take(&mut self, before: &Self, source: Source) {
        let found = before.all().filter(|(_, reference)| reference.source == source);
        found.for_each(|(image, reference)| self.add(image.clone(), reference.clone()));
        let doubts = before.doubts.iter().filter(|(_, sources)| sources.contains(&source));
        doubts.for_each(|(image, _)| self.doubt(image.clone(), source));
        self.sources.extend(before.sources.iter().filter(|state| state.source == source).cloned());
    }

    /// Whether there is a doubt about this image alone.
    pub fn doubtful(&self, image: &ImageId) -> bool {
        self.doubts.contains_key(image)
    }

    /// The unread sources that may name the image.
    pub fn unread(&self, image: &ImageId) -> Vec<&SourceState> {
        let doubts = self.doubts.get(image);
        let counts = |source: Source| !source.by_image() || doubts.is_some_and(|sources| sources.contains(&source));
        self.failed().into_iter().filter(|state| counts(state.source)).collect()
    }

    /// The SSM parameters that are aliases of the image now; `None` if they could not be read.
    ///
    /// The previous image of an alias has a reference by it too, with a detail, but no alias.
    pub fn aliases(&self, image: &ImageId) -> Option<Vec<&str>> {
        let of = |source: Source| {
            let found = self.references(image).into_iter().filter(move |r| r.kind == ALIAS && r.source == source);
            found.map(|r| (r.id.as_str(), r.detail.as_str()))
        };
        let read = |source: Source| {
            let state = self.sources.iter().find(|state| state.source == source);
            state.is_some_and(|state| matches!(state.status, SourceStatus::Ok { .. }))
        };
        if read(Source::SsmParameters) {
            return Some(of(Source::SsmParameters).filter(|(id, detail)| id == detail).map(|(id, _)| id).collect());
        }
        let seen: Vec<_> = of(Source::ImageReferences).map(|(id, _)| id).collect();
        (!seen.is_empty()).then_some(seen)
    }

    /// The sources that could not be read.
    pub fn failed(&self) -> Vec<&SourceState> {
        self.sources.iter().filter(|s| matches!(s.status, SourceStatus::Failed(_))).collect()
    }

    /// The verdict on the image. A single failed source is enough for doubt.
    pub fn verdict(&self, image: &ImageId) -> UseVerdict<'_> {
        let references = self.references(image);
        if !references.is_empty() {
            return UseVerdict::InUse(references);
        }
        match self.unread(image) {
            failed if failed.is_empty() => UseVerdict::Unused,
            failed => UseVerdict::Unverified(failed),
        }
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
