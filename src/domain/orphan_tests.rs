//! Tests of the verdicts on snapshots that may be orphans.

use super::*;

const GONE: &str = "ami-000000000000000aa";
const HERE: &str = "snap-00000001";

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc()
}

fn gone() -> ImageId {
    GONE.parse().unwrap()
}

fn snapshot(description: &str) -> Snapshot {
    Snapshot {
        id: HERE.parse().unwrap(),
        state: "completed".into(),
        percent: 100,
        size_gib: 8,
        kms_key: None,
        full_bytes: None,
        tier: None,
        started_at: Some(now() - chrono::TimeDelta::days(30)),
        volume_id: Some("vol-0123456789abcdef0".into()),
        description: description.into(),
        tags: Tags::new(),
    }
}

fn created() -> Snapshot {
    snapshot(&format!("Created by CreateImage(i-0123456789abcdef0) for {GONE}"))
}

fn copied() -> Snapshot {
    let text =
        format!("Copied for DestinationAmi {GONE} from SourceAmi ami-00000002 for SourceSnapshot snap-00000003.");
    Snapshot { volume_id: Some("vol-ffffffff".into()), ..snapshot(&text) }
}

fn tagged(mut snapshot: Snapshot, key: &str, value: &str) -> Snapshot {
    snapshot.tags.insert(key.into(), value.into());
    snapshot
}

fn judged(snapshot: &Snapshot, known: &KnownImages) -> OrphanVerdict {
    verdict(snapshot, known, Age::days(7), now())
}

fn alone(snapshot: &Snapshot) -> OrphanVerdict {
    judged(snapshot, &KnownImages::default())
}

fn doubt(snapshot: &Snapshot) -> Doubt {
    match alone(snapshot) {
        OrphanVerdict::Stays(Stays::Doubt(doubt)) => doubt,
        other => panic!("{other:?} of {snapshot:?}"),
    }
}

#[test]
fn both_descriptions_of_ec2_are_read() {
    assert_eq!(made_for(&created().description), GONE.parse().ok());
    assert_eq!(made_for(&copied().description), GONE.parse().ok());
    for text in ["", "before the upgrade of ami-00000002", "Created by CreateImage(i-1)", "Copied for DestinationAmi "]
    {
        assert_eq!(made_for(text), None, "{text}");
    }
}

#[test]
fn what_was_taken_of_a_volume_for_an_image_that_is_gone_is_proven() {
    assert_eq!(alone(&created()), OrphanVerdict::Orphan(Proof::Created(gone())));
    let alive = KnownImages { images: [gone()].into(), ..KnownImages::default() };
    let used = KnownImages { used: [created().id].into(), ..KnownImages::default() };
    assert_eq!([judged(&created(), &alive), judged(&created(), &used)], [OrphanVerdict::Needed, OrphanVerdict::Needed]);
}

#[test]
fn what_people_made_or_what_is_young_or_unfinished_is_not_for_us() {
    let young = Snapshot { started_at: Some(now()), ..created() };
    let undated = Snapshot { started_at: None, ..created() };
    let pending = Snapshot { state: "pending".into(), ..created() };
    for snapshot in [snapshot("made by hand"), snapshot(""), young, undated, pending] {
        assert_eq!(alone(&snapshot), OrphanVerdict::NotOurs, "{snapshot:?}");
    }
    for key in ["aws:backup:source-resource", "aws:dlm:managed", "dlm:managed", "amictl:keep"] {
        assert_eq!(alone(&tagged(created(), key, "x")), OrphanVerdict::NotOurs, "{key}");
    }
}

#[test]
fn words_that_came_with_a_copy_prove_nothing() {
    for volume in
        [Some("vol-ffffffff"), Some("vol-fffffffffffffffff"), Some("vol-FFFFFFFF"), Some("vol-"), Some(""), None]
    {
        let volume_id = volume.map(str::to_owned);
        assert_eq!(doubt(&Snapshot { volume_id, ..created() }), Doubt::Copy(gone()), "{volume:?}");
    }
    // A volume id proves nothing for the description of a copy.
    let volume_id = created().volume_id;
    assert_eq!(doubt(&Snapshot { volume_id, ..copied() }), Doubt::Copy(gone()));
}

#[test]
fn a_tag_proves_with_the_id_of_this_snapshot_only() {
    let own = mark(&HERE.parse().unwrap(), &gone());
    for bare in [copied(), Snapshot { volume_id: None, ..snapshot("") }] {
        assert_eq!(alone(&tagged(bare.clone(), SNAPSHOT_OF, &own)), OrphanVerdict::Orphan(Proof::Tagged(gone())));
        for other in [format!("snap-00000002/{GONE}"), format!("{HERE}/web"), format!("{HERE}1/{GONE}"), HERE.into()] {
            assert_eq!(doubt(&tagged(bare.clone(), SNAPSHOT_OF, &other)), Doubt::TagOfAnother(other));
        }
    }
    let other = tagged(created(), SNAPSHOT_OF, &format!("snap-00000002/{GONE}"));
    assert_eq!(alone(&other), OrphanVerdict::Orphan(Proof::Created(gone())), "the other proof is as good as before");
}

#[test]
fn every_image_that_a_snapshot_names_must_be_gone() {
    let alive: ImageId = "ami-0000000b".parse().unwrap();
    let known = KnownImages { images: [alive.clone()].into(), ..KnownImages::default() };
    let tag = mark(&HERE.parse().unwrap(), &alive);
    assert_eq!(judged(&tagged(created(), SNAPSHOT_OF, &tag), &known), OrphanVerdict::Needed);
    let says = snapshot(&format!("Created by CreateImage(i-0123456789abcdef0) for {alive}"));
    let tag = mark(&HERE.parse().unwrap(), &gone());
    assert_eq!(judged(&tagged(says, SNAPSHOT_OF, &tag), &known), OrphanVerdict::Needed);
    let other = tagged(copied(), SNAPSHOT_OF, &format!("snap-00000002/{alive}"));
    assert_eq!(judged(&other, &known), OrphanVerdict::Needed);
}

#[test]
fn a_copy_without_a_tag_of_its_own_stays_and_the_doubt_has_words() {
    let copy = tagged(snapshot(""), COPIED_FROM, "us-east-1/ami-00000009");
    assert_eq!(doubt(&copy), Doubt::CopyOf("us-east-1/ami-00000009".into()));
    for (doubt, word) in [
        (doubt(&copy), "us-east-1/ami-00000009"),
        (doubt(&copied()), GONE),
        (doubt(&tagged(copied(), SNAPSHOT_OF, "snap-00000002/ami-1")), "snap-00000002/ami-1"),
    ] {
        assert!(doubt.to_string().contains(word), "{doubt}");
    }
}

#[test]
fn what_is_named_stays_and_so_does_everything_where_that_is_unknown() {
    let id: SnapshotId = HERE.parse().unwrap();
    let reference = Reference {
        source: crate::domain::usage::source::Source::LaunchTemplates,
        kind: "launch-template",
        id: "lt-1".into(),
        detail: "web:3".into(),
    };
    let named: NamedSnapshots = Ok([(id.clone(), [reference].into())].into());
    let stays = in_use(&id, &named).unwrap();
    assert_eq!((stays.code(), stays.to_string().as_str()), ("in-use", "in use by launch-template lt-1 (web:3)"));
    assert_eq!(in_use(&"snap-00000002".parse().unwrap(), &named), None);
    let problem = Problem { code: "UnauthorizedOperation".into(), message: "no".into() };
    assert_eq!(in_use(&id, &Err(problem)).unwrap().code(), "unverified");
}
