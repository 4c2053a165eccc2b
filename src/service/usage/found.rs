//! What a source found: how much it looked at, what names which image, and what names none.

use crate::domain::ids::{ImageId, SnapshotId};
use crate::domain::problem::{DEAD_REFERENCE, Problem};
use crate::domain::text::snapshot_ids;
use crate::domain::usage::source::{Reference, Source};

/// What one source found.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    /// How many things were looked at.
    pub(super) read: usize,
    pub(super) references: Vec<(ImageId, Reference)>,
    pub(super) snapshots: Vec<(SnapshotId, Reference)>,
    pub(super) warnings: Vec<Problem>,
}

/// Who names images.
#[derive(Debug, Clone, Copy)]
pub(super) struct User<'a> {
    pub(super) source: Source,
    pub(super) kind: &'static str,
    pub(super) id: &'a str,
    /// Its kind as people call it.
    pub(super) called: &'static str,
}

impl User<'_> {
    fn reference(&self, detail: &str) -> Reference {
        Reference { source: self.source, kind: self.kind, id: self.id.to_owned(), detail: detail.to_owned() }
    }
}

/// What a text in the place of an image comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// All of these images.
    Images(Vec<ImageId>),
    /// Nothing: that it launches nothing is certain. With why.
    Dead(String),
}

impl Found {
    /// Notes that something names `image`, where EC2 itself says so. A name that is not an image id is a problem: it
    /// may stand for any image.
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

    /// Notes an image that is named in a text, whatever else that says.
    pub(super) fn mention(&mut self, source: Source, image: ImageId, kind: &'static str, id: &str, detail: String) {
        self.references.push((image, Reference { source, kind, id: id.to_owned(), detail }));
    }

    /// Notes the images that a user names.
    pub(super) fn uses(&mut self, user: &User<'_>, images: Vec<ImageId>, detail: &str) {
        self.references.extend(images.into_iter().map(|image| (image, user.reference(detail))));
    }

    /// Notes the snapshots that the volumes of a user are made of. Every id in such a text counts.
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

    /// Notes a reference that leads nowhere.
    pub(super) fn dead(&mut self, message: String) {
        self.warnings.push(Problem { code: DEAD_REFERENCE.to_owned(), message });
    }
}
