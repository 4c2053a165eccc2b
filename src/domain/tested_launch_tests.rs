//! Tests of the launches that count as use, over days with boot tests.

use proptest::prelude::*;

use super::super::image::testing::image;
use super::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

/// An image with the note of a test, of which EC2 tells this launch.
fn noted(told: Option<i64>, launch: i64, before: Option<i64>) -> Image {
    let mut found = image(1, "web-v1-2026-01-02");
    found.last_launched_at = told.map(at);
    note(&mut found, TestLaunch { at: at(launch), before: before.map(at) }, launch + HOUR);
    found
}

fn note(image: &mut Image, launch: TestLaunch, ended: i64) {
    let tested = Tested {
        image: image.id.clone(),
        verdict: Verdict::Passed,
        at: at(ended),
        run: "run".to_owned(),
        launch: Some(launch),
        probes: Vec::new(),
        more: 0,
    };
    image.tags.insert(TESTED.to_owned(), tested.tag_value());
}

fn counted(image: &Image) -> (Option<i64>, bool) {
    let counted = CountedLaunch::of(image);
    (counted.at.map(|at| at.timestamp() - 1_800_000_000), counted.assumed)
}

#[test]
fn the_launch_of_a_test_does_not_count_but_the_day_before_it_does() {
    assert_eq!(counted(&noted(Some(10 * DAY), 10 * DAY, Some(0))), (Some(9 * DAY), true));
    assert_eq!(counted(&noted(Some(10 * DAY), 10 * DAY, None)), (Some(9 * DAY), true));
    assert_eq!(counted(&noted(None, 10 * DAY, None)), (Some(9 * DAY), true), "EC2 has told nothing yet");
    let hours = 10 * DAY - 3 * HOUR;
    assert_eq!(counted(&noted(Some(10 * DAY), 10 * DAY, Some(hours))), (Some(hours), false));
}

#[test]
fn any_other_launch_counts() {
    let (test, second) = (10 * DAY, 1);
    assert_eq!(counted(&noted(Some(test + second), test, Some(0))), (Some(test + second), false), "after the test");
    assert_eq!(counted(&noted(Some(test - second), test, Some(0))), (Some(test - second), false), "told late");
    let mut found = noted(Some(test), test, Some(0));
    found.last_launched_at = Some(at(test) + TimeDelta::milliseconds(900));
    assert_eq!(counted(&found).0, Some(9 * DAY), "the same second");
    found.tags.clear();
    assert_eq!(counted(&found).0, Some(test), "not noted");
    let copy = Image { id: image(2, "web-v1-2026-01-02").id, ..noted(Some(test), test, Some(0)) };
    assert_eq!(counted(&copy).0, Some(test), "the note came with the copy");
}

#[test]
fn a_note_carries_the_one_before_it_on() {
    let first = noted(Some(10 * DAY), 10 * DAY, Some(9 * DAY + HOUR));
    let second = TestLaunch::note(&first, at(12 * DAY));
    assert_eq!(second.before, Some(at(9 * DAY + HOUR)));
    // Read after its own launch was told, the launch counts: it is not known whose it was.
    let late = TestLaunch::note(&noted(Some(12 * DAY), 10 * DAY, None), at(12 * DAY));
    assert_eq!(late.before, Some(at(12 * DAY)));
}

#[test]
fn a_note_from_the_future_hides_nothing() {
    assert_eq!(counted(&noted(Some(5 * DAY), 90 * DAY, None)).0, Some(89 * DAY));
    assert_eq!(counted(&noted(Some(5 * DAY), 5 * DAY, Some(90 * DAY))).0, Some(90 * DAY));
}

/// A launch and how long EC2 takes to tell of it.
#[derive(Debug, Clone, Copy)]
struct Event {
    at: i64,
    delay: i64,
    test: bool,
    /// Whether the test was killed, so that nothing was noted.
    killed: bool,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (0..20 * DAY, 0..=DAY, any::<bool>(), prop::bool::weighted(0.2));
    // Some at the very time of the one before, or a second beside it.
    let beside = prop::option::weighted(0.3, -1..=1i64);
    prop::collection::vec((event, beside), 1..12).prop_map(|drawn| {
        let mut events: Vec<Event> = Vec::new();
        for ((at, delay, test, killed), beside) in drawn {
            let at = match (beside, events.last()) {
                (Some(beside), Some(last)) => last.at + beside,
                (Some(_) | None, _) => at,
            };
            events.push(Event { at: at.max(600), delay, test, killed });
        }
        events.sort_by_key(|event| event.at);
        events
    })
}

/// What EC2 tells at a time of the launches that count here.
fn told(events: &[Event], now: i64, counts: impl Fn(&Event) -> bool) -> Option<i64> {
    events.iter().filter(|event| event.at + event.delay <= now && counts(event)).map(|event| event.at).max()
}

/// The image at a time: with the note of the last test that ended, and the launch that EC2 tells. Tests read the image
/// some minutes before they launch, take ten minutes, and may overlap.
fn at_time(events: &[Event], now: i64) -> Image {
    let mut found = image(1, "web-v1-2026-01-02");
    let test = events.iter().rev().find(|event| event.test && !event.killed && event.at + 600 <= now);
    if let Some(test) = test {
        let before = at_time(events, test.at - 300);
        note(&mut found, TestLaunch::note(&before, at(test.at)), test.at + 600);
    }
    found.last_launched_at = told(events, now, |_| true).map(at);
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever EC2 would tell without tests counts, or a launch at most 24 hours before it where a test followed
    /// within 24 hours.
    #[test]
    fn a_launch_by_production_is_never_hidden(events in events(), now in 0..25 * DAY) {
        let (counted, _) = counted(&at_time(&events, now));
        if let Some(production) = told(&events, now, |event| !event.test) {
            let counted = counted.unwrap();
            prop_assert!(counted >= production - DAY, "{counted} {production}");
            let noted = |event: &Event| event.test && !event.killed && event.at + 600 <= now;
            let followed = events.iter().any(|event| noted(event) && (0..DAY).contains(&(event.at - production)));
            prop_assert!(followed || counted >= production, "{counted} {production}");
        }
    }

    /// Tests alone count as launches 24 hours before they were, once each has ended and EC2 has told of the last.
    #[test]
    fn tests_alone_do_not_count(events in events()) {
        let mut apart: Vec<Event> = Vec::new();
        for event in &events {
            if apart.last().is_none_or(|last| event.at >= last.at + 2 * DAY) {
                apart.push(Event { test: true, killed: false, ..*event });
            }
        }
        let last = apart.last().unwrap().at;
        let (counted, assumed) = counted(&at_time(&apart, last + 2 * DAY));
        prop_assert_eq!((counted, assumed), (Some(last - DAY), true));
    }
}
