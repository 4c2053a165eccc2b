//! Tests of verdicts under policies that retire images in stages.

use super::*;
use crate::domain::retention::SharedWith;

/// The step for each image, by its number.
fn steps(policy: &Policy, images: &[Image], usage: &Usage) -> Vec<(u32, Step)> {
    let verdicts = judge(policy, images, usage, &SharedWith::new(), now());
    let number = |v: &Judgement<'_>| u32::from_str_radix(&v.image.id.as_str()[4..], 16).unwrap();
    verdicts.iter().filter_map(|v| Some((number(v), v.step?))).collect()
}

const STAGES: &str = "retire = ['deprecate', 'disable@14d', 'deregister@30d']\n";

/// An image deprecated by its retirement some days ago.
fn deprecated(image: &mut Image, days: i64) {
    let at = now() - TimeDelta::days(days);
    image.deprecated_at = Some(at);
    image.tags.insert("amictl:retire".into(), format!("deprecate@{}", at.format("%Y-%m-%dT%H:%M:%SZ")));
}

#[test]
fn without_stages_what_may_go_goes_and_with_them_it_goes_a_step() {
    let mut images = fleet();
    deprecated(&mut images[1], 14);
    deprecated(&mut images[2], 3);
    let all = [1, 2, 3].map(|n| (n, Step::Deregister));
    assert_eq!(steps(&plain(), &images, &Usage::default()), all);
    assert_eq!(steps(&policy("retire = ['deregister']"), &images, &Usage::default()), all);
    let staged = policy(STAGES);
    assert_eq!(steps(&staged, &images, &Usage::default()), [(1, Step::Deprecate), (2, Step::Disable)]);
    let verdicts = judge(&staged, &images, &Usage::default(), &SharedWith::new(), now());
    assert_eq!(verdicts[2].reasons[0].code(), "retiring");
    assert_eq!(verdicts[2].reasons[0].detail(), "deprecated 3d ago; disable is due 2026-02-11");
    let candidates: Vec<_> = verdicts.iter().map(Judgement::candidate).collect();
    assert_eq!(candidates, [true, true, true, false, false, false]);
}

#[test]
fn what_is_wanted_again_is_revived_and_what_is_only_kept_stays_as_it_is() {
    let one = |change: fn(&mut Image), usage: &Usage, rules: &str| {
        let mut images = fleet();
        deprecated(&mut images[0], 100);
        change(&mut images[0]);
        steps(&policy(&format!("keep = 5\n{STAGES}{rules}")), &images, usage).first().map(|(_, step)| *step)
    };
    let unused = Usage::default();
    let used = |kind| {
        let mut usage = Usage::default();
        let source = Source::SsmParameters;
        usage.add(id(1), Reference { source, kind, id: "x".into(), detail: "x".into() });
        usage
    };
    let unread = |mut usage: Usage| {
        let (account, region, source) = (None, "us-east-1".parse().unwrap(), Source::Ec2Fleets);
        let status = SourceStatus::Failed(Problem { code: "No".into(), message: "no".into() });
        usage.sources.push(SourceState { account, region, source, status });
        usage
    };
    let tag = |image: &mut Image| drop(image.tags.insert("amictl:keep".into(), String::new()));
    let protect = |image: &mut Image| image.protection = Protection::read(Some("enabled-without-cooldown"));
    let launch = |image: &mut Image| image.last_launched_at = Some(now());
    let nothing = |_: &mut Image| ();
    assert_eq!(one(nothing, &unused, ""), Some(Step::Disable));
    for (step, what) in [
        (one(nothing, &used("instance"), ""), "in use"),
        (one(nothing, &used("alias"), ""), "alias"),
        (one(tag, &unused, ""), "tag"),
        (one(launch, &unused, "unused_for = '30d'"), "launched"),
        (one(nothing, &unused, "[[rule]]\nkeep = 6"), "newest"),
        (one(protect, &used("instance"), ""), "in use and protected"),
        (one(nothing, &unread(used("instance")), ""), "in use for certain"),
    ] {
        assert_eq!(step, Some(Step::Revive), "{what}");
    }
    for (step, what) in [
        (one(nothing, &unread(Usage::default()), ""), "unverified"),
        (one(protect, &unused, ""), "protected"),
        (one(|image| image.created_at = None, &unused, ""), "too young"),
        (one(|image| image.state = State::Pending, &used("instance"), ""), "pending"),
        (one(|image| drop(image.tags.insert("aws:backup:x".into(), "x".into())), &used("instance"), ""), "AWS Backup"),
        (one(nothing, &used("instance"), "only_tags = ['x']"), "out of scope"),
        (one(nothing, &used("instance"), "[[rule]]\nfamilies = ['api']"), "no rule"),
        (one(nothing, &used("instance"), "revive = false"), "revive = false"),
        (one(|image| image.tags.clear(), &used("instance"), ""), "never retired"),
    ] {
        assert_eq!(step, None, "{what}");
    }
}

#[test]
fn a_tag_that_cannot_be_read_is_left_as_it_is_and_said() {
    let mut images = fleet();
    for image in &mut images[..2] {
        image.tags.insert("amictl:retire".into(), "yes".into());
    }
    images[1].tags.insert("amictl:keep".into(), String::new());
    assert_eq!(steps(&policy(STAGES), &images, &Usage::default()), [(3, Step::Deprecate)]);
    assert_eq!(codes(&policy(STAGES), &images, 1), ["retiring"]);
    assert_eq!(codes(&policy(STAGES), &images, 2), ["protected-tag", "retiring"]);
    // Without stages the tag does not count.
    assert_eq!(going(&plain(), &images, &Usage::default()), [1, 3]);
}
