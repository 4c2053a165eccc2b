//! Tests of images to be restored from the Recycle Bin.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::*;
use crate::domain::image::testing::image;
use crate::domain::journal::Returning;
use crate::domain::snapshot::Snapshot;
use crate::domain::tags::Tags;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn id(n: u32) -> SnapshotId {
    format!("snap-{n:017x}").parse().unwrap()
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn binned() -> BinnedImage {
    let web = image(1, "web-v1-2026-01-02");
    let entered_at = Some(at("2026-01-31T10:00:00Z"));
    BinnedImage { id: web.id, name: web.name, description: None, entered_at, exits_at: None }
}

fn in_bin(n: u32, description: &str) -> BinnedSnapshot {
    BinnedSnapshot { id: id(n), description: description.to_owned(), exits_at: None }
}

fn remembered(snapshots: &[u32]) -> JournaledImage {
    JournaledImage {
        action: "deregister".to_owned(),
        at: at("2026-01-31T09:59:59Z"),
        name: None,
        tags: tags(&[("Team", "web"), ("aws:x", "y")]),
        snapshots: snapshots.iter().map(|n| id(*n)).collect(),
        snapshot_tags: Some(snapshots.iter().map(|n| (id(*n), tags(&[("Team", "web")]))).collect()),
        launch_permissions: Some(["111111111111", "222222222222"].iter().map(|a| a.parse().unwrap()).collect()),
        unreadable: Vec::new(),
        snapshot_permissions: snapshots.iter().map(|n| (id(*n), ["222222222222".parse().unwrap()].into())).collect(),
        in_vain: false,
        returning: Returning::NotBegun,
        brought_back: false,
    }
}

#[test]
fn the_journal_tells_which_snapshots_there_are_to_be() {
    let bin = [in_bin(1, ""), in_bin(9, "Created by CreateImage(i-0123456789abcdef0) for ami-00000000000000001")];
    let back = Restoration::of_binned(&binned(), &bin, &[id(2)].into(), Some(remembered(&[3, 2, 1, 1])));
    assert_eq!((back.restore, back.there, back.missing), (vec![id(1)], vec![id(2)], vec![id(3)]));
    assert!(back.in_bin && back.certain);
}

#[test]
fn without_it_what_ec2_wrote_into_descriptions_does() {
    let (own, other) = ("ami-00000000000000001", "ami-00000000000000002");
    let bin = [
        in_bin(1, &format!("Created by CreateImage(i-0123456789abcdef0) for {own}")),
        in_bin(2, &format!("Copied for DestinationAmi {own} from SourceAmi {other} for SourceSnapshot snap-1.")),
        in_bin(3, &format!("Created by CreateImage(i-0123456789abcdef0) for {other}")),
        in_bin(4, own),
    ];
    let back = Restoration::of_binned(&binned(), &bin, &BTreeSet::new(), None);
    assert_eq!((back.restore, back.certain, back.before), (vec![id(1), id(2)], false, None));
}

#[test]
fn a_line_about_an_earlier_time_tells_the_snapshots_but_no_tags_and_permissions() {
    let earlier = JournaledImage { at: at("2026-01-31T08:59:59Z"), ..remembered(&[1]) };
    let other = JournaledImage { action: "disable".to_owned(), ..remembered(&[1]) };
    let done = JournaledImage { brought_back: true, ..remembered(&[1]) };
    let in_vain = JournaledImage { in_vain: true, ..remembered(&[1]) };
    for stale in [earlier, other, done, in_vain] {
        let back = Restoration::of_binned(&binned(), &[in_bin(1, "")], &BTreeSet::new(), Some(stale));
        assert_eq!((back.restore, back.certain, back.before, back.doubtful), (vec![id(1)], true, None, None));
    }
    let fresh = Restoration::of_binned(&binned(), &[], &BTreeSet::new(), Some(remembered(&[1])));
    assert_eq!(fresh.before, Some(remembered(&[1])));
    // The time of deregistration is unknown.
    let image = BinnedImage { entered_at: None, ..binned() };
    assert_eq!(Restoration::of_binned(&image, &[], &BTreeSet::new(), Some(remembered(&[1]))).before, None);
}

#[test]
fn an_image_that_is_there_gets_back_only_what_amictl_has_begun_to_bring_back() {
    let of = |returning, in_vain, brought_back| {
        let line = JournaledImage { returning, in_vain, brought_back, ..remembered(&[1]) };
        let back = Restoration::of_present(&image(1, "web"), Some(line));
        (back.before.is_some(), back.doubtful.is_some())
    };
    for (returning, expected) in [
        (Returning::NotBegun, (false, true)),
        (Returning::Unfinished, (false, true)),
        (Returning::Begun, (true, false)),
        (Returning::Incomplete, (true, false)),
    ] {
        assert_eq!(of(returning, false, false), expected, "{returning:?}");
        assert_eq!(of(returning, true, false), (false, false), "{returning:?}");
        assert_eq!(of(returning, false, true), (false, false), "{returning:?}");
    }
    let other = JournaledImage { action: "disable".to_owned(), returning: Returning::Begun, ..remembered(&[1]) };
    assert_eq!(Restoration::of_present(&image(1, "web"), Some(other)).before, None);
}

#[test]
fn copying_is_given_back_on_snapshots_that_amictl_has_brought_back() {
    let line = JournaledImage {
        snapshot_permissions: [(id(1), [].into()), (id(2), ["222222222222".parse().unwrap()].into())].into(),
        ..remembered(&[1, 2])
    };
    assert!(line.copiers(&BTreeSet::new()).is_empty() && line.copiers(&[id(1)].into()).is_empty());
    assert_eq!(line.copiers(&[id(1), id(2)].into()).into_keys().collect::<Vec<_>>(), [id(2)]);
    let begun = JournaledImage { returning: Returning::Unfinished, ..line };
    assert_eq!(begun.copiers(&BTreeSet::new()).into_keys().collect::<Vec<_>>(), [id(2)]);
}

#[test]
fn what_is_not_put_back_is_told() {
    let mut web = image(1, "web");
    let shared = ["111111111111".parse().unwrap()].into();
    let said = remembered(&[1]).told(&web, &shared).unwrap();
    let expected = "the journal of 2026-01-31 has 1 more tag (Team) and 1 more launch permission (222222222222); \
                    not restored: it may have been removed on purpose";
    assert_eq!(said, expected);
    web.tags = tags(&[("Team", "api")]);
    let shared = ["111111111111".parse().unwrap(), "222222222222".parse().unwrap()].into();
    assert_eq!(remembered(&[1]).told(&web, &shared), None);
    let many = (0..7).map(|n| format!("33333333333{n}").parse().unwrap()).collect();
    let said = JournaledImage { launch_permissions: Some(many), ..remembered(&[]) }.told(&web, &[].into()).unwrap();
    assert!(said.contains("7 more launch permissions (333333333330, ") && said.contains("333333333334, …)"), "{said}");
}

#[test]
fn what_is_lacking_is_put_together_and_what_was_changed_is_left_alone() {
    let then = remembered(&[1, 2, 3]);
    let snapshot = |n: u32, tags: Tags| Snapshot {
        id: id(n),
        state: "completed".into(),
        percent: 100,
        size_gib: 8,
        full_bytes: None,
        kms_key: None,
        tier: None,
        started_at: None,
        volume_id: None,
        description: String::new(),
        tags,
    };
    let now = [
        snapshot(1, Tags::new()),
        snapshot(2, tags(&[("Team", "api")])),
        snapshot(3, tags(&[("team", "web")])),
        snapshot(4, Tags::new()),
    ];
    let mut web = image(1, "web-v1-2026-01-02");
    let lacking = then.lacking_tags(&web, &now);
    let ids = vec![id(1).to_string(), id(3).to_string(), web.id.to_string()];
    assert_eq!(lacking, BTreeMap::from([(tags(&[("Team", "web")]), ids)]));
    web.tags = tags(&[("Team", "api")]);
    assert!(then.lacking_tags(&web, &now[1..2]).is_empty());
    let shares = then.lacking_shares(&["111111111111".parse().unwrap()].into());
    assert_eq!(shares, BTreeSet::from(["222222222222".parse().unwrap()]));
}

#[test]
fn one_whom_nobody_can_read_is_told_of_as_lacking() {
    let before = JournaledImage { unreadable: vec!["who?".to_owned()], ..remembered(&[1]) };
    assert!(before.unreadable_shares().unwrap().message.contains("shared with 'who?'"));
    assert_eq!(remembered(&[1]).unreadable_shares(), None);
}

#[test]
fn the_tag_of_a_retirement_that_is_over_is_known_and_is_never_put_back() {
    let (then, later) = ("deprecate@2026-01-02T04:30:00Z", "deprecate@2026-03-02T04:30:00Z");
    let line = || {
        let mut line = remembered(&[1]);
        line.tags.insert(RETIRE.to_owned(), then.to_owned());
        line
    };
    let carries = |value: &str| Image { tags: tags(&[(RETIRE, value)]), ..image(1, "web") };
    assert_eq!(line().lacking_tags(&image(1, "web"), &[]).into_keys().collect::<Vec<_>>(), [tags(&[("Team", "web")])]);
    let back = Restoration::of_binned(&binned(), &[], &BTreeSet::new(), None);
    assert!(back.retires_still(&carries(then)) && back.retires_still(&carries(later)));
    assert!(!back.retires_still(&image(1, "web")));
    let there = |line| Restoration::of_present(&image(1, "web"), line);
    let unfinished = there(Some(JournaledImage { returning: Returning::Incomplete, ..line() }));
    assert!(unfinished.retires_still(&carries(then)) && !unfinished.retires_still(&carries(later)));
    assert!(!unfinished.retires_still(&image(1, "web")));
    let untagged = there(Some(JournaledImage { returning: Returning::Incomplete, ..remembered(&[1]) }));
    for other in [there(None), there(Some(line())), untagged] {
        assert!(!other.retires_still(&carries(then)), "{other:?}");
    }
}
