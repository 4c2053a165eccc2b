//! A seeded random mix of boot tests and cleaned images while calls go wrong and runs are killed.
//!
//! After each command the endpoint is held against its report: no instance of a test runs on unsaid, and an instance that
//! was stopped for an image runs again. What killed runs leave is found by `test --sweep` once its time is over.
//!
//! Six seeds are run, a hundred of them with `AMICTL_TEST_ALL=1`; `AMICTL_SOAK_SEEDS` and `AMICTL_SOAK_FIRST` as in
//! `soak`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use crate::cli::{Amictl, Ran};
use crate::fake::{Fake, Fault, FaultKind, PROD, Script};
use crate::setup::everything;
use crate::soak::setting;

const HERE: &str = "us-east-1";
const STEPS: usize = 8;
const CALLS: usize = 120;
/// The end of everything that carries a time, once days have passed.
const PAST: &str = "2026-01-01T00:00:00Z";

#[test]
fn nothing_of_a_test_runs_on_and_what_was_stopped_runs_again() {
    let first = setting("AMICTL_SOAK_FIRST", 0);
    let end = first + setting("AMICTL_SOAK_SEEDS", if everything() { 100 } else { 6 });
    let (next, left) = (AtomicU64::new(first), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < end) {
                    left.fetch_add(Days::new(seed).run(), Ordering::Relaxed);
                }
            });
        }
    });
    assert!(left.into_inner() > 0, "no run left anything to sweep");
}

struct Days {
    seed: u64,
    rng: Rng,
    fake: Fake,
    home: PathBuf,
    /// The machine that images are made from.
    builder: String,
}

/// How a run ended.
enum End {
    /// By itself, or after the first signal.
    Told(Ran),
    Killed,
}

impl Days {
    fn new(seed: u64) -> Self {
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("boot-{seed}"));
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(&home).unwrap();
        std::fs::write(home.join("clean.sh"), "#!/bin/sh\necho clean\n").unwrap();
        std::fs::write(home.join("data.sh"), "#!/bin/sh\necho no timer\n").unwrap();
        let (fake, mut rng) = (Fake::start(), Rng::with_seed(seed));
        let mut world = fake.world();
        let mut up_to = |millis: u64| Duration::from_millis(rng.u64(0..millis));
        (world.boot_for, world.checks_for, world.shutdown_for) = (up_to(400), up_to(400), up_to(400));
        (world.stop_for, world.pending_for, world.visible_after) = (up_to(800), up_to(800), up_to(800));
        world.stop_shows_after = up_to(800);
        let image = world.image(PROD, HERE, "web-v1-2026-01-01").put();
        world.image(PROD, HERE, "api-v1-2026-01-01").put();
        let builder = world.instance(PROD, HERE).image(&image).profile("ssm").tag("Role", "builder").put();
        world.add_profile(PROD, "ssm");
        world.run_commands.scripts.push(Script::with("false", 1));
        drop(world);
        Self { seed, rng, fake, home, builder }
    }

    /// Gives the number of instances that were left for the sweep.
    fn run(mut self) -> usize {
        for step in 0..STEPS {
            let line = self.command();
            self.spoil();
            let (before, ran) = (self.instances(), self.builder_before());
            let end = self.execute(&line);
            self.fake.clear_faults();
            let (seed, new) = (self.seed, self.instances().difference(&before).cloned().collect());
            match &end {
                End::Killed => {
                    self.tagged(&new).unwrap_or_else(|e| panic!("seed {seed}, step {step}, killed: {line}\n{e}"));
                }
                End::Told(told) => self.told(&line, (told, &ran), &new).unwrap_or_else(|e| {
                    panic!(
                        "{e}\nseed {seed}, step {step}: amictl {line}\nexit {}\n{}\n{}",
                        told.code, told.stdout, told.stderr
                    )
                }),
            }
        }
        let left = self.settle();
        let _ = std::fs::remove_dir_all(&self.home);
        left
    }

    fn command(&mut self) -> String {
        let family = if self.rng.bool() { "web" } else { "api" };
        let home = self.home.display();
        match self.rng.u8(0..10) {
            0 | 1 => format!("test {family} --type t3.micro -o json"),
            2 => "test web api --type t3.micro,t3.small -o json".to_owned(),
            3 => format!("test {family} --type t3.micro --user-data {home}/data.sh -o json"),
            4 => format!("test {family} --type t3.micro --instance-profile ssm --ssm true --probe-timeout 3s -o json"),
            5 => format!("test {family} --type t3.micro --instance-profile ssm --ssm false --probe-timeout 1s -o json"),
            6 | 7 => format!("create {family} --instance tag:Role=builder --stop --prepare {home}/clean.sh -o json"),
            8 => format!("create {family} --instance {} --stop --no-wait -o json", self.builder),
            _ => format!("create {family} --instance tag:Role=builder --newest --prepare {home}/clean.sh -o json"),
        }
    }

    /// Runs a command; of five, one is killed on its way and one stopped.
    fn execute(&mut self, line: &str) -> End {
        let process = Amictl::at(&self.fake.url(), &self.home).spawn(line);
        let signal = match self.rng.u8(0..5) {
            0 => Some("-KILL"),
            1 if self.rng.bool() => Some("-INT"),
            1 => Some("-TERM"),
            _ => None,
        };
        if let Some(signal) = signal {
            std::thread::sleep(Duration::from_millis(self.rng.u64(200..2500)));
            // It may be through already.
            let _ = Command::new("kill").args([signal, &process.id().to_string()]).output();
        }
        let output = process.wait_with_output().unwrap();
        match output.status.code() {
            Some(_) => End::Told(Ran::from(output)),
            None => End::Killed,
        }
    }

    /// One call in twenty of the next command goes wrong.
    fn spoil(&mut self) {
        for call in 0..CALLS {
            if self.rng.u8(0..20) != 0 {
                continue;
            }
            let error = |status, code: &str| FaultKind::Error {
                status,
                code: code.to_owned(),
                message: "spoilt by the soak test".to_owned(),
            };
            let kind = match self.rng.u8(0..7) {
                0 => error(503, "RequestLimitExceeded"),
                1 => error(500, "InternalError"),
                2 => error(400, "UnauthorizedOperation"),
                3 => FaultKind::ResetBefore,
                4 | 5 => FaultKind::ResetAfter,
                _ => FaultKind::Truncated,
            };
            self.fake.fault(Fault::on("*", kind).skip(call).times(1));
        }
    }

    fn instances(&self) -> BTreeSet<String> {
        self.fake.world().instances(PROD, HERE).map(|instance| instance.id.clone()).collect()
    }

    fn runs(&self, id: &str) -> bool {
        let world = self.fake.world();
        let state = world.find_instance(id).map(|instance| instance.state(world.now()).to_owned());
        !matches!(state.as_deref(), None | Some("shutting-down" | "terminated"))
    }

    /// What a killed run launched can be found by its tags.
    fn tagged(&self, new: &BTreeSet<String>) -> Result<(), String> {
        let world = self.fake.world();
        for id in new {
            let tags = &world.find_instance(id).unwrap().tags;
            if !tags.contains_key("amictl:test") || !tags.contains_key("amictl:expires") {
                return Err(format!("{id} has no tags of a test"));
            }
        }
        Ok(())
    }

    /// Holds what a run said against what there is.
    fn told(&self, line: &str, (ran, before): (&Ran, &str), new: &BTreeSet<String>) -> Result<(), String> {
        if !matches!(ran.code, 0 | 1 | 3 | 4 | 130) || ran.stderr.contains("bug in amictl") {
            return Err("an end that must not be".to_owned());
        }
        self.tagged(new)?;
        let document: Value = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
        let rows = document["tests"].as_array().cloned().unwrap_or_default();
        for id in new.iter().filter(|id| self.runs(id)) {
            let row = rows.iter().find(|row| row["instance_id"] == id.as_str());
            let unknown = rows.iter().any(|row| row["instance_id"].is_null() && row["terminated"] == false);
            if !row.map_or(unknown, |row| row["terminated"] == false) {
                return Err(format!("{id} runs, and it is not said"));
            }
            if ran.code == 0 {
                return Err(format!("{id} runs after exit code 0"));
            }
        }
        if line.starts_with("test") && ran.code == 0 {
            let good = |row: &Value| row["verdict"] == "passed" && row["terminated"] == true;
            if rows.is_empty() || !rows.iter().all(good) {
                return Err("exit code 0 without a good report".to_owned());
            }
        }
        for row in rows.iter().filter(|row| row["verdict"] == "passed") {
            if line.contains("--ssm false") {
                return Err(format!("a probe that fails has passed: {row}"));
            }
        }
        match self.builder_state().as_str() {
            "running" | "pending" => Ok(()),
            // An earlier run was killed.
            "stopping" | "stopped" if before != "running" => Ok(()),
            state if ran.code == 0 => Err(format!("the builder is {state} after exit code 0")),
            state if !self.marked() => Err(format!("the builder is {state}, and has no mark")),
            _ if ran.stderr.contains(&format!("start-instances --region {HERE} --instance-ids {}", self.builder)) => {
                Ok(())
            }
            state => Err(format!("the builder is {state}, and no line starts it")),
        }
    }

    fn marked(&self) -> bool {
        self.fake.world().find_instance(&self.builder).unwrap().tags.contains_key("amictl:stopped")
    }

    /// The state of the builder before a command; a mark says that an earlier run, killed since, may have stopped it.
    fn builder_before(&self) -> String {
        let world = self.fake.world();
        let builder = world.find_instance(&self.builder).unwrap();
        match builder.tags.contains_key("amictl:stopped") {
            true => "marked".to_owned(),
            false => builder.state(world.now()).to_owned(),
        }
    }

    fn builder_state(&self) -> String {
        let world = self.fake.world();
        world.find_instance(&self.builder).unwrap().state(world.now()).to_owned()
    }

    /// Once days have passed and nothing goes wrong any more, a sweep ends and starts all that was left. Gives how many
    /// instances there were to end.
    fn settle(&self) -> usize {
        let seed = self.seed;
        let mut world = self.fake.world();
        // What was asked to stop shows so by then.
        world.advance(Duration::from_secs(5));
        let tagged: Vec<_> = world.instances(PROD, HERE).map(|instance| instance.id.clone()).collect();
        for id in &tagged {
            let tags = &mut world.instance_mut(id).tags;
            tags.entry("amictl:expires".to_owned()).and_modify(|time| PAST.clone_into(time));
            // `<run> <at> until <end>`: the end is when it began.
            let past = |mark: &mut String| {
                let words: Vec<_> = mark.split(' ').collect();
                *mark = [words[0], words[1], "until", words[1]].join(" ");
            };
            tags.entry("amictl:stopped".to_owned()).and_modify(past);
        }
        drop(world);
        let left: Vec<_> = tagged.iter().filter(|id| **id != self.builder && self.runs(id)).collect();
        let swept = Amictl::at(&self.fake.url(), &self.home).run("test --sweep -o json").ended(0);
        for id in &left {
            assert!(swept.stdout.contains(id.as_str()) && !self.runs(id), "seed {seed}: {id}\n{}", swept.stdout);
        }
        let world = self.fake.world();
        let builder = world.find_instance(&self.builder).unwrap();
        assert_eq!(builder.state(world.now()), "running", "seed {seed}: {}\n{}", swept.stdout, swept.stderr);
        assert_eq!(builder.tags.get("amictl:stopped"), None, "seed {seed}: {}\n{}", swept.stdout, swept.stderr);
        left.len()
    }
}
