//! Tests of the audit: rules over facts, skips, order.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use super::super::facts::{AuditPlace, PinPlace, PinnedId};
use super::super::registry::RULES;
use super::super::settings::AuditSettings;
use super::*;
use crate::domain::age::Age;
use crate::domain::ids::ImageId;
use crate::domain::image::{Image, State, testing};
use crate::domain::tags::REVOKED;
use crate::domain::usage::source::{ALIAS, Reference, Source, Usage};

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-06-01T00:00:00Z").unwrap().to_utc()
}

/// An image that no rule complains about.
fn good(n: u32, name: &str) -> Image {
    let mut image = Image { created_at: Some(now() - TimeDelta::days(9)), ..testing::image(n, name) };
    for key in ["Environment", "Owner"] {
        image.tags.insert(key.to_owned(), "x".to_owned());
    }
    image
}

fn place(images: Vec<Image>) -> AuditPlace {
    AuditPlace {
        account: "111111111111".parse().ok(),
        region: "us-east-1".parse().unwrap(),
        options: "--region us-east-1".to_owned(),
        images: Some(images),
        usage: Usage::default(),
        others: Some(HashMap::new()),
        shares: HashMap::new(),
    }
}

fn facts(place: AuditPlace) -> AuditFacts {
    AuditFacts {
        now: now(),
        places: vec![place],
        unentered: false,
        inactive: Vec::new(),
        everywhere: None,
        pins: Vec::new(),
    }
}

fn pin(image: &ImageId, line: usize) -> PinnedId {
    let file = "infra/main.tf".to_owned();
    let place = PinPlace { in_repository: Some(file.clone()), whole: format!("/repo/{file}"), file, line, column: 9 };
    PinnedId { place, image: image.clone() }
}

fn audited(facts: &AuditFacts) -> Vec<(&'static str, &'static str)> {
    let report = audit(facts, &AuditLimits::default(), &[], RULES.to_vec());
    report.findings.iter().map(|finding| (finding.rule, finding.level.as_str())).collect()
}

fn alias(current: bool) -> Reference {
    let (id, before) = ("/amictl/web/prod".to_owned(), "/amictl/web/prod, the version before".to_owned());
    let detail = if current { id.clone() } else { before };
    Reference { source: Source::SsmParameters, kind: ALIAS, id, detail }
}

#[test]
fn a_clean_fleet_has_no_findings() {
    let image = good(1, "web-v1-2026-05-20");
    let mut place = place(vec![image.clone()]);
    place.usage.add(
        image.id.clone(),
        Reference { source: Source::Instances, kind: "instance", id: "i-1".to_owned(), detail: "running".to_owned() },
    );
    let mut facts = facts(place);
    facts.pins.push(pin(&image.id, 3));
    assert_eq!(audited(&facts), []);
}

#[test]
fn an_alias_is_judged_by_what_it_names_now() {
    let (mut bad, image) = (good(1, "web-v1-2026-05-20"), good(2, "web-v2-2026-05-21"));
    bad.state = State::Disabled;
    let mut place = place(vec![bad.clone(), image.clone()]);
    place.usage.add(bad.id.clone(), alias(false));
    place.usage.add(image.id.clone(), alias(true));
    assert_eq!(audited(&facts(place.clone())), [("untested-alias", "low")]);
    place.usage.add(bad.id.clone(), alias(true));
    let found = audited(&facts(place.clone()));
    assert_eq!(found, [("dangling-reference", "high"), ("untested-alias", "low")]);
    // An alias on an image that is gone is dangling only.
    place.usage = Usage::default();
    place.usage.add("ami-0123456789abcdef0".parse().unwrap(), alias(true));
    assert_eq!(audited(&facts(place.clone())), [("dangling-reference", "high")]);
    // What could not be looked for is not called gone.
    place.others = None;
    assert_eq!(audited(&facts(place)), []);
}

#[test]
fn an_older_version_of_a_template_is_no_finding() {
    let gone: ImageId = "ami-0123456789abcdef0".parse().unwrap();
    let of = |detail: &str| Reference {
        source: Source::LaunchTemplates,
        kind: "launch-template",
        id: "lt-1".to_owned(),
        detail: detail.to_owned(),
    };
    let mut place = place(Vec::new());
    place.usage.add(gone.clone(), of("web:1"));
    assert_eq!(audited(&facts(place.clone())), []);
    place.usage.add(gone.clone(), of("web:2"));
    place.usage.add_current(of("web:2"));
    place.usage.add(gone, of("web:3"));
    place.usage.add_current(of("web:3"));
    let report = audit(&facts(place), &AuditLimits::default(), &[], RULES.to_vec());
    assert_eq!(report.findings.len(), 1, "one for each resource");
    let finding = &report.findings[0];
    assert!(["web:2", "web:3"].iter().all(|version| finding.message.contains(version)), "{}", finding.message);
    assert_eq!(finding.hint.as_deref(), Some("amictl template web --image REF --default --region us-east-1"));
}

#[test]
fn pins_are_judged_by_their_image() {
    let versions: Vec<Image> = (1..=5).map(|n| good(n, &format!("web-v{n}-2026-05-20"))).collect();
    let mut images = versions.clone();
    images[1].tags.insert(REVOKED.to_owned(), String::new());
    images[2].deprecated_at = Some(now());
    let gone: ImageId = "ami-0123456789abcdef0".parse().unwrap();
    let all = |place: AuditPlace| {
        let mut facts = facts(place);
        facts.pins.extend((1..).zip(&versions).map(|(line, image)| pin(&image.id, line)));
        facts.pins.push(pin(&gone, 9));
        facts
    };
    let lines = |facts: &AuditFacts| {
        let report = audit(facts, &AuditLimits::default(), &[], vec![RULES[1]]);
        let line = |finding: &AuditFinding| (finding.pin.as_ref().unwrap().line, finding.level.as_str());
        report.findings.iter().map(line).collect::<Vec<_>>()
    };
    let place = place(images);
    // Version 4 is one behind; version 1 is four behind.
    assert_eq!(lines(&all(place.clone())), [(9, "high"), (2, "high"), (3, "medium"), (1, "low")]);
    // While a place is missing, nothing is known to be gone.
    let partial = AuditFacts { unentered: true, ..all(place) };
    assert_eq!(lines(&partial), [(2, "high"), (3, "medium"), (1, "low")]);
}

#[test]
fn skips_count_until_their_day() {
    let mut image = good(1, "web-v1-2026-05-20");
    image.public = true;
    let facts = facts(place(vec![image]));
    let skips = |until: &str, name: &str| {
        let text =
            format!("skip = [{{ rule = 'public-image', resource = '{name}', reason = 'meant', until = '{until}' }}]");
        toml::from_str::<AuditSettings>(&text).unwrap().skip
    };
    let run = |until: &str, name: &str| {
        let report = audit(&facts, &AuditLimits::default(), &skips(until, name), RULES.to_vec());
        (report.findings.len(), report.skipped, report.warnings.len())
    };
    assert_eq!(run("2026-06-01", "web-v1-2026-05-20"), (0, 1, 0));
    assert_eq!(run("2026-05-31", "web-v1-2026-05-20"), (1, 0, 1));
    assert_eq!(run("2026-06-01", "web-v2-2026-05-20"), (1, 0, 1));
}

#[test]
fn limits_are_those_given() {
    let mut image = good(1, "web-v1-2026-05-20");
    image.tags.clear();
    let facts = facts(place(vec![image]));
    let run = |limits: &AuditLimits| {
        let report = audit(&facts, limits, &[], RULES.to_vec());
        report.findings.iter().map(|finding| finding.rule).collect::<Vec<_>>()
    };
    let none = AuditLimits { required_tags: Vec::new(), ..AuditLimits::default() };
    assert_eq!((run(&AuditLimits::default()), run(&none).len()), (vec!["required-tags"], 0));
    let old = AuditLimits { rebuild_age: Age::days(9), ..none.clone() };
    assert_eq!(run(&old), ["family-not-rebuilt"]);
}

#[test]
fn sharing_is_judged_where_it_was_read() {
    let image = good(1, "web-v1-2026-05-20");
    let mut place = place(vec![image.clone()]);
    place.shares.insert(image.id.clone(), BTreeSet::from(["222222222222".parse().unwrap()]));
    let with = |allowed: &[&str]| {
        let allowed: Vec<_> = allowed.iter().map(|text| text.parse().unwrap()).collect();
        let limits = AuditSettings::default().limits(&allowed);
        audit(&facts(place.clone()), &limits, &[], RULES.to_vec()).findings.len()
    };
    assert_eq!((with(&["333333333333"]), with(&["222222222222"])), (1, 0));
}
