//! The launch of a boot test does not count as use, and hides none.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::fake::PROD;
use crate::scene::{ALL_AWAY, Scene, days_ago};
use crate::setup::EAST;

const LINE: &str = "prune --keep 0 --unused-for 30d";

/// The value of the tag of a test that launched at one time, when EC2 had told of a launch at another.
fn noted(image: &str, launch: DateTime<Utc>, before: Option<DateTime<Utc>>) -> String {
    let stamp = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let before = before.map_or_else(|| "never".to_owned(), stamp);
    format!(
        "passed {image} on=t3.micro at={} run=r1 launch={} before={before} checks=system",
        stamp(launch),
        stamp(launch)
    )
}

/// The launch that EC2 tells of.
fn told(setup: &Scene, id: &str) -> DateTime<Utc> {
    setup.image(id).last_launched.unwrap()
}

/// Old images, one for each of these launches that EC2 tells of; gives their ids.
fn launched<const N: usize>(setup: &Scene, days: [i64; N]) -> [String; N] {
    let mut number = 0;
    days.map(|days| {
        number += 1;
        let mut world = setup.world();
        let image = world.image(PROD, EAST, &format!("web-v{number}-2025-01-01")).created(days_ago(200));
        image.last_launched(days_ago(days)).put()
    })
}

#[test]
fn the_later_of_what_was_noted_and_of_the_day_before_the_test_counts() {
    let setup = Scene::new();
    let [long_ago, shortly_before, hidden, noted_late, after, copied] = launched(&setup, [40, 29, 20, 30, 20, 20]);
    setup.tag(&long_ago, "amictl:tested", &noted(&long_ago, told(&setup, &long_ago), Some(days_ago(90))));
    // Between the test and the day before it.
    let twelve_hours = told(&setup, &shortly_before) - chrono::TimeDelta::hours(12);
    setup.tag(
        &shortly_before,
        "amictl:tested",
        &noted(&shortly_before, told(&setup, &shortly_before), Some(twelve_hours)),
    );
    setup.tag(&hidden, "amictl:tested", &noted(&hidden, told(&setup, &hidden), None));
    setup.tag(&noted_late, "amictl:tested", &noted(&noted_late, told(&setup, &noted_late), Some(days_ago(90))));
    // Somebody launched it after its test, or a test did that was killed.
    setup.tag(&after, "amictl:tested", &noted(&after, days_ago(40), Some(days_ago(90))));
    // The tag came with the copy.
    setup.tag(&copied, "amictl:tested", &noted(&hidden, told(&setup, &copied), Some(days_ago(90))));
    let plan = setup.plan(LINE);
    let mut going = [long_ago.as_str(), noted_late.as_str()];
    going.sort_unstable();
    assert_eq!(plan.going(), going);
    let why =
        |id: &str| plan.reasons(id).iter().map(|(code, why)| format!("{code}: {why}")).collect::<Vec<_>>().join(", ");
    assert_eq!(
        why(&shortly_before),
        "recently-launched: launched 29d ago, less than 30d; a boot test since then does not count"
    );
    assert_eq!(
        why(&hidden),
        "recently-launched: counts as launched 21d ago, less than 30d: the boot test 20d ago hides launches of the 24 \
         hours before it"
    );
    assert_eq!(why(&after), "recently-launched: launched 20d ago, less than 30d");
    assert_eq!(why(&copied), "recently-launched: launched 20d ago, less than 30d");
    setup.run(&ALL_AWAY.replace("--keep 0", "--keep 0 --unused-for 30d")).ended(0);
    assert!(!setup.has(&long_ago) && !setup.has(&noted_late));
    assert_eq!(setup.left().len(), 4);
}

#[test]
fn the_plan_says_that_a_launch_was_a_boot_test() {
    let setup = Scene::new();
    let [tested, plain] = launched(&setup, [40, 40]);
    setup.tag(&tested, "amictl:tested", &noted(&tested, told(&setup, &tested), None));
    let plan = setup.plan(LINE);
    let reason = |id: &str| {
        let row = plan.0["actions"].as_array().unwrap().iter().find(|row| row["image_id"] == id).unwrap();
        row["reason"].as_str().unwrap().to_owned()
    };
    assert!(reason(&tested).ends_with("; its launch 40d ago was a boot test"), "{}", reason(&tested));
    assert!(!reason(&plain).contains("boot test"), "{}", reason(&plain));
}
