//! Everything about one image that `show` has found out.

use std::collections::BTreeSet;

use super::permissions::principal::Principal;
use super::problem::PlaceError;
use super::usage::source::Usage;
use crate::domain::image::{Image, ImageSnapshot};
use crate::domain::lineage::{Origin, Sight};
use crate::domain::reference::alias_name;
use crate::domain::region::Region;
use crate::domain::snapshot::Snapshot;

/// An image with all that was found out about it.
#[derive(Debug, Clone)]
pub struct Details {
    /// The image.
    pub image: Image,
    /// Who may launch it; `None` where that could not be seen.
    pub launch_permissions: Option<BTreeSet<Principal>>,
    /// Those of its snapshots that can be seen; `None` where they could not be read.
    pub snapshots: Option<Vec<Snapshot>>,
    /// What it was copied from, if it was.
    pub copied_from: Option<(Origin, Sight)>,
    /// Its copies, and copies of those, the nearest first.
    pub copies: Vec<Image>,
    /// The regions that were read to find them.
    pub regions: BTreeSet<Region>,
    /// In how many accounts.
    pub accounts: usize,
    /// Whether the run is over several accounts.
    pub several: bool,
    /// Where there may be more, as nobody could look.
    pub blind: Vec<Blind>,
    /// Who uses it.
    pub usage: Usage,
    /// What its snapshots cost a month at most, in US dollars; `None` where others pay for them.
    pub monthly_cost: Option<f64>,
    /// What could not be read, beside sources of use.
    pub errors: Vec<PlaceError>,
}

/// Where copies could not be looked for. The account is named where it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blind {
    /// In one region of an account.
    Region(Option<String>, Region),
    /// In all regions of an account but the one that was looked into.
    OtherRegions(Option<String>),
    /// In a whole account.
    Account(Option<String>),
}

impl Details {
    /// What EC2 says of one of its snapshots, where it could be read.
    pub fn snapshot(&self, of: &ImageSnapshot) -> Option<&Snapshot> {
        self.snapshots.iter().flatten().find(|snapshot| snapshot.id == of.id)
    }

    /// What its aliases are called.
    pub fn aliases(&self) -> Option<Vec<String>> {
        let family = self.image.parsed_name.as_ref().map(|name| name.family());
        let parameters = self.usage.aliases(&self.image.id)?;
        Some(parameters.into_iter().map(|parameter| alias_name(parameter, family)).collect())
    }
}
