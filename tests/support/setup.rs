//! The beginning of every test: an endpoint of its own, a home of its own, and the binary.

#![allow(dead_code, reason = "each test binary uses what it needs of this")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the clock and waits")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::cli::{Amictl, ONE_ROOT, Ran};
use crate::fake::{Call, Fake, Image, Outcome, PROD, World};

pub const EAST: &str = "us-east-1";
pub const WEST: &str = "us-west-2";
pub const EUROPE: &str = "eu-west-1";

/// Whether long tests run whole, and not a sample of them: `AMICTL_TEST_ALL=1 cargo test`.
pub fn everything() -> bool {
    std::env::var_os("AMICTL_TEST_ALL").is_some_and(|value| value == "1")
}

/// Every `nth` row of a table, from `first` on: tests of one table begin with different rows, and together try all of
/// them. The whole table where everything is tested.
pub fn part<T>(table: impl IntoIterator<Item = T>, nth: usize, first: usize) -> impl Iterator<Item = T> {
    let nth = if everything() { 1 } else { nth };
    table.into_iter().skip(first % nth).step_by(nth)
}

/// Tests all cases at the same time, where each of them waits most of its time.
pub fn at_the_same_time<T: Send>(cases: impl IntoIterator<Item = T>, test: impl Fn(T) + Sync) {
    let test = &test;
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(move || test(case));
        }
    });
}

/// An endpoint and a home directory; both go with the test.
pub struct Setup {
    pub fake: Fake,
    pub home: Home,
}

/// A directory that is removed in the end.
pub struct Home(PathBuf);

impl Home {
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file, its folders too; gives its path.
    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Setup {
    pub fn new() -> Self {
        Self { fake: Fake::start(), home: Home::new() }
    }

    /// An endpoint with one image of two volumes; gives its id and those of its snapshots.
    pub fn with_two_volumes(name: &str) -> (Self, String, Vec<String>) {
        let setup = Self::new();
        let id = setup.world().image(PROD, EAST, name).snapshots(2).put();
        let snapshots = setup.snapshots_of(&id);
        (setup, id, snapshots)
    }

    /// The state of the endpoint. It answers nobody while the guard lives.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.fake.world()
    }

    /// The binary, with the keys of the account 111111111111, in us-east-1.
    pub fn amictl(&self) -> Amictl {
        Amictl::at(&self.fake.url(), self.home.path())
    }

    /// The binary, which tries each call once.
    pub fn once(&self) -> Amictl {
        self.amictl().env("AWS_MAX_ATTEMPTS", "1")
    }

    /// Runs it; arguments are separated by spaces.
    pub fn run(&self, line: &str) -> Ran {
        self.amictl().run(line)
    }

    /// The binary as a process to be started, with pipes for stdout and stderr: for what happens while it runs.
    pub fn process(&self, line: &str) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_amictl"));
        let files = [("AWS_CONFIG_FILE", "aws-config"), ("AWS_SHARED_CREDENTIALS_FILE", "aws-credentials")];
        let keys = [("AWS_ACCESS_KEY_ID", "AKIAPROD"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", EAST)];
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("SSL_CERT_FILE", ONE_ROOT)
            .env("AWS_ENDPOINT_URL", self.fake.url())
            .envs(files.map(|(name, file)| (name, self.home.path().join(file))))
            .envs(keys)
            .args(line.split_whitespace())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command
    }

    /// Runs it with a full disk behind stdout.
    #[cfg(target_os = "linux")]
    pub fn on_full_disk(&self, line: &str) -> Ran {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        Ran::from(self.process(line).stdout(full).spawn().unwrap().wait_with_output().unwrap())
    }

    /// Waits until an operation has been asked for so many times.
    #[track_caller]
    pub fn until(&self, action: &str, times: usize) {
        let begun = std::time::Instant::now();
        while self.fake.count(action) < times {
            assert!(begun.elapsed() < Duration::from_secs(60), "{action} is not asked for {times} times");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Runs it, and gives the JSON it writes after a good end.
    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        self.run(&format!("{line} -o json")).ended(0).json()
    }

    /// An image as the endpoint has it.
    #[track_caller]
    pub fn image(&self, id: &str) -> Image {
        self.world().find_image(id).unwrap_or_else(|| panic!("there is no image {id}")).clone()
    }

    /// The ids of the snapshots behind an image.
    pub fn snapshots_of(&self, id: &str) -> Vec<String> {
        self.image(id).snapshots().map(str::to_owned).collect()
    }

    /// The tags of a snapshot, but for the one that says whose it is.
    #[track_caller]
    pub fn snapshot_tags(&self, id: &str) -> BTreeMap<String, String> {
        let snapshot = self.world().find_snapshot(id).unwrap_or_else(|| panic!("there is no snapshot {id}")).clone();
        snapshot.tags.into_iter().filter(|(key, _)| key != "amictl:snapshot-of").collect()
    }

    /// The names of an account's images in a region, sorted.
    pub fn names(&self, account: &str, region: &str) -> Vec<String> {
        let world = self.world();
        let mut names: Vec<_> = world.images(account, region).map(|image| image.name.clone()).collect();
        names.sort();
        names
    }

    /// The requests for an operation, in the order of their arrival.
    pub fn calls(&self, action: &str) -> Vec<Call> {
        self.fake.calls().into_iter().filter(|call| call.action == action).collect()
    }

    /// What became of the requests for an operation.
    pub fn outcomes(&self, action: &str) -> Vec<Outcome> {
        self.calls(action).into_iter().map(|call| call.outcome).collect()
    }

    /// The requests that asked for a change and meant it.
    pub fn changes(&self) -> Vec<String> {
        let reads = ["Describe", "Get", "List", "AssumeRole"];
        let calls = self.fake.calls().into_iter();
        let meant = calls.filter(|c| !c.dry_run && !reads.iter().any(|verb| c.action.starts_with(verb)));
        meant.map(|call| call.action).collect()
    }

    /// Checks that nothing was asked to change.
    #[track_caller]
    pub fn unchanged(&self) {
        assert_eq!(self.changes(), [""; 0]);
    }
}

/// EC2's refusal, as an outcome.
pub fn refused(code: &str) -> Outcome {
    Outcome::Error(code.to_owned())
}

/// The day of today in UTC, as names have it.
pub fn today() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}

pub fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// A text field of every element of an array.
#[track_caller]
pub fn each<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap_or_else(|| panic!("{list} is no list"));
    list.iter().map(|item| item[field].as_str().unwrap_or_else(|| panic!("{item} has no {field}"))).collect()
}

/// The same in an order that does not depend on the run.
#[track_caller]
pub fn sorted<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let mut values = each(list, field);
    values.sort_unstable();
    values
}
