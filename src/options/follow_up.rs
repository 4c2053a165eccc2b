//! Options for what is done to a new image once it is available.

use std::collections::BTreeSet;

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::domain::age::Age;
use crate::domain::change::{objection_to_date, whole_minute};
use crate::domain::failure::Failure;
use crate::domain::permissions::principal::Principal;
use crate::workflows::follow_up::Steps;

/// The steps a user asks for.
#[derive(Debug, Clone, clap::Args)]
pub struct FollowUpArgs {
    /// Account or organization ARN to share it with; repeatable
    #[arg(long, value_name = "ACCOUNT|ARN", value_delimiter = ',', conflicts_with = "no_wait")]
    pub share_with: Vec<Principal>,

    /// Deprecate it this long after its creation, e.g. 180d
    #[arg(long, value_name = "SPAN", conflicts_with = "no_wait")]
    pub deprecate_after: Option<Age>,

    /// Protect it from deregistration once it is available
    #[arg(long, conflicts_with = "no_wait")]
    pub protect: bool,
}

impl FollowUpArgs {
    /// The steps; refuses a deprecation that EC2 would refuse.
    pub fn steps(&self, now: DateTime<Utc>) -> Result<Steps> {
        let share: BTreeSet<Principal> = self.share_with.iter().cloned().collect();
        if let Some(span) = self.deprecate_after
            && let Some(objection) = objection_to_date(whole_minute(span.after(now)), now)
        {
            return Err(Failure::usage(format!("--deprecate-after {span}: {objection}")).into());
        }
        Ok(Steps { share, deprecate: self.deprecate_after, protect: self.protect, several: false })
    }
}
