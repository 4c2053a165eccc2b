//! A seeded random mix of commands while one call in twenty goes wrong.
//!
//! After each command the endpoint is held against what the command reported and what the journal says. Nothing is lost,
//! nothing is done twice, nothing is reported that did not happen.
//!
//! Six seeds are run, a hundred of them with `AMICTL_TEST_ALL=1`. `AMICTL_SOAK_SEEDS=500 cargo test --test scenarios
//! soak` runs as many as one likes, `AMICTL_SOAK_FIRST=17` begins with another one.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;

use crate::cli::{Amictl, Ran};
use crate::fake::{Fake, Fault, FaultKind, PROD, World};
use crate::setup::everything;
use crate::soak_checks::{self, Journal, Seen};

const HERE: &str = "us-east-1";
const ELSEWHERE: [&str; 2] = ["eu-west-1", "us-west-2"];
/// The region of these that is closed on some days.
const CLOSED: &str = ELSEWHERE[0];
const OPEN_AND_CLOSED: &str = "us-east-1,eu-west-1";
const STEPS: usize = 10;
/// Calls of one command that may go wrong; more than any command makes.
const CALLS: usize = 300;

pub fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
}

#[test]
fn reports_and_journal_agree_with_the_endpoint_whatever_goes_wrong() {
    let first = setting("AMICTL_SOAK_FIRST", 0);
    let end = first + setting("AMICTL_SOAK_SEEDS", if everything() { 100 } else { 6 });
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < end) {
                    Soak::new(seed).run();
                }
            });
        }
    });
}

/// A prune that is told to stop, by either signal and at any moment, leaves a report and a journal that agree with
/// the endpoint.
#[cfg(unix)]
#[test]
fn an_interrupted_prune_accounts_for_everything() {
    let stopped = std::sync::Mutex::new(0);
    std::thread::scope(|scope| {
        for seed in 0..12 {
            let stopped = &stopped;
            scope.spawn(move || {
                if interrupted(seed) {
                    *stopped.lock().unwrap() += 1;
                }
            });
        }
    });
    let stopped = stopped.into_inner().unwrap();
    assert!(stopped >= 3, "only {stopped} of 12 prunes were stopped on their way");
}

/// Whether the prune was stopped before it was through.
#[cfg(unix)]
fn interrupted(seed: u64) -> bool {
    let mut rng = Rng::with_seed(seed);
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("interrupt-{seed}"));
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).unwrap();
    let fake = Fake::start();
    for n in 1..=120 {
        let name = format!("web-v{n}-2024-01-02");
        fake.world().image(PROD, HERE, &name).created("2024-01-02").snapshots(1 + n % 2).put();
    }
    fake.fault(Fault::on("*", FaultKind::Latency(Duration::from_millis(40))));
    let before = Seen::now(&fake);
    let line = "prune --keep 1 --apply --yes --max-delete 200 -o json";
    let process = Amictl::at(&fake.url(), &home).spawn(line);
    std::thread::sleep(Duration::from_millis(rng.u64(100..3000)));
    let signal = if rng.bool() { "-INT" } else { "-TERM" };
    // It may be through already.
    let _ = std::process::Command::new("kill").args([signal, &process.id().to_string()]).output();
    let ran = Ran::from(process.wait_with_output().unwrap());
    let after = Seen::now(&fake);
    let context = format!("seed {seed}, {signal}: exit {}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    assert!(matches!(ran.code, 0 | 130), "{context}");
    let journal = Journal::read(&home);
    soak_checks::check(line, &ran, &before, &after, &journal).unwrap_or_else(|e| panic!("{e}\n{context}"));
    ran.code == 130
}

/// Puts references into the world as real accounts have them: templates that make volumes of a snapshot, with an image
/// on it and without, and references that lead nowhere. Gives the snapshots.
fn named(world: &mut World) -> Vec<String> {
    let with_image = world.snapshot(PROD, HERE).started("2024-01-02").put();
    world.image(PROD, HERE, "api-v9-2024-01-09").created("2024-01-02").on_snapshots(&[&with_image]).put();
    let gone = "Created by CreateImage(i-0123456789abcdef0) for ami-0123456789abcdef9";
    let without = world.snapshot(PROD, HERE).started("2024-01-02").description(gone).put();
    world.launch_template(PROD, HERE, "data").image("ami-CHANGEME").volume(&with_image).put();
    world.launch_template(PROD, HERE, "old-data").image("resolve:ssm:/no/such/parameter").volume(&without).put();
    world.auto_scaling_group(PROD, HERE, "forgotten").launch_template("no-such-template", "3").put();
    vec![with_image, without]
}

struct Soak {
    seed: u64,
    rng: Rng,
    fake: Fake,
    home: PathBuf,
    instance: String,
    /// Snapshots that launch templates make volumes of.
    named: Vec<String>,
}

impl Soak {
    fn new(seed: u64) -> Self {
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{seed}"));
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(&home).unwrap();
        let (fake, mut rng) = (Fake::start(), Rng::with_seed(seed));
        let (instance, named) = {
            let mut world = fake.world();
            if rng.bool() {
                // EC2 as it is on many days: what was just made or removed is not seen as such everywhere.
                let mut up_to = |seconds: u64| Duration::from_millis(rng.u64(0..1000 * seconds));
                (world.pending_for, world.visible_after, world.snapshot_in_use_for) = (up_to(2), up_to(3), up_to(3));
                world.deregistered_shows_for = up_to(4);
            }
            for family in ["web", "api"] {
                for n in 1..=6 {
                    let name = format!("{family}-v{n}-2024-01-0{n}");
                    world.image(PROD, HERE, &name).created("2024-01-02").snapshots(2).put();
                }
            }
            let shared = world.snapshot(PROD, HERE).put();
            for n in 7..=8 {
                let name = format!("api-v{n}-2024-01-0{n}");
                world.image(PROD, HERE, &name).created("2024-01-02").on_snapshots(&[&shared]).put();
            }
            let used = world.image(PROD, HERE, "db-v1-2024-01-01").created("2024-01-02").put();
            world.image(PROD, HERE, "db-v2-2024-01-02").created("2024-01-02").put();
            for n in 0..3 {
                let gone = format!("Created by CreateImage(i-0123456789abcdef0) for ami-0123456789abcde{n}0");
                world.snapshot(PROD, HERE).started("2024-01-02").description(&gone).put();
            }
            for n in 1..=4 {
                let name = format!("cron-v{n}-2024-01-0{n}");
                world.image(PROD, CLOSED, &name).created("2024-01-02").put();
            }
            let named = named(&mut world);
            (world.instance(PROD, HERE).image(&used).state("running").put(), named)
        };
        Self { seed, rng, fake, home, instance, named }
    }

    fn run(mut self) {
        for step in 0..STEPS {
            let line = self.command();
            self.spoil();
            let before = Seen::now(&self.fake);
            let ran = Amictl::at(&self.fake.url(), &self.home).run(&line);
            self.fake.clear_faults();
            let after = Seen::now(&self.fake);
            let context = format!(
                "seed {}, step {step}: amictl {line}\nexit {}\n{}\n{}",
                self.seed, ran.code, ran.stdout, ran.stderr
            );
            assert!(matches!(ran.code, 0 | 1 | 3 | 4), "{context}");
            assert!(!ran.stderr.contains("bug in amictl"), "{context}");
            let journal = Journal::read(&self.home);
            soak_checks::check(&line, &ran, &before, &after, &journal).unwrap_or_else(|e| panic!("{e}\n{context}"));
            let kept = self.named.iter().all(|snapshot| after.snapshots.contains_key(snapshot));
            assert!(kept, "a snapshot that a template names is gone\n{context}");
        }
        self.settle();
        let _ = std::fs::remove_dir_all(&self.home);
    }

    /// Once nothing goes wrong any more, a rerun finishes what is left, and what is in use is still there.
    fn settle(&self) {
        let run = |line: &str| -> Ran { Amictl::at(&self.fake.url(), &self.home).run(line) };
        let places = format!("--region {OPEN_AND_CLOSED} --apply --yes --max-delete 100 -o json");
        run(&format!("prune api web cron --keep 1 --min-age 1d {places}")).ended(0);
        run(&format!("orphans {places}")).ended(0);
        let left = Seen::now(&self.fake);
        let here = left.images.iter().filter(|(_, image)| image.region == HERE);
        let (mut web, mut db) = (Vec::new(), false);
        for (id, image) in here {
            db |= image.name == "db-v1-2024-01-01";
            if image.name.starts_with("web-") && image.name.contains("-2024-") && !left.used.contains(id) {
                web.push(&image.name);
            }
        }
        assert!(web.len() <= 1, "seed {}: {web:?} are left", self.seed);
        assert!(db, "seed {}: an image in use is gone", self.seed);
        let unused = left.snapshots.iter().filter(|(_, snapshot)| snapshot.users == 0);
        let left_over = unused.filter(|(id, _)| !self.named.contains(id)).count();
        assert_eq!(left_over, 0, "seed {}: snapshots are left over", self.seed);
    }

    /// The next command line.
    fn command(&mut self) -> String {
        let family = if self.rng.bool() { "web" } else { "api" };
        let region = ELSEWHERE[self.rng.usize(0..2)];
        match self.rng.u8(0..12) {
            0 | 1 => format!("create {family} --instance {} -o json", self.instance),
            2 | 3 => format!("copy {family} --to {region} -o json"),
            4 => format!("copy {family} --to {} -o json", ELSEWHERE.join(",")),
            5 => format!("launch {family} --type t3.micro --count {} -o json", self.rng.u8(1..4)),
            6 => format!("deregister {family}:v{} --yes -o json", self.rng.u8(1..7)),
            7 => "orphans --apply --yes --max-delete 100 -o json".to_owned(),
            8 => format!("orphans --region {OPEN_AND_CLOSED} --apply --yes --max-delete 50% -o json"),
            9 => format!(
                "prune {family} cron --region {OPEN_AND_CLOSED} --keep 2 --min-age 1d --apply --yes --max-delete 50 -o json"
            ),
            _ => {
                let keep = self.rng.u8(2..6);
                format!("prune {family} db --keep {keep} --min-age 1d --apply --yes --max-delete 50 -o json")
            }
        }
    }

    /// One call in twenty of the next command goes wrong.
    fn spoil(&mut self) {
        if self.rng.u8(0..3) == 0 {
            let closed = Fault::error("*", "AuthFailure", "not authorized in this region");
            self.fake.fault(closed.in_region(CLOSED));
        }
        for call in 0..CALLS {
            if self.rng.u8(0..20) != 0 {
                continue;
            }
            let error = |status, code: &str| FaultKind::Error {
                status,
                code: code.to_owned(),
                message: "spoilt by the soak test".to_owned(),
            };
            let kind = match self.rng.u8(0..8) {
                0 => error(503, "RequestLimitExceeded"),
                1 => error(500, "InternalError"),
                2 => error(400, "UnauthorizedOperation"),
                3 => FaultKind::ResetBefore,
                4 | 5 => FaultKind::ResetAfter,
                6 => FaultKind::Truncated,
                _ => FaultKind::Latency(Duration::from_millis(30)),
            };
            self.fake.fault(Fault::on("*", kind).skip(call).times(1));
        }
    }
}
