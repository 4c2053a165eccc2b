//! Use of the images of one account and region.

use crate::domain::ids::AccountId;
use crate::domain::image::Image;
use crate::domain::problem::PlaceError;
use crate::domain::region::Region;
use crate::domain::retention::Shares;
use crate::domain::usage::accounts::Unread;
use crate::domain::usage::source::Usage;
use crate::service::Target;

/// One account and region that was looked into.
pub struct Looked<'a> {
    /// The place.
    pub target: &'a Target,
    /// Its account, where known.
    pub account: Option<AccountId>,
    /// Its images, or those of them that are asked about.
    pub images: &'a [Image],
    /// What it says of use.
    pub usage: &'a mut Usage,
    /// Who its images are shared with, where a rule asks for that.
    pub shares: &'a Shares,
}

impl Looked<'_> {
    /// Its region.
    pub fn region(&self) -> &Region {
        &self.target.region
    }

    /// Its account, for messages.
    pub fn name(&self) -> String {
        self.account.as_ref().map_or("unknown".to_owned(), ToString::to_string)
    }
}

/// Picks some images of a place.
pub type Pick<'p> = &'p (dyn for<'a> Fn(&Looked<'a>) -> Vec<&'a Image> + Sync);

/// Accounts that could not be entered, as such that could not be looked into in any region.
pub fn unread_accounts(errors: &[PlaceError]) -> Vec<Unread> {
    errors.iter().map(|error| unread(error, None)).collect()
}

/// A place that could not be looked into.
pub fn unread(error: &PlaceError, region: Option<Region>) -> Unread {
    let account = error.account.as_ref().and_then(|account| account.parse().ok());
    Unread { account, region, problem: error.problem.clone() }
}
