//! `deprecate`: from when on, how far ahead, and taken back.

use chrono::{DateTime, Duration, Months, Timelike, Utc};

use crate::changes::verbs::{NAME, changed};
use crate::fake::PROD;
use crate::setup::{EAST, Setup, WEST};

/// An endpoint with one image; gives its id.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    (setup, id)
}

fn date(setup: &Setup, id: &str) -> DateTime<Utc> {
    setup.image(id).deprecated.unwrap()
}

/// Checks that a run was refused so, and that nothing was changed.
#[track_caller]
fn refuses(setup: &Setup, line: &str, exit: i32, code: &str, said: &[&str]) {
    setup.fake.forget_calls();
    let ran = setup.run(&format!("deprecate {line} -o json")).ended(exit);
    assert_eq!(ran.error()["code"], code, "{line}");
    ran.says(said);
    setup.unchanged();
}

#[test]
fn a_day_or_a_time_is_taken_as_it_is_and_rounded_up_to_the_minute() {
    let (setup, id) = ready();
    let year = Utc::now().format("%Y").to_string().parse::<i32>().unwrap() + 1;
    for (given, seen) in [
        (format!("{year}-01-31"), format!("{year}-01-31T00:00:00Z")),
        (format!("{year}-02-28T18:00:00Z"), format!("{year}-02-28T18:00:00Z")),
        (format!("{year}-02-28T18:00:01+02:00"), format!("{year}-02-28T16:01:00Z")),
    ] {
        let report = setup.json(&format!("deprecate web --at {given}"));
        assert_eq!(date(&setup, &id), seen.parse::<DateTime<Utc>>().unwrap());
        let said = format!("{} {} UTC", &seen[..10], &seen[11..16]);
        assert_eq!(report["results"][0]["detail"], said);
        assert_eq!(changed(&setup.json(&format!("deprecate web --at {given}"))), [false], "{given}");
    }
}

#[test]
fn a_span_counts_from_now() {
    let (setup, id) = ready();
    let begun = Utc::now();
    setup.run("deprecate web --after 90d").ended(0);
    let set = date(&setup, &id);
    assert!((set.second(), set.nanosecond()) == (0, 0), "{set}");
    assert!(
        set >= begun + Duration::days(90) && set <= Utc::now() + Duration::days(90) + Duration::minutes(1),
        "{set}"
    );
}

#[test]
fn what_is_deprecated_already_is_so_at_once() {
    let (setup, id) = ready();
    let report = setup.json("deprecate web --after 0s");
    assert_eq!(changed(&report), [true]);
    let set = date(&setup, &id);
    for _ in 0..2 {
        assert_eq!(changed(&setup.json("deprecate web:v1 --after 0s")), [false]);
        // Days later as well.
        setup.world().image_mut(&id).deprecated = Some(set - Duration::days(3));
    }
    assert_eq!(date(&setup, &id), set - Duration::days(3));
    setup.world().image_mut(&id).deprecated = Some(set + Duration::days(3));
    assert_eq!(changed(&setup.json("deprecate web --after 0s")), [true], "one that is only planned is brought forward");
    assert!(date(&setup, &id) <= Utc::now() + Duration::minutes(1));
}

#[test]
fn ten_years_are_the_most() {
    let (setup, id) = ready();
    setup.world().image(PROD, WEST, NAME).put();
    let now = Utc::now();
    setup.run("deprecate web --after 10y").ended(0);
    let limit = now + Months::new(120);
    assert!(date(&setup, &id) <= limit + Duration::minutes(1) && date(&setup, &id) >= limit - Duration::days(1));
    let both = "web --region us-east-1,us-west-2";
    refuses(&setup, &format!("{both} --after 11y"), 2, "Usage", &[NAME, "too far ahead", "at the latest"]);
    let year = now.format("%Y").to_string().parse::<i32>().unwrap() + 11;
    refuses(&setup, &format!("{both} --at {year}-01-01"), 2, "Usage", &["cannot deprecate", "too far ahead"]);
}

#[test]
fn the_past_is_refused_and_at_once_is_offered() {
    let (setup, id) = ready();
    let place = format!("{NAME} ({id}) in account {PROD}, region us-east-1");
    refuses(&setup, "web --at 2020-01-01", 2, "Usage", &["is in the past", &place, "give --after 0s"]);
    for bad in ["tomorrow", "2027-02-30", "2027-01-31T18:00:00", "01/02/2027", ""] {
        let ran = setup.amictl().args(&["deprecate", "web", "--at", bad]).ended(2);
        ran.says(&["2027-01-31T18:00:00Z"]);
    }
    setup.run("deprecate web --after soon").ended(2).says(&["e.g. 90d"]);
    for line in ["deprecate web", "deprecate web --after 1d --cancel", "deprecate web --after 1d --at 2030-01-01"] {
        setup.run(line).ended(2);
    }
    assert_eq!(setup.image(&id).deprecated, None);
}

#[test]
fn a_public_image_has_two_years_and_is_not_put_off() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    setup.run("share web --public").ended(0);
    let set = date(&setup, &id);
    assert_eq!(set, setup.image(&id).created + Months::new(24));
    let unshare = format!("amictl unshare {id} --public --region us-east-1");
    refuses(&setup, "web --after 3y", 4, "Public", &["it is public", "make it private first", &unshare]);
    refuses(&setup, "web --cancel", 4, "Public", &["it is public", &unshare]);
    setup.run("deprecate web --after 30d").ended(0);
    assert!(date(&setup, &id) < set, "it may come nearer");
    setup.run(unshare.strip_prefix("amictl ").unwrap()).ended(0);
    setup.run("deprecate web --cancel").ended(0);
    assert_eq!(setup.image(&id).deprecated, None);
    setup.world().image_mut(&id).launch.insert(crate::fake::Principal::All);
    refuses(&setup, "web --after 3y", 2, "Usage", &["too far ahead", "as the image is public"]);
}

#[test]
fn one_date_that_is_refused_holds_all_of_them_back() {
    let (setup, id) = ready();
    let public = setup.world().image(PROD, WEST, "web-v2-2026-01-02").public().put();
    let regions = "--region us-east-1,us-west-2";
    let both = format!("web:v1 web:v2 {regions}");
    refuses(&setup, &format!("{both} --at 2020-01-01"), 2, "Usage", &[&id, &public, "is in the past"]);
    refuses(&setup, &format!("{both} --after 11y"), 2, "Usage", &[&id, &public, "too far ahead"]);
    refuses(&setup, &format!("{both} --after 3y"), 2, "Usage", &[&public, "too far ahead", "as the image is public"]);
    setup.world().image_mut(&public).deprecated = Some(Utc::now() + Duration::days(30));
    refuses(&setup, &format!("{both} --after 90d"), 4, "Public", &[&public, "make it private first"]);
    refuses(&setup, &format!("{both} --after 90d --dry-run"), 4, "Public", &[&public]);
    setup.run(&format!("deprecate {both} --after 20d")).ended(0);
    assert!([&id, &public].iter().all(|id| date(&setup, id) < Utc::now() + Duration::days(21)));
}

#[test]
fn a_deprecation_is_taken_back_whether_it_has_come_or_not() {
    let (setup, id) = ready();
    for at in [Utc::now() - Duration::days(3), Utc::now() + Duration::days(3)] {
        setup.world().image_mut(&id).deprecated = Some(at);
        let report = setup.json("deprecate web:v1 --cancel");
        assert_eq!((&report["results"][0]["action"], changed(&report)), (&"cancel-deprecation".into(), vec![true]));
        assert_eq!(setup.image(&id).deprecated, None);
    }
    let ran = setup.run("deprecate web:v1 --cancel").ended(0);
    assert!(ran.stdout.contains("not deprecated"), "{}", ran.stdout);
}

#[test]
fn a_deprecated_image_is_not_what_a_family_stands_for() {
    let (setup, id) = ready();
    let newer = setup.world().image(PROD, EAST, "web-v2-2026-01-02").put();
    setup.world().image_mut(&newer).deprecated = Some(Utc::now() - Duration::days(1));
    setup.run("deprecate web --after 30d").ended(0);
    assert!(date(&setup, &id) > Utc::now(), "version 1 is the newest that is not deprecated");
    let ran = setup.run("deprecate web --after 0s --region us-east-1").ended(0);
    assert!(ran.stdout.contains(NAME), "{}", ran.stdout);
    setup.world().image_mut(&id).deprecated = Some(Utc::now() - Duration::days(1));
    setup.run("deprecate web --cancel").ended(1).says(&["no available version", "name the image by its id"]);
}
