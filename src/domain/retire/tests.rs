//! Tests of the stages of a retirement, day by day.

mod moves;

use std::collections::BTreeSet;

use super::*;
use crate::domain::change::Change;
use crate::domain::image::testing::image;
use crate::domain::permissions::principal::Principal;
use crate::domain::permissions::recorded::due;
use crate::domain::tags::RETIRE;

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn day(n: i64) -> DateTime<Utc> {
    at("2026-01-02T04:30:00Z") + TimeDelta::days(n)
}

fn stages(texts: &[&str]) -> Stages {
    Stages::try_from(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn usual() -> Stages {
    stages(&["deprecate", "disable@14d", "deregister@30d"])
}

fn web() -> Image {
    image(1, "web-v1-2025-01-01")
}

fn tagged(text: &str) -> Image {
    Image { tags: [(RETIRE.to_owned(), text.to_owned())].into(), ..web() }
}

fn account(n: u32) -> Principal {
    format!("{n:012}").parse().unwrap()
}

/// Applies a change as EC2 does.
fn apply(image: &mut Image, change: &Change) {
    match change {
        Change::Deprecate(at) => image.deprecated_at = Some(*at),
        Change::CancelDeprecation => image.deprecated_at = None,
        Change::Disable => image.state = State::Disabled,
        Change::Enable => image.state = State::Available,
        Change::Tag { set, remove } => {
            image.tags.extend(set.clone());
            image.tags.retain(|key, _| !remove.contains(key));
        }
        Change::Protect { .. } | Change::Unprotect => panic!("{change:?}"),
    }
    assert!(change.holds(image));
}

/// The permissions of an image with only its tag and these present permissions.
fn shares(image: &Image, present: &BTreeSet<Principal>) -> Shares {
    Shares { present: Ok(present.clone()), due: due(image, None) }
}

/// Takes a step forward.
fn take(step: Step, image: &mut Image, present: &BTreeSet<Principal>, now: DateTime<Utc>) -> StepChanges {
    let moves = advance(step, image, &shares(image, present), now, now).unwrap();
    moves.first.iter().chain(&moves.last).for_each(|change| apply(image, change));
    moves
}

/// Reverts all steps.
fn put_back(image: &mut Image, present: &BTreeSet<Principal>, now: DateTime<Utc>) -> StepChanges {
    let moves = revive(image, &shares(image, present), now).unwrap();
    moves.first.iter().chain(&moves.last).for_each(|change| apply(image, change));
    moves
}

#[test]
fn stages_print_as_they_are_written() {
    let texts = ["deprecate", "disable@14d", "deregister@36h"];
    assert_eq!(Vec::<String>::from(stages(&texts)), texts);
    assert_eq!(Vec::<String>::from(stages(&["deprecate@0d", "disable"])), ["deprecate", "disable"]);
}

#[test]
fn stages_that_make_no_sense_are_refused_in_words() {
    for (texts, said) in [
        (vec![], "at least one"),
        (vec!["delete"], "'delete' is not a stage"),
        (vec!["revive"], "'revive' is not a stage"),
        (vec!["deprecate@"], "stage 'deprecate@': '' is not a span"),
        (vec!["deprecate", "disable@2 weeks ago"], "'2 weeks ago' is not a span"),
        (vec!["deprecate@7d", "disable@14d"], "'deprecate@7d' is the first stage"),
        (vec!["disable", "deprecate@14d"], "'deprecate@14d' cannot come after 'disable'"),
        (vec!["disable", "disable@14d"], "each at most once"),
    ] {
        let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
        let error = Stages::try_from(texts.clone()).unwrap_err().to_string();
        assert!(error.contains(said), "{texts:?}: {error}");
    }
}

#[test]
fn each_stage_is_due_its_time_after_the_one_before() {
    let mut web = web();
    let nobody = BTreeSet::new();
    assert_eq!(next(&usual(), &web, day(0)), Next::Due(Step::Deprecate));
    take(Step::Deprecate, &mut web, &nobody, day(0));
    assert_eq!(web.tags[RETIRE], "deprecate@2026-01-02T04:30:00Z");
    assert_eq!(next(&usual(), &web, day(3)), Next::Stays("deprecated 3d ago; disable is due 2026-01-16".to_owned()));
    assert_eq!(next(&usual(), &web, day(14)), Next::Due(Step::Disable));
    take(Step::Disable, &mut web, &nobody, day(15));
    assert_eq!(web.tags[RETIRE], "deprecate@2026-01-02T04:30:00Z disable@2026-01-17T04:30:00Z");
    // Counted from the day of the step, not from the day on which it was due.
    assert_eq!(next(&usual(), &web, day(44)), Next::Stays("disabled 29d ago; deregister is due 2026-02-16".to_owned()));
    assert_eq!(next(&usual(), &web, day(45)), Next::Due(Step::Deregister));
}

#[test]
fn a_daily_job_that_is_a_little_early_does_not_slip_by_a_day() {
    let image = |step: &str| {
        let mut image = tagged(&format!("{step}@2026-01-02T04:30:00Z"));
        image.deprecated_at = Some(day(0));
        image
    };
    let due = |stages: &[&str], later: TimeDelta| {
        matches!(next(&super::tests::stages(stages), &image("deprecate"), day(0) + later), Next::Due(Step::Disable))
    };
    let fortnight = ["deprecate", "disable@14d"];
    // Seconds of jitter, and the hour of summer time.
    assert!(due(&fortnight, TimeDelta::days(14) - TimeDelta::minutes(61)));
    assert!(!due(&fortnight, TimeDelta::days(14) - TimeDelta::minutes(121)));
    assert!(!due(&fortnight, TimeDelta::days(13)));
    let hour = ["deprecate", "disable@1h"];
    assert!(due(&hour, TimeDelta::minutes(55)) && !due(&hour, TimeDelta::minutes(54)));
}

#[test]
fn a_step_that_failed_or_was_taken_back_is_due_again() {
    let deprecated = "deprecate@2026-01-02T04:30:00Z";
    let both = format!("{deprecated} disable@2026-01-16T04:30:00Z");
    // The tag was written, but the step never taken.
    assert_eq!(next(&usual(), &tagged(deprecated), day(1)), Next::Due(Step::Deprecate));
    let mut web = tagged(&both);
    web.deprecated_at = Some(day(0));
    assert_eq!(next(&usual(), &web, day(80)), Next::Due(Step::Disable));
    take(Step::Disable, &mut web, &BTreeSet::new(), day(80));
    assert_eq!(web.tags[RETIRE], format!("{deprecated} disable@2026-03-23T04:30:00Z"));
    // Reverting everything by hand makes it start again.
    let mut web = tagged(&both);
    assert_eq!(next(&usual(), &web, day(80)), Next::Due(Step::Deprecate));
    take(Step::Deprecate, &mut web, &BTreeSet::new(), day(80));
    assert_eq!(web.tags[RETIRE], "deprecate@2026-03-23T04:30:00Z");
}

#[test]
fn a_tag_that_cannot_be_read_keeps_the_image_where_it_is() {
    let time = "2026-01-02T04:30:00Z";
    for text in [
        String::new(),
        "deprecate".to_owned(),
        format!("deprecated@{time}"),
        format!("deregister@{time}"),
        format!("deprecate@{time} "),
        format!("disable@{time} deprecate@{time}"),
        format!("disable@{time}/{time}"),
        format!("disable@{time}/almost"),
        "disable@2026-01-02".to_owned(),
        "disable@2026-01-02T04:30:00+00:00".to_owned(),
        "disable@2026-02-30T04:30:00Z".to_owned(),
        "deprecate@2026-01-03T00:00:00Z disable@2026-01-02T00:00:00Z".to_owned(),
    ] {
        let image = tagged(&text);
        let Next::Stays(why) = next(&usual(), &image, day(100)) else { panic!("{text}") };
        assert_eq!(why, format!("its tag amictl:retire cannot be read: '{text}'"));
        let shares = shares(&image, &BTreeSet::new());
        assert!(advance(Step::Disable, &image, &shares, day(0), day(0)).is_err());
        assert!(revive(&image, &shares, day(0)).is_err());
    }
}

#[test]
fn an_image_that_never_worked_skips_the_stages_but_only_where_they_end_with_deregistration() {
    let failed = Image { state: State::Failed, ..web() };
    assert_eq!(next(&usual(), &failed, day(0)), Next::Due(Step::Deregister));
    let Next::Stays(why) = next(&stages(&["deprecate", "disable@1d"]), &failed, day(0)) else { panic!() };
    assert!(why.contains("it is failed"), "{why}");
}

#[test]
fn a_policy_that_has_changed_goes_on_from_where_an_image_is() {
    let mut web = tagged("deprecate@2026-01-02T04:30:00Z");
    web.deprecated_at = Some(day(0));
    assert_eq!(next(&stages(&["disable", "deregister@5d"]), &web, day(0)), Next::Due(Step::Disable));
    assert!(matches!(next(&stages(&["deprecate", "deregister@5d"]), &web, day(4)), Next::Stays(_)));
    assert_eq!(next(&stages(&["deprecate", "deregister@5d"]), &web, day(5)), Next::Due(Step::Deregister));
    let Next::Stays(why) = next(&stages(&["deprecate"]), &web, day(500)) else { panic!() };
    assert_eq!(why, "deprecated 71w ago; no stage is left");
}

/// Sixty days of a daily run over images whose use begins and ends: the steps by day.
#[test]
fn sixty_days() {
    type Used = fn(i64) -> bool;
    let deregistered = [(0, Step::Deprecate), (14, Step::Disable), (44, Step::Deregister)];
    let cases: [(Used, &[(i64, Step)]); 5] = [
        (|_| false, &deregistered),
        (|_| true, &[]),
        (|day| day >= 10, &[(0, Step::Deprecate), (10, Step::Revive)]),
        (|day| day >= 20, &[(0, Step::Deprecate), (14, Step::Disable), (20, Step::Revive)]),
        (
            |day| (10..25).contains(&day),
            &[(0, Step::Deprecate), (10, Step::Revive), (25, Step::Deprecate), (39, Step::Disable)],
        ),
    ];
    for (used, expected) in cases {
        let (mut image, mut done) = (web(), Vec::new());
        let mut shares = BTreeSet::from([account(2)]);
        for n in 0..60 {
            // Never at the same second.
            let now = day(n) + TimeDelta::seconds((n * 7919) % 300 - 150);
            let step = match (used(n), image.tags.contains_key(RETIRE)) {
                (true, true) => Step::Revive,
                (true, false) => continue,
                (false, _) => match next(&usual(), &image, now) {
                    Next::Due(step) => step,
                    Next::Stays(_) => continue,
                },
            };
            done.push((n, step));
            match step {
                Step::Deregister => break,
                Step::Revive => shares.extend(put_back(&mut image, &shares.clone(), now).share),
                Step::Deprecate | Step::Disable => {
                    take(step, &mut image, &shares.clone(), now);
                }
            }
            if step == Step::Disable {
                shares.clear();
            }
            let whole = used(n) && image.tags.is_empty() && image.deprecated_at.is_none() && shares.len() == 1;
            assert_eq!(whole, step == Step::Revive, "day {n}: {image:?}");
        }
        assert_eq!(done, expected);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in proptest::arbitrary::any::<String>(), name in "(deprecate|disable|deregister|x)", rest in "[@/ 0-9TZ:dh-]{0,30}") {
        for text in [text, format!("{name}{rest}"), format!("{name}@2026-01-02T00:00:00Z{rest}")] {
            let image = tagged(&text);
            let _ = next(&usual(), &image, day(0));
            if let Ok(history) = text.parse::<History>() {
                proptest::prop_assert_eq!(history.to_string(), text.clone());
            }
            let _ = Stages::try_from(vec![text]).map_err(|error| error.to_string());
        }
    }

    #[test]
    fn a_history_reads_back_as_written(
        seconds in 0..4_000_000_000i64,
        wait in 0..4_000_000_000i64,
        planned in proptest::option::of(0..8_000_000_000i64),
        disabled in proptest::bool::ANY,
    ) {
        let from = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut web = Image { deprecated_at: planned.map(from), ..web() };
        take(Step::Deprecate, &mut web, &BTreeSet::new(), from(seconds));
        if disabled {
            take(Step::Disable, &mut web, &BTreeSet::new(), from(seconds + wait));
        }
        let history = History::of(&web).unwrap();
        proptest::prop_assert_eq!(history.to_string(), web.tags[RETIRE].clone());
        proptest::prop_assert_eq!(history.held(&web, from(seconds + wait)).len(), 1 + usize::from(disabled));
    }
}
