//! The log of requests.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

/// One request as it was seen.
#[derive(Clone, Debug)]
pub struct Call {
    /// Service, e.g. `ec2`.
    pub service: String,
    /// Operation.
    pub action: String,
    /// Region it was signed for.
    pub region: String,
    /// Account of its key; empty when the key is unknown.
    pub account: String,
    /// Parameters as sent.
    pub params: BTreeMap<String, String>,
    /// Whether it was a dry run.
    pub dry_run: bool,
    /// The world's time when it came.
    pub at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done and answered.
    Ok,
    /// Refused with this code; `DryRunOperation` for a good dry run.
    Error(String),
    /// Done, but the answer was lost or cut.
    Lost,
    /// Neither done nor answered.
    Dropped,
}
