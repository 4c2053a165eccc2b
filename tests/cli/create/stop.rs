//! `create --stop`: the instance is stopped while the image is made, and runs again.

use crate::cli::Ran;
use crate::fake::{PROD, World};
use crate::setup::{EAST, Setup, seconds};

/// The changes of a `create --stop` that goes well.
pub const ALL: [&str; 5] = ["CreateTags", "StopInstances", "CreateImage", "StartInstances", "DeleteTags"];

/// A running instance with two volumes.
pub fn running(setup: &Setup) -> String {
    setup.world().instance(PROD, EAST).volumes(2).tag("Name", "build").put()
}

pub fn stop(setup: &Setup, id: &str, options: &str) -> Ran {
    setup.run(&format!("create web --instance {id} --stop -o json {options}"))
}

/// The state of an instance, and the tag that says that it was stopped.
pub fn state(world: &World, id: &str) -> (String, Option<String>) {
    let instance = world.find_instance(id).unwrap();
    (instance.state(world.now()).to_owned(), instance.tags.get("amictl:stopped").cloned())
}

/// It runs, and no tag is left.
#[track_caller]
pub fn runs_again(setup: &Setup, id: &str) {
    assert_eq!(state(&setup.world(), id), ("running".to_owned(), None));
}

#[test]
fn the_instance_is_stopped_while_the_image_is_begun() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_for = seconds(2);
    let before = setup.world().find_instance(&id).unwrap().public_ip.clone().unwrap();
    let ran = stop(&setup, &id, "").ended(0);
    assert_eq!(setup.changes(), ALL);
    let after = setup.world().find_instance(&id).unwrap().clone();
    assert_eq!((after.reboots, after.public_ip.as_ref() == Some(&before)), (0, false));
    let ran = ran.says(&[
        &format!("{id} (build) loses its public address {before} when it is stopped, and gets another one"),
        &format!("stopping {id} (build) in us-east-1"),
        &format!("starting {id} (build) in us-east-1 again"),
        &format!("{id} (build) runs again; its public address is now {} (was {before})", after.public_ip.unwrap()),
    ]);
    assert!(!ran.stderr.contains("reboot"), "{}", ran.stderr);
    runs_again(&setup, &id);
    let document = ran.json();
    let keys: Vec<_> = document.as_object().unwrap().keys().cloned().collect();
    let made = &document["images"][0];
    assert_eq!((&made["state"], &made["source"]["instance_id"]), (&"available".into(), &id.as_str().into()));
    // The document is that of any other create.
    let other = setup.json(&format!("create web --instance {id} --no-reboot"));
    assert_eq!(keys, other.as_object().unwrap().keys().cloned().collect::<Vec<_>>());
}

#[test]
fn the_tag_says_which_run_stopped_it_and_until_when() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().stop_for = seconds(600);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| stop(&setup, &id, "--timeout 1h"));
        setup.until("StopInstances", 2);
        setup.until("DescribeInstances", 2);
        let (state, tag) = state(&setup.world(), &id);
        assert_eq!(state, "stopping");
        let tag = tag.unwrap();
        let [run_id, at, until, end] = tag.split(' ').collect::<Vec<_>>()[..] else { panic!("{tag}") };
        let [at, end] = [at, end].map(|time| time.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        // The time of waiting, that of starting again, and that of the last calls.
        assert_eq!((until, (end - at).num_minutes()), ("until", 60 + 15 + 30));
        setup.world().advance(seconds(600));
        let made = run.join().unwrap().ended(0).json();
        assert_eq!(made["images"][0]["tags"]["amictl:run"], run_id);
    });
    runs_again(&setup, &id);
}

#[test]
fn an_elastic_ip_stays_and_nothing_is_said_of_it() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).elastic().put();
    let ran = stop(&setup, &id, "").ended(0);
    assert!(!ran.stderr.contains("address"), "{}", ran.stderr);
    runs_again(&setup, &id);
}

#[test]
fn it_starts_when_the_snapshots_are_begun_and_not_before() {
    for hidden in [false, true] {
        let setup = Setup::new();
        let id = running(&setup);
        {
            let mut world = setup.world();
            world.snapshots_appear_late = hidden;
            world.snapshots_begin_after = seconds(4);
            world.pending_for = seconds(3600);
        }
        // The endpoint spoils an image whose instance starts before its snapshots are begun.
        let made = std::thread::scope(|scope| {
            let run = scope.spawn(|| stop(&setup, &id, "").ended(0).json());
            setup.until("DeleteTags", 2);
            let now = setup.world().now();
            assert_eq!(setup.world().images(PROD, EAST).next().unwrap().state(now), "pending");
            runs_again(&setup, &id);
            setup.world().advance(seconds(3600));
            run.join().unwrap()
        });
        assert_eq!(made["images"][0]["state"], "available");
        assert_eq!(setup.changes(), ALL);
    }
}

#[test]
fn without_waiting_for_the_image_the_instance_is_waited_for() {
    let setup = Setup::new();
    let id = running(&setup);
    setup.world().pending_for = seconds(3600);
    setup.world().boot_for = seconds(3);
    let made = stop(&setup, &id, "--no-wait").ended(0).json();
    assert_eq!(made["images"][0]["state"], "pending");
    runs_again(&setup, &id);
}

#[test]
fn one_that_is_stopped_already_stays_stopped() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).state("stopped").put();
    stop(&setup, &id, "").ended(0).says(&[&format!("{id} is stopped already, and stays stopped")]);
    assert_eq!(setup.changes(), ["CreateImage"]);
    assert_eq!(state(&setup.world(), &id), ("stopped".to_owned(), None));
}

#[test]
fn one_in_standby_and_a_persistent_spot_instance_can_be_stopped() {
    let setup = Setup::new();
    let mut world = setup.world();
    let image = world.image(PROD, EAST, "web-v1-2026-01-01").put();
    world.launch_template(PROD, EAST, "web").image(&image).put();
    world.auto_scaling_group(PROD, EAST, "web").launch_template("web", "1").put();
    let standby = world.instance(PROD, EAST).put();
    world.join_group(PROD, EAST, "web", &standby, true);
    let spot = world.instance(PROD, EAST).persistent_spot().put();
    drop(world);
    for id in [standby, spot] {
        stop(&setup, &id, "").ended(0);
        runs_again(&setup, &id);
    }
}

#[test]
fn a_dry_run_checks_all_and_changes_nothing() {
    let setup = Setup::new();
    let id = running(&setup);
    let ran = setup.run(&format!("create web --instance {id} --stop --date 2026-01-02 --dry-run")).ended(0);
    ran.says(&["loses its public address", "dry run: web-v1-2026-01-02 would be made"]);
    setup.unchanged();
    for call in ["CreateTags", "StopInstances", "StartInstances", "DeleteTags", "CreateImage"] {
        assert!(setup.calls(call).iter().any(|call| call.dry_run), "{call}");
    }
    runs_again(&setup, &id);
}

#[test]
fn options_that_contradict_it_are_refused_before_any_call() {
    let setup = Setup::new();
    for line in [
        "create web --instance i-0123456789abcdef0 --stop --no-reboot",
        "create web --snapshot snap-0123456789abcdef0 --stop",
    ] {
        setup.run(line).ended(2).says(&["--stop"]);
    }
    assert!(setup.fake.calls().is_empty());
}
