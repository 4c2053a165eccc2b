//! The use of the images of one account and region.

use crate::domain::ids::AccountId;
use crate::domain::image::Image;
use crate::domain::problem::PlaceError;
use crate::domain::region::Region;
use crate::domain::retention::SharedWith;
use crate::domain::usage::accounts::UnreadAccount;
use crate::domain::usage::source::Usage;
use crate::service::Target;

/// One account and region with its images and their use.
pub struct PlaceUsage<'a> {
    /// The place.
    pub target: &'a Target,
    /// Its account, if known.
    pub account: Option<AccountId>,
    /// Its images, or those in question.
    pub images: &'a [Image],
    /// The use found in it.
    pub usage: &'a mut Usage,
    /// The launch permissions of its images, if a rule needs them.
    pub shares: &'a SharedWith,
}

impl PlaceUsage<'_> {
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
pub type Pick<'p> = &'p (dyn for<'a> Fn(&PlaceUsage<'a>) -> Vec<&'a Image> + Sync);

/// Accounts that could not be entered count as unread in all regions.
pub fn unread_accounts(errors: &[PlaceError]) -> Vec<UnreadAccount> {
    errors.iter().map(|error| unread(error, None)).collect()
}

/// A place that could not be read.
pub fn unread(error: &PlaceError, region: Option<Region>) -> UnreadAccount {
    let account = error.account.as_ref().and_then(|account| account.parse().ok());
    UnreadAccount { account, region, problem: error.problem.clone() }
}
