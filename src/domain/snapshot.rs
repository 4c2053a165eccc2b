//! Snapshots, as far as images are made of them.

use chrono::{DateTime, Utc};

use super::ids::SnapshotId;
use super::tagging::Tags;

/// One EBS snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// `pending`, `completed`, `error`, `recoverable`, `recovering`.
    pub state: String,
    /// How far it has got, 0 to 100.
    pub percent: u8,
    /// The size of the volume in GiB: the most the snapshot can hold.
    pub size_gib: i64,
    /// When it was begun.
    pub started_at: Option<DateTime<Utc>>,
    /// The ARN of the key it is encrypted with; none when it is not encrypted.
    pub kms_key: Option<String>,
    /// What its maker wrote about it.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
}
