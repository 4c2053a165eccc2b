//! The images of a run, arranged for the questions of rules.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::facts::{AuditFacts, AuditPlace};
use super::limits::AuditLimits;
use crate::domain::behind::{Distance, FamilyRank, distance};
use crate::domain::family::ImageFamily;
use crate::domain::ids::{AccountId, ImageId};
use crate::domain::image::{Image, State};
use crate::domain::naming::{Date, Family, ImageName, next_version};
use crate::domain::order::newest_first;
use crate::domain::region::Region;

type Members<'f> = HashMap<(ImageFamily<'f>, Option<&'f AccountId>, &'f Region), Vec<&'f Image>>;

/// The images of a run.
#[derive(Debug)]
pub struct Inventory<'f> {
    /// All facts.
    pub facts: &'f AuditFacts,
    /// The limits.
    pub limits: &'f AuditLimits,
    /// Own images of all places, with the index of the place.
    own: HashMap<&'f ImageId, (usize, &'f Image)>,
    /// Families with their images, the newest first.
    families: Members<'f>,
    /// Whether every place was entered and its images were listed, so that what is not there is nowhere.
    pub complete: bool,
}

/// An image as a place sees it.
#[derive(Debug, Clone, Copy)]
pub enum ImageSight<'f> {
    /// It is there.
    Seen(&'f Image),
    /// It is deregistered, or the account cannot see it.
    Gone,
    /// That could not be read.
    Unknown,
}

impl<'f> Inventory<'f> {
    /// The images of these facts.
    pub fn new(facts: &'f AuditFacts, limits: &'f AuditLimits) -> Self {
        let (mut own, mut families) = (HashMap::new(), Members::new());
        for (at, place) in facts.places.iter().enumerate() {
            for image in place.images.iter().flatten() {
                own.insert(&image.id, (at, image));
                if let Some(family) = image.family() {
                    families.entry((family, image.owner.as_ref(), &image.region)).or_default().push(image);
                }
            }
        }
        families.values_mut().for_each(|members| members.sort_by(|a, b| newest_first(a, b)));
        let read = |place: &AuditPlace| place.images.is_some() && place.others.is_some();
        let complete = !facts.unentered && facts.places.iter().all(read);
        Self { facts, limits, own, families, complete }
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.facts.now
    }

    /// Every own image with its place, but for those that are deregistered already.
    pub fn images(&self) -> impl Iterator<Item = (&'f AuditPlace, &'f Image)> {
        let places = self.facts.places.iter();
        let images = places.flat_map(|place| place.images.iter().flatten().map(move |image| (place, image)));
        images.filter(|(_, image)| image.state != State::Deregistered)
    }

    /// Own images that can be launched.
    pub fn available(&self) -> impl Iterator<Item = (&'f AuditPlace, &'f Image)> {
        self.images().filter(|(_, image)| image.state == State::Available)
    }

    /// An image that an account of the run owns, with its place.
    pub fn own(&self, id: &ImageId) -> Option<(&'f AuditPlace, &'f Image)> {
        self.own.get(id).map(|(at, image)| (&self.facts.places[*at], *image))
    }

    /// An image as a place sees it, with the tags that its owner sees.
    pub fn sight(&self, place: &'f AuditPlace, id: &ImageId) -> ImageSight<'f> {
        let owned = self.own(id);
        let image = match owned {
            Some((owner, image)) if owner.account == place.account && owner.region == place.region => image,
            _ => match (&place.others, &place.images) {
                (Some(others), Some(_)) => match (others.get(id), owned) {
                    (None, _) => return ImageSight::Gone,
                    (Some(_), Some((_, image))) | (Some(image), None) => image,
                },
                _ => return ImageSight::Unknown,
            },
        };
        match image.state {
            State::Deregistered => ImageSight::Gone,
            _ => ImageSight::Seen(image),
        }
    }

    /// The families, each with its images in one account and region, the newest first.
    pub fn families(&self) -> impl Iterator<Item = (ImageFamily<'f>, &[&'f Image])> {
        self.families.iter().map(|((family, ..), members)| (*family, members.as_slice()))
    }

    /// The newest image of the family of an own image that can be used.
    pub fn newest(&self, image: &'f Image) -> Option<&'f Image> {
        let members = self.members(image)?;
        members.iter().find(|member| member.usable(self.now())).copied()
    }

    /// The newest image of a family of amictl's names in a place that can be used.
    pub fn newest_of(&self, place: &AuditPlace, family: &Family) -> Option<&'f Image> {
        let key = (ImageFamily { word: family.as_str(), pattern: None }, place.account.as_ref(), &place.region);
        self.families.get(&key)?.iter().find(|member| member.usable(self.now())).copied()
    }

    /// The name by amictl's rule of the next version of the family of an own image.
    pub fn next_name(&self, image: &'f Image) -> Option<ImageName> {
        let family = image.parsed_name.as_ref()?.family();
        let names = self.members(image)?.iter().filter_map(|member| member.parsed_name.as_ref());
        let version = next_version(family, names).ok()?;
        ImageName::new(family.clone(), version, Date::try_from(self.now().date_naive()).ok()?).ok()
    }

    /// How far an own image is behind the newest of its family.
    pub fn behind(&self, image: &'f Image) -> Option<Distance> {
        distance(&FamilyRank::of(image), self.newest(image)?, self.members(image)?)
    }

    fn members(&self, image: &'f Image) -> Option<&[&'f Image]> {
        let key = (image.family()?, image.owner.as_ref(), &image.region);
        self.families.get(&key).map(Vec::as_slice)
    }
}
