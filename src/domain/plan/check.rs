//! Checks of a saved plan before it is applied: unchanged, recent, and made in these accounts.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::document::{Plan, VERSION};
use crate::domain::age::{Age, ago};
use crate::domain::ids::AccountId;

/// A plan that must not be applied.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unusable {
    /// Not a plan.
    #[error("it is not a plan: {0}")]
    NotAPlan(String),
    /// Changed since it was written.
    #[error("it was changed after it was made: its digest does not match")]
    Edited,
    /// Too old.
    #[error("it was made {age} ago; the limit is {most}")]
    TooOld {
        /// Its age.
        age: String,
        /// The maximum age.
        most: Age,
    },
    /// Dated in the future.
    #[error("it is dated {0}, which is in the future")]
    FromTheFuture(DateTime<Utc>),
    /// Made in other accounts.
    #[error("it was made in account {plan}, and this is account {here}")]
    OtherAccount {
        /// The accounts of the plan.
        plan: String,
        /// The accounts of this run.
        here: String,
    },
}

impl Plan {
    /// Reads a saved plan and checks its digest.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        let wrong = |error: serde_json::Error| Unusable::NotAPlan(error.to_string());
        let value: Value = serde_json::from_str(text).map_err(wrong)?;
        let plan: Self = serde_json::from_value(value.clone()).map_err(wrong)?;
        match plan {
            Self { version, .. } if version != VERSION => {
                Err(Unusable::NotAPlan(format!("version {version} is not known; this amictl reads version {VERSION}")))
            }
            Self { ref kind, .. } if kind != "plan" => Err(Unusable::NotAPlan(format!("it is a {kind}"))),
            Self { digest: ref written, .. } if *written != digest(value) => Err(Unusable::Edited),
            plan => Ok(plan),
        }
    }

    /// Whether the plan may be applied now, in these accounts.
    pub fn check(&self, here: &BTreeSet<AccountId>, most: Age, now: DateTime<Utc>) -> Result<(), Unusable> {
        if self.created_at > now + TimeDelta::minutes(5) {
            return Err(Unusable::FromTheFuture(self.created_at));
        }
        if self.created_at < most.before(now) {
            return Err(Unusable::TooOld { age: ago(self.created_at, now), most });
        }
        // Plans of earlier versions have no list of accounts.
        let made_in: BTreeSet<AccountId> = self.accounts.iter().chain(&self.account).cloned().collect();
        let text = |accounts: &BTreeSet<AccountId>| match accounts.is_empty() {
            true => "unknown".to_owned(),
            false => accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join(", "),
        };
        match made_in == *here {
            true => Ok(()),
            false => Err(Unusable::OtherAccount { plan: text(&made_in), here: text(here) }),
        }
    }
}

/// The digest of a plan without its field `digest`. Keys are sorted, so only content counts, not layout.
pub fn digest(mut plan: Value) -> String {
    if let Some(fields) = plan.as_object_mut() {
        fields.remove("digest");
    }
    hex(Sha256::digest(plan.to_string()).as_slice())
}

/// The digest of a new plan. Its rows are converted one by one: all of them together would take more memory than the
/// images.
pub(super) fn digest_of(plan: &mut Plan) -> String {
    let (actions, kept) = (std::mem::take(&mut plan.actions), std::mem::take(&mut plan.kept));
    let head = serde_json::to_value(&*plan).unwrap_or_default();
    let mut sum = Sha256::new();
    let fields = head.as_object().into_iter().flatten().filter(|(name, _)| *name != "digest");
    for (n, (name, value)) in fields.enumerate() {
        sum.update(if n == 0 { "{" } else { "," });
        sum.update(format!("{}:", Value::from(name.as_str())));
        match name.as_str() {
            "actions" => rows(&mut sum, &actions),
            "kept" => rows(&mut sum, &kept),
            _ => sum.update(value.to_string()),
        }
    }
    sum.update("}");
    (plan.actions, plan.kept) = (actions, kept);
    hex(sum.finalize().as_slice())
}

fn rows(sum: &mut Sha256, rows: &[impl Serialize]) {
    sum.update("[");
    for (n, row) in rows.iter().enumerate() {
        sum.update(if n == 0 { "" } else { "," });
        sum.update(serde_json::to_value(row).unwrap_or_default().to_string());
    }
    sum.update("]");
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
