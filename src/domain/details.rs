//! The details of one image that `show` prints.

use std::collections::BTreeSet;

use super::image::{Image, ImageSnapshot};
use super::lineage::{Origin, Sight};
use super::permissions::principal::Principal;
use super::problem::PlaceError;
use super::reference::alias_name;
use super::region::Region;
use super::snapshot::Snapshot;
use super::tested::Tested;
use super::tested_lineage::Standing;
use super::usage::source::Usage;

/// An image with its permissions, snapshots, copies, use and cost.
#[derive(Debug, Clone)]
pub struct Details {
    /// The image.
    pub image: Image,
    /// Its launch permissions; `None` if they could not be read.
    pub launch_permissions: Option<BTreeSet<Principal>>,
    /// The visible ones of its snapshots; `None` if none could be read.
    pub snapshots: Option<Vec<Snapshot>>,
    /// The verdict of a boot test that it stands on; `None` where no source could have one.
    pub standing: Option<Standing>,
    /// The image it was copied from.
    pub copied_from: Option<(Origin, Sight)>,
    /// The image of the instance that it was made from.
    pub made_from: Option<(Origin, Sight)>,
    /// Its copies and their copies, the nearest first.
    pub copies: Vec<Image>,
    /// The images made from instances of it.
    pub children: Vec<Image>,
    /// The regions searched for copies.
    pub regions: BTreeSet<Region>,
    /// The number of accounts searched.
    pub accounts: usize,
    /// Whether the run is over several accounts.
    pub several: bool,
    /// Places with possibly more copies, as they could not be searched.
    pub blind: Vec<Blind>,
    /// Its use.
    pub usage: Usage,
    /// The monthly cost of its snapshots in US dollars, at most; `None` if another account pays.
    pub monthly_cost: Option<f64>,
    /// Read errors other than those of sources of use.
    pub errors: Vec<PlaceError>,
}

/// A place that could not be searched for copies. It names the account if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blind {
    /// One region of an account.
    Region(Option<String>, Region),
    /// All regions of an account except the one that was searched.
    OtherRegions(Option<String>),
    /// All regions of an account.
    Account(Option<String>),
}

impl Details {
    /// EC2's description of one of its snapshots, if it could be read.
    pub fn snapshot(&self, of: &ImageSnapshot) -> Option<&Snapshot> {
        self.snapshots.iter().flatten().find(|snapshot| snapshot.id == of.id)
    }

    /// The source on whose verdict it stands, having none of its own.
    pub fn tested_source(&self) -> Option<(&Image, &Tested)> {
        match &self.standing {
            Some(Standing::Tested(by, tested)) if by.id != self.image.id => Some((by, tested)),
            Some(Standing::Tested(..) | Standing::Untested(_) | Standing::Unread(_)) | None => None,
        }
    }

    /// The names of its aliases; `None` if they could not be read.
    pub fn aliases(&self) -> Option<Vec<String>> {
        let family = self.image.family().map(|family| family.word);
        let parameters = self.usage.aliases(&self.image.id)?;
        Some(parameters.into_iter().map(|parameter| alias_name(parameter, family)).collect())
    }
}
