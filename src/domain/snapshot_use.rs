//! Use of snapshots other than by images: launch templates and the like that create volumes from them.
//!
//! Launches would fail without such a snapshot, whether its image exists or not.

use super::ids::SnapshotId;
use super::orphan::NamedSnapshots;
use super::reason::named;
use super::report::SnapshotResult;
use super::usage::source::{Source, SourceState, SourceStatus, Usage};

/// The sources that can name snapshots.
pub const NAMING: [Source; 3] = [Source::LaunchTemplates, Source::LaunchConfigurations, Source::SpotRequests];

/// The reason why a snapshot stays when its image is deregistered: something names it, or may, as a source was not read
/// completely. A source that was left out counts as unread too.
pub fn stays(usage: &Usage, snapshot: &SnapshotId) -> Option<SnapshotResult> {
    let by = usage.snapshot_references(snapshot);
    if !by.is_empty() {
        return Some(SnapshotResult::KeptInUse(named(by)));
    }
    let unread = usage.sources.iter().filter(|state| NAMING.contains(&state.source)).filter_map(unread);
    let unread: Vec<_> = unread.collect();
    match (unread.is_empty(), usage.snapshot_doubt(snapshot)) {
        (false, _) => Some(unknown(&unread.join("; "))),
        (true, doubt) => doubt.map(|problem| unknown(&problem.to_string())),
    }
}

/// As [`stays`], from the snapshots that templates and configurations name.
pub fn stays_by(named_snapshots: &NamedSnapshots, snapshot: &SnapshotId) -> Option<SnapshotResult> {
    match named_snapshots {
        Err(problem) => Some(unknown(&problem.to_string())),
        Ok(all) => all.get(snapshot).map(|by| SnapshotResult::KeptInUse(named(by))),
    }
}

fn unread(state: &SourceState) -> Option<String> {
    match &state.status {
        SourceStatus::Ok { .. } => None,
        SourceStatus::Failed(problem) => Some(format!("{}: {problem}", state.source)),
        SourceStatus::Skipped => Some(format!("{} was not read", state.source)),
    }
}

fn unknown(why: &str) -> SnapshotResult {
    SnapshotResult::KeptUnverified(format!("whether a template names it is unknown: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::Problem;
    use crate::domain::usage::source::Reference;

    fn id(n: u32) -> SnapshotId {
        format!("snap-{n:08x}").parse().unwrap()
    }

    fn usage(status: SourceStatus) -> Usage {
        let region: crate::domain::region::Region = "us-east-1".parse().unwrap();
        let mut usage = Usage::default();
        let (source, detail) = (Source::LaunchTemplates, "web:3".to_owned());
        usage.add_snapshot(id(1), Reference { source, kind: "launch-template", id: "lt-1".into(), detail });
        for source in NAMING {
            let status = if source == Source::LaunchTemplates { status.clone() } else { SourceStatus::Ok { read: 1 } };
            usage.sources.push(SourceState { account: None, region: region.clone(), source, status });
        }
        usage
    }

    #[test]
    fn what_a_template_names_stays_with_its_name() {
        let read = usage(SourceStatus::Ok { read: 1 });
        assert_eq!(stays(&read, &id(1)), Some(SnapshotResult::KeptInUse("launch-template lt-1 (web:3)".into())));
        assert_eq!(stays(&read, &id(2)), None);
    }

    #[test]
    fn a_source_that_was_not_read_leaves_doubt_and_doubt_keeps() {
        let problem = Problem { code: "UnauthorizedOperation".into(), message: "no".into() };
        for status in [SourceStatus::Skipped, SourceStatus::Failed(problem.clone())] {
            let unread = usage(status);
            assert_eq!(stays(&unread, &id(1)).unwrap().as_str(), "kept-in-use");
            assert_eq!(stays(&unread, &id(2)).unwrap().as_str(), "kept-unverified");
        }
        assert_eq!(stays_by(&Err(problem), &id(2)).unwrap().as_str(), "kept-unverified");
        assert_eq!(stays_by(&Ok(Default::default()), &id(2)), None);
    }
}
