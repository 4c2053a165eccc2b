//! What a destroying run did, image by image: failures are values here, and the end of a run follows from them.

use super::failure::Kind;
use super::ids::{AccountId, ImageId, SnapshotId};
use super::region::Region;

/// An error as a report carries it: EC2's code and message, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// EC2's error code, or amictl's own word where EC2 gave none.
    pub code: String,
    /// What went wrong.
    pub message: String,
}

/// What became of one snapshot of a deregistered image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotResult {
    /// Gone; looked at again to make sure.
    Deleted,
    /// Left alone, as another image is made of it.
    KeptShared,
    /// Left alone, as the user asked.
    Kept,
    /// Still there, and it should not be.
    Failed(Problem),
}

/// How the work on one image ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Everything that was to be done is done.
    Done,
    /// Something is left to do.
    Failed(Problem),
    /// Left alone, for this reason.
    Skipped(Problem),
}

/// The outcome for one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The account the image belongs to.
    pub account: Option<AccountId>,
    /// The region it is in.
    pub region: Region,
    /// The image.
    pub image_id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// How it ended.
    pub status: Status,
    /// What became of each of its snapshots.
    pub snapshots: Vec<(SnapshotId, SnapshotResult)>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// One outcome for every image the run was to work on.
    pub results: Vec<Outcome>,
}

impl Report {
    /// How many images are done, failed and skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        self.results.iter().fold((0, 0, 0), |(done, failed, skipped), outcome| match outcome.status {
            Status::Done => (done + 1, failed, skipped),
            Status::Failed(_) => (done, failed + 1, skipped),
            Status::Skipped(_) => (done, failed, skipped + 1),
        })
    }

    /// How the run ends: `None` when nothing failed.
    ///
    /// A skipped image is no failure: it was left alone on purpose, and the report says why.
    pub fn failure(&self) -> Option<Kind> {
        match self.counts() {
            (_, 0, _) => None,
            (0, _, 0) if self.results.iter().all(|r| r.snapshots.is_empty()) => Some(Kind::Failed),
            _ => Some(Kind::Partial),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: Status, snapshots: Vec<(SnapshotId, SnapshotResult)>) -> Outcome {
        Outcome {
            account: None,
            region: "us-east-1".parse().unwrap(),
            image_id: "ami-01234567".parse().unwrap(),
            name: None,
            status,
            snapshots,
        }
    }

    fn problem() -> Problem {
        Problem { code: "AuthFailure".into(), message: "no".into() }
    }

    fn end(results: Vec<Outcome>) -> Option<Kind> {
        Report { results }.failure()
    }

    #[test]
    fn the_end_follows_from_the_outcomes() {
        let done = || outcome(Status::Done, Vec::new());
        let failed = || outcome(Status::Failed(problem()), Vec::new());
        let skipped = || outcome(Status::Skipped(problem()), Vec::new());
        assert_eq!(end(vec![]), None);
        assert_eq!(end(vec![done(), skipped()]), None);
        assert_eq!(end(vec![failed(), failed()]), Some(Kind::Failed));
        assert_eq!(end(vec![done(), failed()]), Some(Kind::Partial));
        assert_eq!(end(vec![skipped(), failed()]), Some(Kind::Partial));
    }

    #[test]
    fn an_image_gone_with_a_snapshot_left_is_partly_done() {
        let left = vec![("snap-01234567".parse().unwrap(), SnapshotResult::Failed(problem()))];
        assert_eq!(end(vec![outcome(Status::Failed(problem()), left)]), Some(Kind::Partial));
    }
}
