//! What to copy to an account, what was made, and what failed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Error, Result};

use crate::domain::image::Image;
use crate::domain::lineage;
use crate::domain::problem::PlaceError;
use crate::domain::region::Region;
use crate::domain::report::Outcome;
use crate::domain::tags::{CopyTags, Tags};
use crate::service::Target;
use crate::service::copy::{Encryption, Request};
use crate::workflows::follow_up::Steps;

/// What to copy to an account, and how.
#[derive(Clone)]
pub struct Copies {
    /// The account, in the region of the source.
    pub target: Target,
    /// What messages call the account, where there are several.
    pub whose: Option<String>,
    /// The image, as the account sees it.
    pub source: Image,
    /// Its owner, where that is another account that can be entered.
    pub owner: Option<Target>,
    /// The regions.
    pub to: BTreeSet<Region>,
    /// The name of the copies.
    pub name: String,
    /// How each region encrypts; regions without an entry as the source.
    pub encryption: BTreeMap<Region, Encryption>,
    /// Whether tags are copied.
    pub tags: bool,
    /// Whether to wait.
    pub wait: bool,
    /// What is done to each copy.
    pub steps: Steps,
}

impl Copies {
    /// Plain copies of `source` under its own name, to no region yet.
    pub fn of(target: Target, source: Image) -> Self {
        let name = source.name.clone().unwrap_or_else(|| source.id.to_string());
        Self {
            target,
            whose: None,
            source,
            owner: None,
            to: BTreeSet::new(),
            name,
            encryption: BTreeMap::new(),
            tags: true,
            wait: true,
            steps: Steps::default(),
        }
    }

    /// A region as messages name it.
    pub fn at(&self, region: &Region) -> String {
        match &self.whose {
            Some(account) => format!("account {account}, region {region}"),
            None => region.to_string(),
        }
    }

    /// How the copy in a region is encrypted.
    pub fn encryption(&self, region: &Region) -> Encryption {
        self.encryption.get(region).cloned().unwrap_or(Encryption::AsSource)
    }

    /// What messages say of something that failed: a region, or all of an account.
    pub fn failing(&self, region: Option<&Region>) -> String {
        match (region, &self.whose) {
            (None, Some(account)) => format!("account {account}"),
            _ => self.at(region.unwrap_or(&self.target.region)),
        }
    }

    /// The options of a command line that the owner of the image runs.
    pub fn owner_options(&self) -> String {
        match &self.owner {
            Some(owner) => owner.options(),
            None => format!("--region {}", self.source.region),
        }
    }

    /// What EC2 is asked for in a region.
    pub fn request(&self, region: &Region) -> Request {
        let tags = CopyTags {
            source: &self.source.tags,
            old_name: self.source.name.as_deref().unwrap_or_default(),
            new_name: &self.name,
            origin: lineage::mark(&self.source),
        };
        Request {
            source: self.source.clone(),
            name: self.name.clone(),
            encryption: self.encryption(region),
            tags: if self.tags { tags.tags() } else { Tags::new() },
        }
    }
}

/// What a run has made, and what was done to it.
#[derive(Default)]
pub struct Made {
    /// The images.
    pub images: Vec<Image>,
    /// The steps taken with them, and those that could not be.
    pub steps: Vec<Outcome>,
    /// Where no image could be made.
    pub errors: Vec<PlaceError>,
}

/// Copies to one account that are not made.
pub struct Failed {
    /// Which account: the place of its copies in the list of all.
    pub of: usize,
    /// The region that failed; all of them where the account cannot copy the image at all.
    pub region: Option<Region>,
    /// Why.
    pub error: Error,
}

/// What became of one copy.
pub struct Copied {
    pub of: usize,
    pub region: Region,
    pub result: Result<Image>,
    pub steps: Vec<Outcome>,
}

/// The accounts that are not refused, as places in the list of all.
pub fn open<'a>(all: &'a [Copies], refused: &'a [Failed]) -> impl Iterator<Item = usize> + use<'a> {
    (0..all.len()).filter(|of| !refused.iter().any(|failed| failed.of == *of))
}

/// An account that is to copy an image.
pub struct CopySource {
    /// The account, in the region of the image.
    pub target: Target,
    /// The image; it is `own` where it belongs to this account.
    pub image: Image,
    /// Its owner, where that is another account that can be entered.
    pub owner: Option<Target>,
    /// Why this account cannot copy it, where that is known before EC2 is asked.
    pub refusal: Option<Error>,
}
