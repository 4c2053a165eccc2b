//! Snapshots, as far as images are made of them.

use chrono::{DateTime, Utc};

use super::ids::{ImageId, SnapshotId};
use super::region::Region;
use super::tags::Tags;

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
    /// The volume it was taken of; EC2 writes an id of nothing but `f` for a copy of another snapshot.
    pub volume_id: Option<String>,
    /// What its maker wrote about it.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
}

impl Snapshot {
    /// Whether EC2 took it of a volume of this account, in this region: it is no copy of another snapshot, nor made of
    /// blocks that somebody wrote. In doubt it is not.
    pub fn is_of_a_volume(&self) -> bool {
        let digits = self.volume_id.as_deref().and_then(|id| id.strip_prefix("vol-")).unwrap_or_default();
        digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            && digits.bytes().any(|byte| !byte.eq_ignore_ascii_case(&b'f'))
    }
}

/// The command line that deletes one snapshot, whatever it is.
pub fn delete_line(region: &Region, snapshot: &SnapshotId) -> String {
    format!("aws ec2 delete-snapshot --region {region} --snapshot-id {snapshot}")
}

/// The command line that finds the snapshots which EC2 says it made for an image.
pub fn search_line(region: &Region, image: &ImageId) -> String {
    format!(
        "aws ec2 describe-snapshots --region {region} --owner-ids self --filters 'Name=description,Values=*{image}*'"
    )
}
