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
    /// The size of all blocks that were written, in bytes, those shared with earlier snapshots too. EC2 does not tell
    /// it of every snapshot.
    pub full_bytes: Option<i64>,
    /// The ARN of the key it is encrypted with.
    pub kms_key: Option<String>,
    /// Where it is stored: `standard` or `archive`.
    pub tier: Option<String>,
    /// When it was begun.
    pub started_at: Option<DateTime<Utc>>,
    /// What its maker wrote about it.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
}
