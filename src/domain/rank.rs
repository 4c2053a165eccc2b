//! The rank of images in their families, counted from the newest.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::family::ImageFamily;
use super::image::{Image, State};
use super::image_service::ImageService;
use super::order::{latest_first, newest_first};

/// The rank of an image in its family; the newest has 1. The order that a pattern captures and the time of creation may
/// disagree: an image stays if either rank keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    /// By version, or by the order in its name.
    pub by_order: usize,
    /// By time of creation; the same for images that amictl named.
    pub by_time: usize,
}

impl Rank {
    /// The better of both.
    pub fn best(self) -> usize {
        self.by_order.min(self.by_time)
    }

    /// The rank that keeps the image among the newest `keep`, in words, and the other where they disagree.
    pub fn kept(self, keep: usize) -> String {
        match (self.by_order, self.by_time) {
            (order, time) if order == time => format!("number {order} of the newest {keep}"),
            (order, time) if order <= keep => {
                format!("number {order} of the newest {keep} by its name, but number {time} by creation time")
            }
            (order, time) => {
                format!("number {time} of the newest {keep} by creation time, but number {order} by its name")
            }
        }
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.by_order == self.by_time {
            true => write!(f, "number {}", self.by_order),
            false => write!(f, "number {} by its name and {} by creation time", self.by_order, self.by_time),
        }
    }
}

/// The family of an image, and the rule that covers it, by its index.
pub type Placed<'a> = (Option<ImageFamily<'a>>, Option<usize>);

/// The rank of each image among those that share its family and its rule, newest first.
///
/// Failed and pending images have no rank, and disabled or revoked ones take none from working ones: N working images
/// stay, and so does a disabled one that is as new.
pub fn ranks(images: &[Image], placed: &[Placed<'_>]) -> Vec<Option<Rank>> {
    let mut groups: BTreeMap<(ImageFamily<'_>, usize), Vec<usize>> = BTreeMap::new();
    for (index, (family, rule)) in placed.iter().enumerate() {
        if let (Some(family), Some(rule), State::Available | State::Disabled) = (family, rule, &images[index].state) {
            groups.entry((*family, *rule)).or_default().push(index);
        }
    }
    let mut ranks = vec![None; images.len()];
    for members in groups.values_mut() {
        members.sort_by(|a, b| newest_first(&images[*a], &images[*b]));
        let by_order = counted(images, members);
        // Only a family that a pattern found can have two orders.
        let by_time = match members.iter().any(|index| images[*index].group.is_some()) {
            false => by_order.clone(),
            true => {
                let mut by_time = members.clone();
                by_time.sort_by(|a, b| latest_first(&images[*a], &images[*b]));
                counted(images, &by_time)
            }
        };
        for index in members {
            ranks[*index] = Some(Rank { by_order: by_order[index], by_time: by_time[index] });
        }
    }
    ranks
}

/// The rank of each of these images, which stand newest first.
fn counted(images: &[Image], members: &[usize]) -> BTreeMap<usize, usize> {
    let mut working = 0;
    let rank = |(place, index): (usize, &usize)| {
        let works = images[*index].state == State::Available && !images[*index].revoked();
        working += usize::from(works);
        (*index, if works { working } else { place + 1 })
    };
    members.iter().enumerate().map(rank).collect()
}

/// The newest image that EC2 Image Builder made in each family, by either order. Recipes may resolve to it without a
/// trace in EC2.
pub fn newest_built(images: &[Image], placed: &[Placed<'_>]) -> HashSet<usize> {
    let mut families: BTreeMap<ImageFamily<'_>, Vec<usize>> = BTreeMap::new();
    for (index, (family, _)) in placed.iter().enumerate() {
        let image = &images[index];
        let built =
            image.state == State::Available && ImageService::of(&image.tags) == Some(ImageService::ImageBuilder);
        if let (Some(family), true) = (family, built) {
            families.entry(*family).or_default().push(index);
        }
    }
    let newest = |members: &Vec<usize>| {
        let by_order = members.iter().min_by(|a, b| newest_first(&images[**a], &images[**b]));
        let by_time = members.iter().min_by(|a, b| latest_first(&images[**a], &images[**b]));
        by_order.into_iter().chain(by_time).copied().collect::<Vec<_>>()
    };
    families.values().flat_map(newest).collect()
}
