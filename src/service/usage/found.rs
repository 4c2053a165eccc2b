//! The findings of one source: items read, references and dead references.

use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::problem::{DEAD_REFERENCE, Problem};
use crate::domain::text::snapshot_ids;
use crate::domain::usage::source::{DeadReference, Reference, Source};

/// The findings of one source.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    /// The number of items read.
    pub(super) read: usize,
    pub(super) references: Vec<(ImageId, Reference)>,
    pub(super) snapshots: Vec<(SnapshotId, Reference)>,
    pub(super) warnings: Vec<Problem>,
    /// Users that name an image which certainly does not exist.
    pub(super) dead: Vec<DeadReference>,
    /// The references of versions of templates that are the default or the latest.
    pub(super) current: Vec<Reference>,
}

/// A resource that names images.
#[derive(Debug, Clone, Copy)]
pub(super) struct User<'a> {
    pub(super) source: Source,
    pub(super) kind: &'static str,
    pub(super) id: &'a str,
    /// Its kind, in words for people.
    pub(super) called: &'static str,
}

impl User<'_> {
    pub(super) fn reference(&self, detail: &str) -> Reference {
        Reference { source: self.source, kind: self.kind, id: self.id.to_owned(), detail: detail.to_owned() }
    }
}

/// The resolved text of an image field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// These images.
    Images(Vec<ImageId>),
    /// Certainly no image, and why.
    Dead(String),
}

impl Found {
    /// Records a reference to `image` from EC2 itself. A text that is not an image id is a problem: it may stand for
    /// any image.
    pub(super) fn add(
        &mut self,
        source: Source,
        image: Option<&str>,
        kind: &'static str,
        id: &str,
        detail: String,
    ) -> Result<(), Problem> {
        let Some(image) = image.filter(|text| !text.is_empty()) else { return Ok(()) };
        let image = image.parse().map_err(|error| Problem {
            code: "UnreadableImage".to_owned(),
            message: format!("{kind} {id} ({detail}): {error}"),
        })?;
        self.references.push((image, Reference { source, kind, id: id.to_owned(), detail }));
        Ok(())
    }

    /// Records an image whose id was found in a text.
    pub(super) fn mention(&mut self, source: Source, image: ImageId, kind: &'static str, id: &str, detail: String) {
        self.references.push((image, Reference { source, kind, id: id.to_owned(), detail }));
    }

    /// Records the images that a user names.
    pub(super) fn uses(&mut self, user: &User<'_>, images: Vec<ImageId>, detail: &str) {
        self.references.extend(images.into_iter().map(|image| (image, user.reference(detail))));
    }

    /// Records the snapshots of a user's volumes. Every id in these texts counts.
    pub(super) fn volumes<'t>(
        &mut self,
        user: &User<'_>,
        snapshots: impl IntoIterator<Item = Option<&'t str>>,
        detail: &str,
    ) {
        for text in snapshots.into_iter().flatten().filter(|text| !text.is_empty()) {
            let before = self.snapshots.len();
            self.snapshots.extend(snapshot_ids(text).map(|id| (id, user.reference(detail))));
            if self.snapshots.len() == before {
                self.dead(format!("{} {} ({detail}) names '{text}', which is no snapshot id", user.called, user.id));
            }
        }
    }

    /// Records a dead reference.
    pub(super) fn dead(&mut self, message: String) {
        self.warnings.push(Problem { code: DEAD_REFERENCE.to_owned(), message });
    }

    /// Records a user whose reference to an image is dead.
    pub(super) fn dead_image(&mut self, user: &User<'_>, message: String) {
        self.dead.push(DeadReference { kind: user.kind, id: user.id.to_owned(), message: message.clone() });
        self.dead(message);
    }
}
