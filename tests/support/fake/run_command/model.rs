//! Commands and scripts, as the endpoint keeps them, and the knobs for them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::super::world::span;

/// What was sent, and how agents behave.
#[derive(Default)]
pub struct RunCommands {
    /// How long after its start the agent of an instance is online.
    pub online_after: Duration,
    /// Instances without an agent.
    pub agentless: BTreeSet<String>,
    /// Instances whose agent was online once and is silent now.
    pub silent: BTreeSet<String>,
    /// How long the agent of an instance that has stopped still counts as online.
    pub lost_after: Duration,
    /// Accounts with Default Host Management: their instances need no instance profile.
    pub host_management: BTreeSet<String>,
    /// How long GetCommandInvocation knows nothing of a command.
    pub shown_after: Duration,
    /// How long ListCommands knows nothing of a command.
    pub listed_after: Duration,
    /// What scripts do; one for which there is nothing here ends well at once.
    pub scripts: Vec<Script>,
    pub(super) commands: BTreeMap<String, SentCommand>,
}

/// What comes of the scripts that have a text in them.
#[derive(Clone, Debug)]
pub struct Script {
    /// The text.
    pub has: String,
    /// The exit code.
    pub exit: i32,
    /// What it writes.
    pub stdout: String,
    /// What it complains of.
    pub stderr: String,
    /// How long it runs.
    pub takes: Duration,
    /// How many scripts it holds for; all, where it says nothing.
    pub times: Option<usize>,
}

impl Script {
    /// A script with this text ends at once with this code.
    pub fn with(has: &str, exit: i32) -> Script {
        let (stdout, stderr) = (String::new(), String::new());
        Script { has: has.to_owned(), exit, stdout, stderr, takes: Duration::ZERO, times: None }
    }

    /// What it writes.
    pub fn says(mut self, stdout: &str) -> Script {
        stdout.clone_into(&mut self.stdout);
        self
    }

    /// What it complains of.
    pub fn complains(mut self, stderr: &str) -> Script {
        stderr.clone_into(&mut self.stderr);
        self
    }

    /// How long it runs.
    pub fn takes(mut self, time: Duration) -> Script {
        self.takes = time;
        self
    }

    /// It holds for so many scripts.
    pub fn times(mut self, times: usize) -> Script {
        self.times = Some(times);
        self
    }
}

/// A command as it was sent.
#[derive(Clone, Debug)]
pub struct SentCommand {
    /// Its id.
    pub id: String,
    /// The place in the order of all.
    pub number: u64,
    /// The account, and the region.
    pub place: (String, String),
    /// The instances.
    pub instances: Vec<String>,
    /// The document.
    pub document: String,
    /// The lines of the script.
    pub lines: Vec<String>,
    /// The comment.
    pub comment: String,
    /// When it was sent.
    pub sent: DateTime<Utc>,
    /// Seconds until it counts as not delivered, and seconds that it may run.
    pub timeouts: (i64, i64),
    /// Whether the agent is silent.
    pub undelivered: bool,
    /// What the script does.
    pub script: Script,
    /// When it was cancelled.
    pub cancelled: Option<DateTime<Utc>>,
}

/// How it is with a command: status, details, exit code.
pub type Standing = (&'static str, &'static str, i32);

impl SentCommand {
    /// How it is with it at a time.
    pub fn at(&self, now: DateTime<Utc>) -> Standing {
        let (delivery, execution) = (seconds(self.timeouts.0), seconds(self.timeouts.1));
        let (limit, natural) = match self.undelivered {
            true => (delivery, chrono::Duration::MAX),
            false => (execution, span(self.script.takes)),
        };
        let end = self.sent.checked_add_signed(natural.min(limit)).unwrap_or(DateTime::<Utc>::MAX_UTC);
        match self.cancelled.filter(|at| *at < end) {
            Some(at) if now < at + seconds(1) => ("Cancelling", "Cancelling", -1),
            Some(_) => ("Cancelled", "Cancelled", -1),
            None if now < end && self.undelivered => ("Delayed", "Delayed", -1),
            None if now < end => ("InProgress", "In Progress", -1),
            None if self.undelivered => ("TimedOut", "Delivery Timed Out", -1),
            None if natural > limit => ("TimedOut", "Execution Timed Out", -1),
            None if self.script.exit == 0 => ("Success", "Success", 0),
            None => ("Failed", "Failed", self.script.exit),
        }
    }
}

fn seconds(number: i64) -> chrono::Duration {
    chrono::Duration::seconds(number)
}

impl RunCommands {
    /// The commands so far, in the order in which they were sent.
    pub fn sent(&self) -> Vec<SentCommand> {
        let mut all: Vec<SentCommand> = self.commands.values().cloned().collect();
        all.sort_by_key(|command| command.number);
        all
    }

    /// What a script does.
    pub(super) fn outcome(&mut self, text: &str) -> Script {
        let holds = |script: &&mut Script| text.contains(&script.has) && script.times != Some(0);
        let Some(script) = self.scripts.iter_mut().find(holds) else { return Script::with("", 0) };
        script.times = script.times.map(|times| times - 1);
        script.clone()
    }
}
