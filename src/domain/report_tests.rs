//! Tests of reports and the ends of runs they lead to.

use super::*;
use crate::domain::image::testing::image;

fn outcome(status: Status, snapshots: Vec<(SnapshotId, SnapshotResult)>) -> Outcome {
    Outcome { snapshots, ..Outcome::new(&image(1, "web-v1-2026-01-02"), Verb::Deregister, true, status) }
}

fn problem() -> Problem {
    Problem { code: "AuthFailure".into(), message: "no".into() }
}

fn end(results: Vec<Outcome>) -> Option<Kind> {
    Report { results, ..Report::default() }.failure()
}

#[test]
fn the_end_follows_from_the_outcomes() {
    let done = || outcome(Status::Done, Vec::new());
    let failed = || Outcome { changed: false, ..outcome(Status::Failed(problem()), Vec::new()) };
    let skipped = || outcome(Status::Skipped(problem()), Vec::new());
    assert_eq!(end(vec![]), None);
    assert_eq!(end(vec![done(), skipped()]), None);
    assert_eq!(end(vec![failed(), failed()]), Some(Kind::Failed));
    assert_eq!(end(vec![done(), failed()]), Some(Kind::Partial));
    assert_eq!(end(vec![skipped(), failed()]), Some(Kind::Partial));
}

#[test]
fn what_failed_half_the_way_is_partly_done() {
    let (web, denied) = (image(1, "web-v1-2026-01-02"), Outcome::failed);
    let unseen = Problem { code: NOT_SEEN.into(), message: "EC2 accepted the call".into() };
    assert_eq!(end(vec![denied(&web, Verb::Disable, problem())]), Some(Kind::Failed));
    assert_eq!(end(vec![denied(&web, Verb::Disable, unseen)]), Some(Kind::Partial));
    let half = Outcome { changed: true, ..denied(&web, Verb::Enable, problem()) };
    assert_eq!(end(vec![half]), Some(Kind::Partial));
}

#[test]
fn a_place_that_could_not_be_worked_in_is_a_part_that_is_missing() {
    let error = PlaceError { account: None, region: "us-east-1".parse().unwrap(), problem: problem() };
    let done = outcome(Status::Done, Vec::new());
    let errors = vec![error];
    assert_eq!(
        Report { results: vec![done], errors: errors.clone(), ..Report::default() }.failure(),
        Some(Kind::Partial)
    );
    assert_eq!(Report { errors, ..Report::default() }.failure(), Some(Kind::Failed));
}

#[test]
fn an_image_gone_with_a_snapshot_left_is_partly_done() {
    let left = vec![("snap-01234567".parse().unwrap(), SnapshotResult::Failed(problem()))];
    assert_eq!(end(vec![outcome(Status::Failed(problem()), left)]), Some(Kind::Partial));
}
