//! Boot tests, launches by production and a daily prune over forty days.
//!
//! No launch is hidden, and no test counts as one. It runs in this process: the clock is an argument, and the endpoint's
//! clock goes with it. EC2 tells of launches twenty hours late.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use amictl::{Process, run};
use chrono::{DateTime, TimeDelta, Utc};

use crate::fake::PROD;
use crate::scene::Scene;
use crate::setup::{EAST, Home};

const LINE: &str = "prune --keep 0 --unused-for 6d --apply --yes --max-delete 100% -q -o ids --request-limits off";
const UNUSED_FOR: i64 = 6;
const DAYS: i64 = 40;
const STEP: i64 = 6;
const TOLD_AFTER: Duration = Duration::from_hours(20);

/// The hours that have passed.
static HOURS: AtomicI64 = AtomicI64::new(0);

fn clock() -> DateTime<Utc> {
    Utc::now() + TimeDelta::hours(HOURS.load(Ordering::SeqCst))
}

/// Runs the command line in this process; gives its exit code.
fn amictl(setup: &Scene, line: &str) -> u8 {
    let env = [("HOME".to_owned(), setup.home.path().to_str().unwrap().to_owned())];
    let url = setup.fake.url();
    let args = ["amictl"].into_iter().chain(line.split_whitespace()).chain(["--region", EAST, "--endpoint-url", &url]);
    let args = args.map(Into::into).collect();
    let thread = std::thread::Builder::new().stack_size(8 << 20);
    let running = thread.spawn(move || run(args, Process { clock, env: env.into() })).unwrap();
    let code = running.join().unwrap();
    drop(std::panic::take_hook());
    code
}

/// What happened to one image.
#[derive(Default)]
struct Life {
    production: Vec<DateTime<Utc>>,
    tests: Vec<DateTime<Utc>>,
    gone: Option<DateTime<Utc>>,
}

/// The keys come from the environment of the process, which is that of whoever runs the tests: this one runs the other
/// one in a process with an environment of its own.
#[test]
fn no_launch_is_hidden_by_tests_and_no_test_counts_as_a_launch_over_forty_days() {
    let nowhere = Home::new();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "boot_tests::forty_days", "--ignored", "--nocapture"])
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "AKIAPROD"), ("AWS_SECRET_ACCESS_KEY", "secret")])
        .envs([("AWS_EC2_METADATA_DISABLED", "true")])
        .env("AWS_CONFIG_FILE", nowhere.path().join("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", nowhere.path().join("credentials"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

#[test]
#[ignore = "runs inside the test above"]
fn forty_days() {
    let setup = Scene::new();
    setup.world().launches_told_after = Some(TOLD_AFTER);
    let mut lives: BTreeMap<String, Life> =
        setup.family("web", 6).into_iter().map(|id| (id, Life::default())).collect();
    let ids: Vec<String> = lives.keys().cloned().collect();
    // Always the same numbers.
    let mut seed = 20_261_128_u64;
    let mut roll = move |sides: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % sides
    };
    // The first is tested once, on the first day, and launched by nobody else.
    let only_tested = ids[0].clone();
    for step in 0..DAYS * 24 / STEP {
        for id in &ids {
            let life = lives.get_mut(id).unwrap();
            if life.gone.is_some() {
                continue;
            }
            let busy = step < 25 * 24 / STEP && *id != only_tested;
            if busy && roll(14) == 0 {
                launch(&setup, id);
                life.production.push(setup.world().now());
            }
            if (busy && roll(10) == 0) || (step == 0 && *id == only_tested) {
                assert_eq!(amictl(&setup, &format!("test {id} --type t3.micro -q")), 0, "{id}");
                assert!(setup.image(id).tags.contains_key("amictl:tested"), "{id}");
                life.tests.push(setup.world().now());
            }
            if busy && roll(14) == 0 {
                launch(&setup, id);
                life.production.push(setup.world().now());
            }
        }
        // Not on the first day, on which EC2 has not told of anything.
        if step % (24 / STEP) == 0 && step > 0 {
            assert_eq!(amictl(&setup, LINE), 0, "step {step}");
            let now = setup.world().now();
            for (id, life) in lives.iter_mut().filter(|(id, life)| life.gone.is_none() && !setup.has(id)) {
                life.gone = Some(now);
                check(id, life, now);
            }
        }
        HOURS.fetch_add(STEP, Ordering::SeqCst);
        setup.world().advance(Duration::from_secs(3600 * STEP.unsigned_abs()));
    }
    assert!(lives.values().all(|life| life.gone.is_some()), "in the end all are unused");
    let (tests, launches) =
        lives.values().fold((0, 0), |(t, p), life| (t + life.tests.len(), p + life.production.len()));
    assert!(tests >= 8 && launches >= 8, "{tests} tests, {launches} launches");
    let life = &lives[&only_tested];
    // Its test counts for what it may hide: a launch in the 24 hours before it.
    assert_eq!((life.gone.unwrap() - life.tests[0]).num_days(), UNUSED_FOR - 1);
}

/// A launch by somebody else, of an instance that has ended since.
fn launch(setup: &Scene, id: &str) {
    let before: Vec<String> = setup.world().instances(PROD, EAST).map(|instance| instance.id.clone()).collect();
    let params = [("ImageId", id), ("InstanceType", "t3.micro"), ("MinCount", "1"), ("MaxCount", "1")];
    setup.ec2("RunInstances", &params);
    let mut world = setup.world();
    let new: Vec<String> = world.instances(PROD, EAST).map(|instance| instance.id.clone()).collect();
    new.iter().filter(|id| !before.contains(id)).for_each(|id| world.end_instance(id));
}

/// The image may be gone: of no launch that EC2 has told, it was too early.
fn check(id: &str, life: &Life, now: DateTime<Utc>) {
    let told = TimeDelta::from_std(TOLD_AFTER).unwrap();
    for production in life.production.iter().filter(|at| **at + told <= now) {
        let unused = now - *production;
        let followed =
            life.tests.iter().any(|test| (TimeDelta::zero()..TimeDelta::days(1)).contains(&(*test - production)));
        let least = TimeDelta::days(UNUSED_FOR - i64::from(followed));
        assert!(unused >= least, "{id} went after {} hours, followed by a test: {followed}", unused.num_hours());
    }
}
