//! What whole processes take: time, the processor's time and memory, from /proc.

#![allow(dead_code, reason = "each benchmark uses what it needs of this")]
#![allow(clippy::disallowed_methods, reason = "it looks at a process until that has ended")]

use std::fmt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The runs of which the median counts.
pub const ROUNDS: usize = 5;
/// What the kernel counts the time of the processor in.
const TICKS_A_SECOND: f64 = 100.0;

/// What a run took: seconds, seconds of the processor, megabytes.
#[derive(Clone, Copy)]
pub struct Taken {
    pub wall: f64,
    pub cpu: f64,
    pub memory: f64,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} s, {:.2} s of the processor, {:.0} MB", self.wall, self.cpu, self.memory)
    }
}

/// A command with the environment of all benchmarks, for the endpoint at `url`; what it prints is thrown away.
pub fn against<'a>(url: &str, command: &'a mut Command) -> &'a mut Command {
    command
        .env("HOME", std::env::temp_dir().join("amictl-bench"))
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ACCESS_KEY_ID", "AKIAPROD")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
}

/// Runs a command against the endpoint at `url` to its good end.
pub fn taken(url: &str, command: &mut Command) -> Taken {
    let before = cpu_of_children();
    let begun = Instant::now();
    let mut child = against(url, command).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0.0_f64;
    let ended = loop {
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        memory = memory.max(kib.unwrap_or(0.0) * 1024.0 / 1e6);
        std::thread::sleep(Duration::from_millis(2));
    };
    let wall = begun.elapsed().as_secs_f64();
    assert!(ended.success(), "{command:?} failed");
    Taken { wall, cpu: cpu_of_children() - before, memory }
}

/// Seconds that the processor worked for processes of ours that have ended, in user mode and in the kernel.
fn cpu_of_children() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    // `cutime` and `cstime` of proc(5), counted from the field after the name.
    fields[13..15].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / TICKS_A_SECOND
}

/// The median of some figures.
pub fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The median of each, after a run that has the answers prepared.
pub fn median(run: impl Fn() -> Taken) -> Taken {
    run();
    let taken: Vec<_> = (0..ROUNDS).map(|_| run()).collect();
    let of = |figure: fn(&Taken) -> f64| middle(taken.iter().map(figure).collect());
    Taken { wall: of(|t| t.wall), cpu: of(|t| t.cpu), memory: of(|t| t.memory) }
}
