//! Orphans: snapshots that were made for an image which is gone, and that no image is made of.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::age::Age;
use super::ids::{ImageId, SnapshotId};
use super::policy::KEEP_TAG;
use super::snapshot::Snapshot;
use super::tagging::{COPIED_FROM, Tags, backup_service};

/// What is known of the images of one account and region.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// All own images, disabled ones and those in the Recycle Bin too.
    pub images: BTreeSet<ImageId>,
    /// All snapshots that any of them is made of. EC2 does not tell those of images in the Recycle Bin.
    pub used: BTreeSet<SnapshotId>,
    /// Whether there is any image in the Recycle Bin.
    pub bin_in_use: bool,
}

/// The image a snapshot says it was made for.
///
/// EC2 writes it into the description, in its own words for CreateImage and for CopyImage. A snapshot that people
/// made has their words, and is nobody's orphan.
pub fn made_for(description: &str) -> Option<ImageId> {
    let created = description.strip_prefix("Created by CreateImage(").and_then(|rest| rest.split_once(") for "));
    let copied = description.strip_prefix("Copied for DestinationAmi ");
    let rest = created.map(|(_, rest)| rest).or(copied)?;
    rest.split([' ', '.', ',']).next()?.parse().ok()
}

/// Why a snapshot is an orphan; `None` for all that is not certainly one.
pub fn verdict(snapshot: &Snapshot, known: &Known, min_age: Age, now: DateTime<Utc>) -> Option<String> {
    let image = made_for(&snapshot.description);
    let why = match &image {
        Some(image) => format!("made for {image}, which is gone"),
        // Only snapshots of copies carry this tag. It does not say of which: one in the Recycle Bin may need them.
        None if known.bin_in_use => return None,
        None => format!("made for a copy of {}, and no image is made of it", snapshot.tags.get(COPIED_FROM)?),
    };
    let needed = known.used.contains(&snapshot.id) || image.is_some_and(|image| known.images.contains(&image));
    let old = snapshot.started_at.is_some_and(|at| at <= min_age.before(now));
    let stays = needed || !old || snapshot.state != "completed" || spoken_for(&snapshot.tags);
    (!stays).then_some(why)
}

fn spoken_for(tags: &Tags) -> bool {
    backup_service(tags).is_some() || tags.contains_key(KEEP_TAG)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GONE: &str = "ami-000000000000000aa";

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc()
    }

    fn snapshot(description: &str) -> Snapshot {
        Snapshot {
            id: "snap-00000001".parse().unwrap(),
            state: "completed".into(),
            percent: 100,
            size_gib: 8,
            kms_key: None,
            full_bytes: None,
            tier: None,
            started_at: Some(now() - chrono::TimeDelta::days(30)),
            description: description.into(),
            tags: Tags::new(),
        }
    }

    fn created() -> Snapshot {
        snapshot(&format!("Created by CreateImage(i-0123456789abcdef0) for {GONE}"))
    }

    fn is_orphan(snapshot: &Snapshot, known: &Known) -> bool {
        verdict(snapshot, known, Age::days(7), now()).is_some()
    }

    #[test]
    fn both_descriptions_of_ec2_are_read() {
        assert_eq!(made_for(&created().description), GONE.parse().ok());
        let copied =
            format!("Copied for DestinationAmi {GONE} from SourceAmi ami-00000002 for SourceSnapshot snap-00000003.");
        assert_eq!(made_for(&copied), GONE.parse().ok());
        for text in
            ["", "before the upgrade of ami-00000002", "Created by CreateImage(i-1)", "Copied for DestinationAmi "]
        {
            assert_eq!(made_for(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_is_certainly_left_over_is_an_orphan() {
        assert!(is_orphan(&created(), &Known::default()));
        let alive = Known { images: [GONE.parse().unwrap()].into(), ..Known::default() };
        assert!(!is_orphan(&created(), &alive));
        let used = Known { used: [created().id].into(), ..Known::default() };
        assert!(!is_orphan(&created(), &used));
        assert!(!is_orphan(&snapshot("made by hand"), &Known::default()));
        let young = Snapshot { started_at: Some(now()), ..created() };
        let undated = Snapshot { started_at: None, ..created() };
        let pending = Snapshot { state: "pending".into(), ..created() };
        assert!([young, undated, pending].iter().all(|s| !is_orphan(s, &Known::default())));
    }

    #[test]
    fn what_others_manage_is_theirs() {
        for key in ["aws:backup:source-resource", "aws:dlm:managed", "dlm:managed", "amictl:keep"] {
            let mut snapshot = created();
            snapshot.tags.insert(key.into(), "x".into());
            assert!(!is_orphan(&snapshot, &Known::default()), "{key}");
        }
    }

    #[test]
    fn a_copy_that_amictl_made_says_so_in_a_tag() {
        let mut copy = snapshot("");
        copy.tags.insert(COPIED_FROM.into(), "us-east-1/ami-00000009".into());
        assert!(is_orphan(&copy, &Known::default()));
        assert!(!is_orphan(&copy, &Known { bin_in_use: true, ..Known::default() }));
    }
}
