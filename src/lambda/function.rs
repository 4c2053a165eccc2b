//! The function: its settings, and the way of an event from its text to its answer.

use std::io::{self, Write};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::answer::{self, AskedRun, FailedInvocation};
use super::bounds::{ALLOW, Admitted, Bounds, READS_THE_JOURNAL};
use super::child::ChildRun;
use super::event::Event;
use super::inline_policy::InlinePolicy;
use super::runtime_api::{Delivery, RUNTIME_API};
use crate::cli::command_line;
use crate::cli::parse::without_empty_variables;
use crate::cli::settings::Process;
use crate::domain::failure::{Failure, Kind};
use crate::workflows::run::roots::{Roots, TMP};

/// The variable with exit codes that do not fail an invocation.
const ACCEPTED: &str = "AMICTL_LAMBDA_OK";
const JOURNAL: &str = "AMICTL_JOURNAL";
/// Milliseconds before the deadline in which a run that has not ended is killed, and the answer is given.
const LAST_WORDS: i64 = 2_000;

/// A function with its settings.
pub struct Function {
    process: Process,
    bounds: Bounds,
    accepted: Vec<u8>,
}

impl Function {
    /// The function that these variables describe.
    pub fn new(process: &Process) -> Result<Self, Failure> {
        let here = std::env::current_dir().map_err(|error| {
            Failure::new(Kind::Failed, "NoFolder", format!("the current folder is unknown: {error}"))
        })?;
        let set = |name: &str| process.env.get(name).map(String::as_str);
        Ok(Self {
            bounds: Bounds::new(set(ALLOW), Roots::new(here, set("LAMBDA_TASK_ROOT")), &command_line())?,
            accepted: accepted(set(ACCEPTED).unwrap_or_default())?,
            process: process.clone(),
        })
    }

    /// Runs an event, and gives its answer.
    pub async fn answer(&self, delivery: &Delivery) -> Result<String, FailedInvocation> {
        let event = Event::read(&delivery.event)?;
        let admit = |args: &[String], policy| self.bounds.admit(self.tree(), args, policy);
        let admitted = admit(&event.args, event.policy.as_deref())?;
        let written = event.policy.as_deref().map(InlinePolicy::write).transpose();
        let policy = written.map_err(|error| {
            let message = format!("the policy in the event cannot be written to {TMP}: {error}; nothing was done");
            Failure::new(Kind::Failed, "PolicyFile", message)
        })?;
        let args = policy.as_ref().map_or_else(|| event.args.clone(), |policy| policy.in_args(&event.args));
        if let Some(policy) = &policy {
            // With the option the line must be right, too: it may contradict another.
            admit(&args, None).map_err(|failure| Failure { message: policy.names()(&failure.message), ..failure })?;
        }
        let run = run_id(event.run.as_deref().unwrap_or(&delivery.request_id));
        self.run(delivery, &run, &admitted, args, policy.as_ref()).await
    }

    async fn run(
        &self,
        delivery: &Delivery,
        run: &str,
        admitted: &Admitted,
        args: Vec<String>,
        policy: Option<&InlinePolicy>,
    ) -> Result<String, FailedInvocation> {
        let left = delivery.deadline.map(|deadline| deadline - (self.process.clock)().timestamp_millis() - LAST_WORDS);
        let within = match left.map(u64::try_from) {
            Some(Ok(left)) if left > 0 => Some(Duration::from_millis(left)),
            None => None,
            Some(_) => return Err(FailedInvocation::too_late()),
        };
        let child = ChildRun {
            // Before the command, so that a `--` in the event changes nothing.
            args: ["-o", "json"].map(str::to_owned).into_iter().chain(args).collect(),
            env: self.environment(&admitted.command, run, delivery.deadline),
            within,
            policy,
        };
        let asked = AskedRun {
            command: &admitted.command,
            run,
            dry_run: admitted.dry_run,
            journal: self.set(JOURNAL).filter(|file| *file != "-"),
            accepted: &self.accepted,
        };
        let ended = child
            .run()
            .await
            .map_err(|error| FailedInvocation::crashed(&asked, &format!("its process cannot be run: {error}"), &[]))?;
        let outcome = answer::outcome(&asked, &ended);
        let mut out = io::stdout().lock();
        // Ignored if stdout is closed: the answer counts.
        let _ = out.write_all(outcome.rows.as_bytes()).and_then(|()| out.flush());
        outcome.answer
    }

    /// The command line as clap knows it, with the variables of the function.
    fn tree(&self) -> clap::Command {
        without_empty_variables(command_line(), &self.process)
    }

    /// A variable of the function, if it is set and not empty.
    fn set(&self, name: &str) -> Option<&str> {
        self.process.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What a run finds in its environment, beside that of the function.
    fn environment(&self, command: &str, run: &str, deadline: Option<i64>) -> Vec<(&'static str, Option<String>)> {
        let mut variables = vec![
            // A run must never serve.
            (RUNTIME_API, None),
            ("AMICTL_RUN_ID", Some(run.to_owned())),
            ("AMICTL_DEADLINE", deadline.map(|deadline| deadline.to_string())),
            ("AMICTL_CONTAINED", Some("1".to_owned())),
            // A policy that the event only names may ask for a change, too.
            ("AMICTL_READ_ONLY", self.bounds.only_reads().then(|| "1".to_owned())),
        ];
        match self.set(JOURNAL) {
            None | Some("-") if command == READS_THE_JOURNAL => variables.push((JOURNAL, None)),
            None => variables.push((JOURNAL, Some("-".to_owned()))),
            Some(_) => {}
        }
        // The only folder that can be written.
        if self.set("XDG_STATE_HOME").is_none() {
            variables.push(("XDG_STATE_HOME", Some(TMP.to_owned())));
        }
        variables
    }
}

/// The id of the run, from its name or the request id, so that a second delivery of an event is known for what it is.
fn run_id(name: &str) -> String {
    let digits: String = name.chars().filter(|c| *c != '-').collect();
    let digits = digits.to_ascii_lowercase();
    match digits.len() == 32 && digits.chars().all(|c| c.is_ascii_hexdigit()) {
        true => digits,
        false => {
            let hash = Sha256::digest(name.as_bytes());
            hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
        }
    }
}

/// The exit codes of a list with commas or blanks.
fn accepted(list: &str) -> Result<Vec<u8>, Failure> {
    let wrong = |word: &str| {
        Failure::usage(format!("{ACCEPTED}: '{word}' is no exit code of amictl"))
            .hint(format!("set {ACCEPTED} to codes with commas between them, e.g. \"3,4\""))
    };
    let words = list.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty());
    words.map(|word| word.parse().ok().filter(|code| answer::KNOWN.contains(code)).ok_or_else(|| wrong(word))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_id_is_the_id_of_the_run() {
        let id = run_id("5B0C3F6A-9d2e-4817-7c1d-0e5f8a3b6294");
        assert_eq!(id, "5b0c3f6a9d2e48177c1d0e5f8a3b6294");
        let other = run_id("request 7");
        assert_eq!((other.len(), run_id("request 7") == other, run_id("request 8") == other), (32, true, false));
    }

    #[test]
    fn accepted_exit_codes_are_a_list() {
        assert_eq!(accepted("3,4"), Ok(vec![3, 4]));
        assert_eq!(accepted(" 3 , 130 "), Ok(vec![3, 130]));
        assert_eq!(accepted(""), Ok(vec![]));
        for (list, word) in [("3;4", "3;4"), ("all", "all"), ("3,7", "7"), ("300", "300")] {
            assert!(accepted(list).unwrap_err().message.contains(&format!("'{word}'")), "{list}");
        }
    }
}
