//! What all destroying commands do alike: work through removals, write the journal, stop when asked, report.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use futures::StreamExt;

use super::Context;
use crate::domain::failure::{Failure, Kind};
use crate::domain::report::{Outcome, Problem, Report, Status};
use crate::output::{Bar, Journal};
use crate::service::Target;
use crate::service::deregister::{self, Removal};
use crate::service::permissions::launch_permissions;

/// How many images are worked on at a time.
const SIDE_BY_SIDE: usize = 10;

/// Where the journal is written.
#[derive(Debug, Clone, clap::Args)]
pub struct JournalArgs {
    /// File to which every step is appended [default: $XDG_STATE_HOME/amictl/journal.jsonl]
    #[arg(long, value_name = "FILE", env = "AMICTL_JOURNAL", hide_env_values = true)]
    journal: Option<PathBuf>,
}

impl JournalArgs {
    /// Opens the journal of this run. Without one nothing is destroyed.
    pub async fn open(&self, context: &Context, target: &Target) -> Result<Journal> {
        let set = |name: &str| context.env(name).map(PathBuf::from);
        let state = || set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local").join("state")));
        let path = match &self.journal {
            Some(path) => path.clone(),
            None => match state() {
                Some(folder) => folder.join("amictl").join("journal.jsonl"),
                None => return Err(Failure::usage("no place for the journal").hint("give --journal FILE").into()),
            },
        };
        let who = target.caller().await.ok().and_then(|caller| caller.arn.clone());
        Journal::open(&path, &context.maker.run, who).with_context(|| format!("journal {}", path.display()))
    }
}

/// Removes everything, in batches that have no snapshot in common. What is left when the user asks to stop is
/// reported as skipped.
pub async fn carry_out(context: &Context, work: Vec<(Target, Vec<Removal>)>, journal: &Journal) -> Report {
    let total: usize = work.iter().map(|(_, removals)| removals.len()).sum();
    let bar = context.printer.bars().count(total as u64, "deregistering");
    let batches = work.into_iter().flat_map(|(target, removals)| {
        deregister::batches(removals).into_iter().map(move |batch| (target.clone(), batch))
    });
    let each = |(target, batch): (Target, Vec<Removal>)| {
        let bar = &bar;
        async move {
            let mut outcomes = Vec::new();
            for removal in batch {
                outcomes.push(one(context, &target, &removal, journal, bar).await);
            }
            outcomes
        }
    };
    let done: Vec<Vec<Outcome>> = futures::stream::iter(batches).map(each).buffered(SIDE_BY_SIDE).collect().await;
    Report { results: done.into_iter().flatten().collect() }
}

async fn one(context: &Context, target: &Target, removal: &Removal, journal: &Journal, bar: &Bar) -> Outcome {
    if context.stop.asked() {
        let problem = Problem { code: "Interrupted".to_owned(), message: "interrupted before it began".to_owned() };
        return deregister::skipped(removal, problem);
    }
    let unwritten = |error: std::io::Error| Problem {
        code: "JournalError".to_owned(),
        message: format!("the journal cannot be written, so nothing was done: {error}"),
    };
    // Who it was shared with is gone with the image. Not being allowed to know is no reason to keep it.
    let shares = launch_permissions(target, &removal.image.id).await.ok();
    let snapshots = removal.delete.iter().map(|id| id.as_str()).collect();
    if let Err(error) = journal.begin(&removal.image, shares.as_deref(), snapshots, context.clock()) {
        return deregister::failed(removal, unwritten(error));
    }
    let mut outcome = deregister::run(target, removal).await;
    if let Err(error) = journal.end(&outcome, context.clock()) {
        context.printer.tell(&format!("{}: the journal cannot be completed: {error}", removal.image.id));
        if outcome.status == Status::Done {
            let message = format!("it is done, but the journal cannot be completed: {error}");
            outcome.status = Status::Failed(Problem { code: "JournalError".to_owned(), message });
        }
    }
    bar.step();
    outcome
}

/// Says what failed, and ends the run as the report asks for.
pub fn finish(context: &Context, report: &Report) -> Result<()> {
    for outcome in &report.results {
        if let Status::Failed(problem) | Status::Skipped(problem) = &outcome.status {
            let (id, place) = (&outcome.image_id, &outcome.region);
            context.printer.tell(&format!("{id} in {place}: {} [{}]", problem.message, problem.code));
        }
    }
    let (done, failed, skipped) = report.counts();
    let message = format!("{done} done, {failed} failed, {skipped} skipped");
    if context.stop.asked() {
        return Err(Failure::new(Kind::Interrupted, "Interrupted", format!("interrupted: {message}")).into());
    }
    match report.failure() {
        None => Ok(()),
        Some(kind) => {
            let failure = Failure::new(kind, "PartialDeregister", message);
            Err(failure.hint("run the command again for those that failed").into())
        }
    }
}
