//! EBS snapshots, and command lines of the AWS CLI that find and delete them.

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
    /// Its progress in percent.
    pub percent: u8,
    /// The size of the volume in GiB: the most the snapshot can hold.
    pub size_gib: i64,
    /// The size of all written blocks in bytes, including those shared with earlier snapshots. EC2 does not report it
    /// for every snapshot.
    pub full_bytes: Option<i64>,
    /// The ARN of the key it is encrypted with.
    pub kms_key: Option<String>,
    /// Its storage tier: `standard` or `archive`.
    pub tier: Option<String>,
    /// The time it was started.
    pub started_at: Option<DateTime<Utc>>,
    /// The volume it was created from; for a copy, EC2 writes an id that consists of `f` only.
    pub volume_id: Option<String>,
    /// The description its creator gave.
    pub description: String,
    /// Its tags.
    pub tags: Tags,
}

impl Snapshot {
    /// Whether EC2 created it from a volume of this account and region: neither a copy nor written block by block.
    /// `false` in doubt.
    pub fn is_of_a_volume(&self) -> bool {
        let digits = self.volume_id.as_deref().and_then(|id| id.strip_prefix("vol-")).unwrap_or_default();
        digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            && digits.bytes().any(|byte| !byte.eq_ignore_ascii_case(&b'f'))
    }
}

/// The command line that deletes a snapshot.
pub fn delete_line(region: &Region, snapshot: &SnapshotId) -> String {
    format!("aws ec2 delete-snapshot --region {region} --snapshot-id {snapshot}")
}

/// The command line that finds the snapshots whose description names an image.
pub fn search_line(region: &Region, image: &ImageId) -> String {
    format!(
        "aws ec2 describe-snapshots --region {region} --owner-ids self --filters 'Name=description,Values=*{image}*'"
    )
}
