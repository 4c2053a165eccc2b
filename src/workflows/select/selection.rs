//! The images that a command works on, and the gaps of the search.

use std::collections::{BTreeSet, HashMap};

use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::problem::PlaceError;
use crate::service::Target;
use crate::workflows::lineage;

/// A selection of images.
#[derive(Clone)]
pub struct Selection {
    /// The images, each once, with the place of its owner, if that is part of the run.
    pub images: Vec<(Target, Image)>,
    /// Places that could not be read.
    pub errors: Vec<PlaceError>,
    /// Accounts that were not entered: failed ones, which `errors` has too, and inactive ones.
    pub unentered: Vec<PlaceError>,
    /// Every place that was entered.
    pub targets: Vec<Target>,
    /// Whether the run is over several accounts.
    pub several: bool,
    /// The gaps in the search.
    pub gaps: Gaps,
}

/// Gaps in the search; the final hint says how to fill them.
#[derive(Clone, Default)]
pub struct Gaps {
    /// The number of named images; the others are copies of those.
    pub named: usize,
    /// Places not searched for the references.
    pub unread: Vec<Target>,
    /// Places not searched for copies.
    pub unfollowed: Vec<Target>,
    /// Named images that are gone, and of which others came.
    pub gone: Vec<ImageId>,
}

impl Selection {
    /// The images by place.
    pub fn by_place(&self) -> Vec<(Target, Vec<Image>)> {
        let mut places: Vec<(Target, Vec<Image>)> = Vec::new();
        let mut at = HashMap::new();
        for (target, image) in &self.images {
            let at = *at.entry(target.key()).or_insert(places.len());
            match places.get_mut(at) {
                Some((_, images)) => images.push(image.clone()),
                None => places.push((target.clone(), vec![image.clone()])),
            }
        }
        places
    }

    /// The selection with other images.
    #[must_use]
    pub fn with(&self, images: Vec<(Target, Image)>) -> Self {
        Self { images, ..self.clone() }
    }
}

impl Selection {
    /// Adds the copies of the images, and copies of those, that are in these places.
    pub async fn follow(&mut self) {
        let roots: Vec<Image> = self.images.iter().map(|(_, image)| image.clone()).collect();
        let mut seen: BTreeSet<_> = roots.iter().map(|image| image.id.clone()).collect();
        let unread = &self.gaps.unread;
        let places = self.targets.iter().filter(|target| !unread.iter().any(|place| place.is(target)));
        let found = lineage::copies(places.cloned().collect(), &roots).await;
        for (place, error) in found.unread {
            let error = place.error(error.problem()).await;
            if !self.errors.contains(&error) {
                self.errors.push(error);
            }
            self.gaps.unfollowed.push(place);
        }
        self.images.extend(found.images.into_iter().filter(|(_, image)| seen.insert(image.id.clone())));
    }

    /// One place of each account.
    pub fn accounts(&self) -> Vec<&Target> {
        let mut accounts: Vec<&Target> = Vec::new();
        for target in &self.targets {
            if !accounts.iter().any(|account| account.same_account(target)) {
                accounts.push(target);
            }
        }
        accounts
    }
}
