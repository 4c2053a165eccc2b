//! The copies to one account: the request, the images made, and the failures.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Error, Result};

use crate::domain::copy_duration::CopyDuration;
use crate::domain::cost;
use crate::domain::image::Image;
use crate::domain::lineage;
use crate::domain::problem::PlaceError;
use crate::domain::region::{Region, place};
use crate::domain::report::Outcome;
use crate::domain::tags::CopyTags;
use crate::service::Target;
use crate::service::copy::{Encryption, Request};
use crate::workflows::follow_up::FollowUp;

/// The copies to one account.
#[derive(Clone)]
pub struct CopyJob {
    /// The account, in the region of the source.
    pub target: Target,
    /// The account in messages, if there are several.
    pub whose: Option<String>,
    /// The image, as the account sees it.
    pub source: Image,
    /// Its owner, if that is another account that can be entered.
    pub owner: Option<Target>,
    /// The regions.
    pub to: BTreeSet<Region>,
    /// The name of the copies.
    pub name: String,
    /// The encryption by region; without an entry as the source.
    pub encryption: BTreeMap<Region, Encryption>,
    /// Whether tags are copied.
    pub tags: bool,
    /// The time within which EC2 is to complete each copy.
    pub within: Option<CopyDuration>,
    /// Whether to wait.
    pub wait: bool,
    /// The steps after each copy.
    pub steps: FollowUp,
}

impl CopyJob {
    /// Plain copies of `source` under its own name, without regions so far.
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
            within: None,
            wait: true,
            steps: FollowUp::default(),
        }
    }

    /// A region, for messages.
    pub fn at(&self, region: &Region) -> String {
        match &self.whose {
            Some(account) => place(Some(account), region),
            None => region.to_string(),
        }
    }

    /// The encryption of the copy in a region.
    pub fn encryption(&self, region: &Region) -> Encryption {
        self.encryption.get(region).cloned().unwrap_or(Encryption::AsSource)
    }

    /// The place of a failure, for messages: a region, or a whole account.
    pub fn failing(&self, region: Option<&Region>) -> String {
        match (region, &self.whose) {
            (None, Some(account)) => format!("account {account}"),
            _ => self.at(region.unwrap_or(&self.target.region)),
        }
    }

    /// The options of a command line for the image's owner.
    pub fn owner_options(&self) -> String {
        match &self.owner {
            Some(owner) => owner.options(),
            None => format!("--region {}", self.source.region),
        }
    }

    /// The request to EC2 in a region.
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
            tags: if self.tags { tags.tags() } else { tags.mark() },
            within: self.within,
        }
    }
}

/// The price of the time-based copies of these accounts, for people; `None` for standard copies.
pub fn cost<'a>(all: impl IntoIterator<Item = &'a CopyJob>) -> Option<String> {
    let all: Vec<_> = all.into_iter().collect();
    let within = all.iter().find_map(|copies| copies.within)?;
    let number = all.iter().map(|copies| copies.to.len()).sum();
    let gib = all.iter().flat_map(|copies| copies.to.iter().map(|_| cost::snapshot_gib([&copies.source]))).sum();
    Some(within.cost(number, gib))
}

/// The images of a run, and the outcomes of their steps.
#[derive(Default)]
pub struct Made {
    /// The images.
    pub images: Vec<Image>,
    /// The outcomes of their steps, successes and failures.
    pub steps: Vec<Outcome>,
    /// The places without an image.
    pub errors: Vec<PlaceError>,
}

/// A failed copy, or all of an account.
pub struct Failed {
    /// The index of the account in the list of all.
    pub of: usize,
    /// The failed region; `None` for all, if the account cannot copy the image at all.
    pub region: Option<Region>,
    /// The error.
    pub error: Error,
}

/// The result of one copy.
pub struct Copied {
    pub of: usize,
    pub region: Region,
    pub result: Result<Image>,
    pub steps: Vec<Outcome>,
}

/// The indexes of the accounts that were not refused.
pub fn open<'a>(all: &'a [CopyJob], refused: &'a [Failed]) -> impl Iterator<Item = usize> + use<'a> {
    (0..all.len()).filter(|of| !refused.iter().any(|failed| failed.of == *of))
}

/// An account that is to copy an image.
pub struct CopySource {
    /// The account, in the region of the image.
    pub target: Target,
    /// The image; it is `own` if this account owns it.
    pub image: Image,
    /// Its owner, if that is another account that can be entered.
    pub owner: Option<Target>,
    /// Why this account cannot copy it, if known without asking EC2.
    pub refusal: Option<Error>,
}
