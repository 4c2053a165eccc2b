//! `protect` and `unprotect`: whom EC2 refuses to deregister, and until when.

use chrono::{DateTime, Duration, Utc};

use crate::changes::verbs::{NAME, changed};
use crate::fake::{PROD, Protection};
use crate::setup::{EAST, Setup, seconds};

const COOLDOWN: Protection = Protection::Enabled { cooldown: true };
const PLAIN: Protection = Protection::Enabled { cooldown: false };

fn ready(protection: Protection) -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).protection(protection).put();
    (setup, id)
}

/// The minute in `cooldown until 2026-01-03 03:04 UTC`.
#[track_caller]
fn until(report: &serde_json::Value) -> DateTime<Utc> {
    let detail = report["results"][0]["detail"].as_str().unwrap();
    let at = detail.strip_prefix("cooldown until ").and_then(|rest| rest.strip_suffix(" UTC")).unwrap();
    format!("{}:00Z", at.replace(' ', "T")).parse().unwrap()
}

#[test]
fn a_protected_image_is_not_deregistered() {
    let (setup, id) = ready(Protection::Disabled);
    setup.run("protect web").ended(0);
    assert_eq!(setup.image(&id).protection, PLAIN);
    setup.run("deregister web --yes").ended(4).says(&["protected from deregistration"]);
    setup.run("unprotect web").ended(0);
    setup.run("deregister web --yes").ended(0);
}

#[test]
fn a_protection_is_strengthened_and_never_weakened() {
    for (before, line, after, changes) in [
        (Protection::Disabled, "protect web --cooldown", COOLDOWN, true),
        (PLAIN, "protect web --cooldown", COOLDOWN, true),
        (COOLDOWN, "protect web --cooldown", COOLDOWN, false),
        (COOLDOWN, "protect web", COOLDOWN, false),
        (PLAIN, "protect web", PLAIN, false),
        (Protection::Cooling(Utc::now() + Duration::hours(3)), "protect web", PLAIN, true),
    ] {
        let (setup, id) = ready(before.clone());
        let report = setup.json(line);
        assert_eq!((&setup.image(&id).protection, changed(&report)), (&after, vec![changes]), "{before:?} {line}");
        let cooldown = report["results"][0]["detail"] == "with a cooldown of 24 hours";
        assert_eq!(cooldown, after == COOLDOWN, "{before:?} {line}");
    }
}

#[test]
fn the_end_of_the_cooldown_is_told_also_while_it_runs() {
    let (setup, id) = ready(COOLDOWN);
    let begun = Utc::now();
    let first = setup.json("unprotect web");
    let end = until(&first);
    let day = Duration::hours(24);
    assert!(end > begun + day - Duration::minutes(1) && end <= Utc::now() + day, "{end}");
    assert_eq!(changed(&first), [true]);
    setup.fake.forget_calls();
    let second = setup.json("unprotect web");
    assert_eq!((changed(&second), until(&second)), (vec![false], end));
    setup.unchanged();
    let table = setup.run("unprotect web").ended(0).stdout;
    let said = format!("not protected: cooldown until {}", end.format("%Y-%m-%d %H:%M UTC"));
    assert!(table.contains(&said), "{table}");
    setup.run("deregister web --yes").ended(4).says(&["lifted, but protects until "]);
    setup.world().cooldown_is_forgotten = true;
    setup.world().advance(seconds(24 * 3600 + 60));
    let third = setup.json("unprotect web");
    assert_eq!((changed(&third), &third["results"][0]["detail"]), (vec![false], &serde_json::Value::Null));
    setup.run(&format!("deregister {id} --yes")).ended(0);
}

#[test]
fn the_cooldown_is_seen_whatever_words_ec2_has_for_it() {
    let at = "cooldown until ";
    for (words, said) in [
        ("disabled-with-cooldown (until {})", at),
        ("disabled; ends {}.", at),
        ("disabled-after-cooldown", "cooldown for up to 24 hours"),
    ] {
        let (setup, id) = ready(COOLDOWN);
        words.clone_into(&mut setup.world().cooldown_words);
        let begun = std::time::Instant::now();
        for changes in [true, false] {
            let report = setup.json("unprotect web");
            assert_eq!(changed(&report), [changes], "{words}");
            assert!(report["results"][0]["detail"].as_str().unwrap().starts_with(said), "{words}: {report}");
        }
        assert!(begun.elapsed() < seconds(20), "{words}: it is seen at once");
        assert_eq!(setup.calls("DisableImageDeregistrationProtection").len(), 1, "{words}");
        setup
            .run(&format!("deregister {id} --yes"))
            .ended(4)
            .says(&["protected from deregistration", "lifted, but protects"]);
    }
}

#[test]
fn what_is_pending_or_failed_holds_all_of_them_back() {
    for line in ["deprecate REF --after 0s", "deprecate REF --cancel", "protect REF", "unprotect REF"] {
        let setup = Setup::new();
        let mut world = setup.world();
        let later = Utc::now() + Duration::days(30);
        let mut put = |n: u32, state: &str| {
            let seed = world.image(PROD, EAST, &format!("web-v{n}-2026-01-02")).state(state);
            let seed = if line.contains("--cancel") { seed.deprecated_at(later) } else { seed };
            if line.starts_with("unprotect") { seed.protected().put() } else { seed.put() }
        };
        let [_, pending, failed, _] =
            [(1, "available"), (2, "pending"), (3, "failed"), (4, "disabled")].map(|(n, s)| put(n, s));
        drop(world);
        let ran = setup.run(&format!("{} -o json", line.replace("REF", "web:v1 web:v2 web:v4"))).ended(1);
        assert_eq!(ran.error()["code"], "InvalidAMIID.Unavailable", "{line}");
        ran.says(&["it is pending", &format!("wait for it with: amictl wait {pending} --region us-east-1")]);
        setup.unchanged();
        // Of what has failed EC2 decides whether a protection is taken off it: it must go some day.
        if !line.starts_with("unprotect") {
            let ran = setup.run(&line.replace("REF", "web:v1 web:v3")).ended(1);
            ran.says(&["it is failed", &format!("amictl deregister {failed} --region us-east-1")]);
            setup.unchanged();
        }
        setup.run(&line.replace("REF", "web:v1 web:v4")).ended(0);
    }
}

#[test]
fn without_a_cooldown_it_ends_at_once() {
    let (setup, id) = ready(PLAIN);
    let report = setup.json("unprotect web");
    assert_eq!(report["results"][0]["detail"], serde_json::Value::Null);
    assert_eq!(setup.image(&id).protection, Protection::Disabled);
}

#[test]
fn a_disabled_image_is_protected_as_well() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).state("disabled").put();
    setup.run("protect web:v1").ended(0);
    assert_eq!(setup.image(&id).protection, PLAIN);
}
