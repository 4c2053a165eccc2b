//! Runs a command line: parse, execute, report the error with a hint, return the exit code.

use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Error, Result};
use clap::FromArgMatches;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

use super::complete;
use super::invocation::invocation;
use super::origins;
use super::parse::{unparsed, without_empty_variables};
use super::root::{Cli, command_line};
use super::settings::{self, Process};
use super::signals::{NEAR, Signals, stop_in_time, stop_on_signal};
use crate::commands::Command;
use crate::domain::failure::{Failure, Kind};
use crate::exit;
use crate::output::error;
use crate::output::printer::{FormatChoice, Unwritten};
use crate::service::client::error::ApiError;
use crate::service::client::stop::Stop;
use crate::service::log;
use crate::workflows::run::context::{Context, nothing_changed};
use crate::workflows::run::diagnostics;

/// The time that the end of a run waits for background work.
const LEFTOVERS: Duration = Duration::from_millis(100);

/// Runs the command line and returns the exit code.
pub fn run(args: Vec<OsString>, process: Process) -> u8 {
    error::annotate(process.env.get("GITHUB_ACTIONS").is_some_and(|value| value == "true"));
    std::panic::set_hook(Box::new(error::panicked));
    if let Some((_, words)) = args.get(1..).and_then(<[_]>::split_first).filter(|(name, _)| *name == complete::COMMAND)
    {
        return complete::answer(words, &process);
    }
    let mut command = without_empty_variables(command_line(), &process);
    let matches = command.try_get_matches_from_mut(&args);
    let parsed = matches.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return unparsed(&error, &args, &process),
    };
    log(cli.global.verbose);
    let (ask, asked) = watch::channel(false);
    let context = settings::context(&cli.global, &process, Stop::new(asked), invocation(&command, &matches));
    let context = context.map(|(mut context, defaults)| {
        if matches!(cli.command, Command::Config(_)) {
            context.origins = origins::of(&context, &cli.global, &defaults, &command, &matches);
        }
        context
    });
    match context {
        Err(error) => end(Err(error), cli.global.output == Some(FormatChoice::Json), true),
        Ok(context) => {
            let printer = Arc::clone(&context.printer);
            let (deadline, reads) = (context.deadline, cli.command.only_reads());
            let ended = start(cli.command, Arc::new(context), ask);
            let over = deadline.is_some_and(|deadline| deadline.is_over(Instant::now()));
            let ended = if over { ended.map_err(of_deadline) } else { ended };
            match end(ended, printer.errors_as_json(), reads) {
                exit::DONE if printer.query_failed() => exit::FAILED,
                code => code,
            }
        }
    }
}

/// Reports a failed run and returns its exit code. One that does more than it `reads` has done it before its output.
fn end(result: Result<()>, json: bool, reads: bool) -> u8 {
    match result {
        Ok(()) => exit::DONE,
        Err(error) if diagnostics::is_closed_pipe(&error) => exit::DONE,
        Err(error) => {
            let last = diagnostics::diagnose(&error);
            let local = error.chain().any(|cause| cause.is::<io::Error>() || cause.is::<serde_json::Error>())
                && !error.chain().any(|cause| cause.is::<ApiError>());
            let hint = last.hint.as_deref().or(match error.is::<Unwritten>() && !reads {
                true => Some("the report is lost, and what was done stays done: look before you run it again"),
                false => next_step(last.kind, local),
            });
            let exit = last.kind.into();
            error::failure(json, &last.code, &last.message, hint, exit);
            exit
        }
    }
}

/// The error of a run that its deadline has stopped: nobody has interrupted it.
fn of_deadline(error: Error) -> Error {
    let last = diagnostics::diagnose(&error);
    if last.kind != Kind::Interrupted {
        return error;
    }
    let hint = last.hint.unwrap_or_else(|| {
        "give the function a longer timeout, up to 900 s; if no call gets an answer, as in a VPC without a NAT gateway or \
         endpoints, more time does not help"
            .to_owned()
    });
    Failure::new(last.kind, last.code, last.message).by_deadline().hint(hint).into()
}

/// The hint for errors without their own.
fn next_step(kind: Kind, local: bool) -> Option<&'static str> {
    match kind {
        Kind::Usage => Some("see: amictl --help"),
        Kind::Failed if local => Some("correct the cause and run the command again"),
        Kind::Failed | Kind::OutOfSight => {
            Some("correct the cause and run the command again; -v logs the calls to AWS")
        }
        Kind::Partial | Kind::Refused | Kind::TimedOut | Kind::Interrupted => None,
    }
}

fn start(command: Command, context: Arc<Context>, ask: watch::Sender<bool>) -> Result<()> {
    if command.calls_aws() && context.deadline.is_some_and(|deadline| deadline.is_over(Instant::now())) {
        context.printer.tell(NEAR);
        let hint = "a run needs more than 20 s before the deadline: give the function a longer timeout, up to 900 s";
        return Err(nothing_changed().hint(hint).into());
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(work(command, context, ask));
    // Work that cannot be cancelled, such as a DNS lookup, must not delay the end.
    runtime.shutdown_timeout(LEFTOVERS);
    result
}

async fn work(command: Command, context: Arc<Context>, ask: watch::Sender<bool>) -> Result<()> {
    if let Some(deadline) = context.deadline.filter(|_| command.calls_aws()) {
        tokio::spawn(stop_in_time(deadline, ask.clone(), Arc::clone(&context)));
    }
    if let Ok(signals) = Signals::listen() {
        tokio::spawn(stop_on_signal(signals, ask, Arc::clone(&context)));
    }
    command.execute(&context, command_line).await
}

fn log(verbose: u8) {
    let Some(Ok(levels)) = log::filter(verbose).map(str::parse::<Targets>) else { return };
    // Colours would be escaped, too, and appear as characters.
    let text = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(error::log_writer);
    let subscriber = tracing_subscriber::registry().with(text).with(levels);
    let _ = tracing::subscriber::set_global_default(subscriber);
}
