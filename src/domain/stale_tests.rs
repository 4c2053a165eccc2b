//! Tests of stale instances.

use chrono::TimeDelta;

use super::super::image::testing;
use super::super::tags::REVOKED;
use super::*;

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-03-01T00:00:00Z").unwrap().to_utc()
}

/// Version `n` of `web`, made `n` days before the tenth day before now.
fn version(n: u32) -> Image {
    let made = now() - TimeDelta::days(20 - i64::from(n));
    Image { created_at: Some(made), ..testing::image(n, &format!("web-v{n}-2026-02-01")) }
}

fn running(number: u32, image: &Image) -> RunningInstance {
    RunningInstance {
        account: image.owner.clone(),
        region: image.region.clone(),
        id: format!("i-{number:017x}").parse().unwrap(),
        group: None,
        image: RunningImage {
            id: image.id.clone(),
            name: image.name.clone(),
            owner: image.owner.clone(),
            state: Some(image.state.clone()),
            created_at: image.created_at,
            deprecated_at: image.deprecated_at,
            allowed: None,
        },
    }
}

fn judged(instances: Vec<RunningInstance>, images: &[Image], rules: &StaleRules) -> StaleReport {
    let patterns = FamilyPatterns::default();
    judge(instances, &StaleFacts { images, patterns: &patterns, goals: None, now: now() }, rules)
}

/// The problems of the only instance that is stale.
fn problems_of(instance: RunningInstance, images: &[Image]) -> Vec<&'static str> {
    let report = judged(vec![instance], images, &StaleRules::default());
    report.instances.iter().flat_map(|row| &row.problems).map(|problem| problem.as_str()).collect()
}

#[test]
fn an_instance_on_the_newest_image_is_not_stale() {
    let images = [version(1), version(2)];
    assert_eq!(problems_of(running(1, &images[1]), &images), [""; 0]);
    let report = judged(vec![running(1, &images[1])], &images, &StaleRules::default());
    assert_eq!((report.looked_at(), report.instances.len()), (1, 0));
}

#[test]
fn one_behind_says_by_how_much_and_since_when() {
    let images = [version(1), version(3), version(4)];
    let report = judged(vec![running(1, &images[0])], &images, &StaleRules::default());
    let row = &report.instances[0];
    assert_eq!(row.problems, [StaleProblem::Behind]);
    assert_eq!(row.behind, Some(Distance { versions: 3, since: images[1].created_at }));
    assert_eq!(row.newest.as_ref().map(|goal| &goal.id), Some(&images[2].id));
    let family = report.families.values().next().unwrap();
    assert_eq!((family.instances, family.stale, family.most_behind), (1, 1, Some(3)));
}

#[test]
fn each_problem_is_told_and_the_gravest_comes_first() {
    let mut images = vec![version(1), version(2)];
    images[0].tags.insert(REVOKED.to_owned(), "2026-02-10 bad".to_owned());
    images[0].state = State::Disabled;
    images[0].deprecated_at = Some(now());
    let mut instance = running(1, &images[0]);
    instance.image.allowed = Some(false);
    assert_eq!(problems_of(instance, &images), ["revoked", "disabled", "not-allowed", "deprecated", "behind"]);
}

#[test]
fn a_deregistered_image_keeps_its_family_by_its_name() {
    let images = [version(2)];
    let mut instance = running(1, &version(1));
    instance.image.state = Some(State::Deregistered);
    let report = judged(vec![instance.clone()], &images, &StaleRules::default());
    let row = &report.instances[0];
    assert_eq!(row.problems, [StaleProblem::Gone, StaleProblem::Behind]);
    assert_eq!((row.family.as_ref().unwrap().word.as_str(), row.version.map(|v| v.get())), ("web", Some(1)));
    instance.image.name = None;
    assert_eq!(problems_of(instance.clone(), &images), ["gone"]);
    instance.image.state = None;
    assert_eq!(problems_of(instance, &images), [""; 0], "EC2 does not say");
}

#[test]
fn an_image_of_an_account_outside_the_run_is_not_compared() {
    let images = [version(2)];
    let mut instance = running(1, &version(1));
    instance.image.owner = "222222222222".parse().ok();
    assert_eq!(problems_of(instance.clone(), &images), [""; 0]);
    instance.image.deprecated_at = Some(now());
    assert_eq!(problems_of(instance, &images), ["deprecated"]);
}

#[test]
fn limits_hold_for_being_behind_alone() {
    let mut images = vec![version(1), version(2), version(3)];
    let stale =
        |images: &[Image], rules: StaleRules| judged(vec![running(1, &images[0])], images, &rules).instances.len();
    let least = |n| StaleRules { min_versions: Some(n), ..StaleRules::default() };
    let older = |days| StaleRules { older_than: Some(Age::days(days)), ..StaleRules::default() };
    assert_eq!((stale(&images, least(2)), stale(&images, least(3))), (1, 0));
    // Version 2 is eighteen days old.
    assert_eq!((stale(&images, older(18)), stale(&images, older(19))), (1, 0));
    images[0].deprecated_at = Some(now());
    assert_eq!((stale(&images, least(3)), stale(&images, older(19))), (1, 1));
    let other = StaleRules { families: vec!["api".parse().unwrap()], ..StaleRules::default() };
    assert_eq!(stale(&images, other), 0);
}

#[test]
fn against_an_alias_what_it_names_counts_and_families_without_it_are_told() {
    let images = [version(1), version(2), version(3), testing::image(9, "api-v1-2026-01-01")];
    let place = |word: &str| (images[0].owner.clone(), images[0].region.clone(), word.to_owned());
    let goals = AliasGoals::from([(place("web"), Some(images[1].id.clone())), (place("api"), None)]);
    let patterns = FamilyPatterns::default();
    let facts = StaleFacts { images: &images, patterns: &patterns, goals: Some(&goals), now: now() };
    let instances: Vec<_> = (1..).zip(&images).map(|(n, image)| running(n, image)).collect();
    assert_eq!(alias_places(&instances, &images, &patterns), BTreeSet::from([place("api"), place("web")]));
    let report = judge(instances, &facts, &StaleRules::default());
    let stale: Vec<_> =
        report.instances.iter().map(|row| (&row.instance.image.id, row.behind.unwrap().versions)).collect();
    assert_eq!(stale, [(&images[0].id, 1)], "the third is ahead of the alias");
    assert_eq!((report.with_alias, report.without_alias.len()), (1, 1));
}
