//! Tests of verdicts on the use of images.

use super::*;

fn state(source: Source, status: SourceStatus) -> SourceState {
    SourceState { account: None, region: "us-east-1".parse().unwrap(), source, status }
}

#[test]
fn names_read_back() {
    for source in Source::OPTIONAL {
        assert_eq!(source.as_str().parse(), Ok(source));
    }
    assert!("instance".parse::<Source>().unwrap_err().to_string().contains("launch-templates"));
}

#[test]
fn one_failed_source_leaves_doubt_but_a_reference_is_certain() {
    let used: ImageId = "ami-00000001".parse().unwrap();
    let other: ImageId = "ami-00000002".parse().unwrap();
    let mut usage = Usage::default();
    usage.sources.push(state(Source::Instances, SourceStatus::Ok { read: 1 }));
    usage.sources.push(state(Source::Ec2Fleets, SourceStatus::Skipped));
    assert_eq!(usage.verdict(&other), UseVerdict::Unused);
    let problem = Problem { code: "UnauthorizedOperation".into(), message: "no".into() };
    usage.sources.push(state(Source::SsmParameters, SourceStatus::Failed(problem)));
    let reference =
        Reference { source: Source::Instances, kind: "instance", id: "i-1".into(), detail: "running".into() };
    usage.add(used.clone(), reference);
    assert!(matches!(usage.verdict(&used), UseVerdict::InUse(by) if by.len() == 1));
    assert!(matches!(usage.verdict(&other), UseVerdict::Unverified(why) if why.len() == 1));
}

#[test]
fn a_source_that_is_silent_about_one_image_leaves_no_doubt_about_others() {
    let shared: ImageId = "ami-00000001".parse().unwrap();
    let other: ImageId = "ami-00000002".parse().unwrap();
    let problem = Problem { code: "AccessDenied".into(), message: "no".into() };
    let mut usage = Usage::default();
    usage.sources.push(state(Source::Accounts, SourceStatus::Failed(problem)));
    usage.doubt(shared.clone(), Source::Accounts);
    usage.doubt(other.clone(), Source::UsageReports);
    assert!(matches!(usage.verdict(&shared), UseVerdict::Unverified(why) if why.len() == 1));
    assert_eq!(usage.verdict(&other), UseVerdict::Unused, "that source was read, or not asked");
    assert!(usage.doubtful(&shared) && usage.failed().len() == 1);
}

#[test]
fn an_alias_is_one_now_and_not_one_before() {
    let image: ImageId = "ami-00000001".parse().unwrap();
    let by = |source: Source, kind: &'static str, id: &str, detail: &str| Reference {
        source,
        kind,
        id: id.into(),
        detail: detail.into(),
    };
    let mut usage = Usage::default();
    assert_eq!(usage.aliases(&image), None);
    let arn = "arn:aws:ssm:us-east-1:1:parameter/amictl/web/prod";
    usage.add(image.clone(), by(Source::ImageReferences, ALIAS, "/amictl/web/prod", arn));
    assert_eq!(usage.aliases(&image), Some(vec!["/amictl/web/prod"]), "EC2 knows it as well");
    usage.sources.push(state(Source::SsmParameters, SourceStatus::Ok { read: 3 }));
    assert_eq!(usage.aliases(&image), Some(vec![]), "SSM itself is asked first");
    let before = "/amictl/web/old, the version before";
    usage.add(image.clone(), by(Source::SsmParameters, ALIAS, "/amictl/web/old", before));
    usage.add(image.clone(), by(Source::SsmParameters, "ssm-parameter", "/golden", "/golden"));
    usage.add(image.clone(), by(Source::SsmParameters, ALIAS, "/amictl/web/test", "/amictl/web/test"));
    assert_eq!(usage.aliases(&image), Some(vec!["/amictl/web/test"]));
    usage.sources[0].status = SourceStatus::Skipped;
    assert_eq!(usage.aliases(&image), Some(vec!["/amictl/web/prod"]));
}

#[test]
fn a_snapshot_is_in_use_by_what_makes_volumes_of_it_and_not_by_its_image() {
    let (used, other): (SnapshotId, SnapshotId) = ("snap-00000001".parse().unwrap(), "snap-00000002".parse().unwrap());
    let mut usage = Usage::default();
    let reference = |detail: &str| Reference {
        source: Source::LaunchTemplates,
        kind: "launch-template",
        id: "lt-1".into(),
        detail: detail.into(),
    };
    usage.add_snapshot(used.clone(), reference("web:2"));
    usage.add_snapshot(used.clone(), reference("web:1"));
    usage.add_snapshot(used.clone(), reference("web:2"));
    assert_eq!(usage.snapshot_references(&used), [&reference("web:1"), &reference("web:2")]);
    assert!(usage.snapshot_references(&other).is_empty());
    assert_eq!(usage.all_snapshots().count(), 2);
    assert_eq!(usage.all().count(), 0);
}
