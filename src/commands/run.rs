//! From the command line to the exit code.

use std::ffi::OsString;
use std::sync::Arc;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches};
use tokio::sync::watch;

use super::{
    Context, Process, apply, completions, copy, create, deregister, launch, list, orphans, prune, refs, restore, wait,
};
use crate::cli::{Cli, Command};
use crate::exit;
use crate::output::{self, Format};
use crate::service::{self, wait::Stop};

/// Runs the command line and gives the exit code.
pub fn run(args: Vec<OsString>, process: Process) -> u8 {
    std::panic::set_hook(Box::new(output::panicked));
    let command = without_empty_variables(Cli::command(), &process);
    let matches = command.try_get_matches_from(&args).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match matches {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error, &args, &process),
    };
    log(cli.global.verbose);
    let (ask, asked) = watch::channel(false);
    match Context::new(&cli.global, &process, Stop::new(asked)) {
        Err(error) => end(Err(error), cli.global.output == Some(Format::Json)),
        Ok(context) => {
            let json = context.printer.format() == Format::Json;
            end(start(cli.command, Arc::new(context), ask), json)
        }
    }
}

/// A variable that is set to nothing says nothing: CI systems export those.
fn without_empty_variables(command: clap::Command, process: &Process) -> clap::Command {
    let empty = |arg: &clap::Arg| {
        let name = arg.get_env().and_then(|name| name.to_str());
        name.is_some_and(|name| process.env.get(name).is_some_and(String::is_empty))
    };
    let command = command.mut_args(|arg| if empty(&arg) { arg.env(None) } else { arg });
    command.mut_subcommands(|command| without_empty_variables(command, process))
}

/// Says why a run failed, and gives its exit code.
fn end(result: Result<()>, json: bool) -> u8 {
    match result {
        Ok(()) => exit::DONE,
        Err(error) if exit::is_closed_pipe(&error) => exit::DONE,
        Err(error) => {
            let last = exit::last_word(&error);
            output::failure(json, &last.code, &last.message, last.hint.as_deref(), last.exit);
            last.exit
        }
    }
}

#[tokio::main]
async fn start(command: Command, context: Arc<Context>, ask: watch::Sender<bool>) -> Result<()> {
    let told = Arc::clone(&context);
    tokio::spawn(async move { stop_on_signal(&ask, &told).await });
    match command {
        Command::Create(args) => create::run(&context, args).await,
        Command::List(args) => context.unless_stopped(list::run(&context, args)).await,
        Command::Launch(args) => launch::run(&context, args).await,
        Command::Copy(args) => copy::run(&context, args).await,
        Command::Deregister(args) => deregister::run(&context, args).await,
        Command::Restore(args) => restore::run(&context, args).await,
        Command::Prune(args) => prune::run(&context, args).await,
        Command::Apply(args) => apply::run(&context, args).await,
        Command::Orphans(args) => orphans::run(&context, args).await,
        Command::Refs(args) => context.unless_stopped(refs::run(&context, args)).await,
        Command::Wait(args) => wait::run(&context, args).await,
        Command::Completions(args) => completions::run(&context, &args),
        Command::Man(args) => completions::man(&context, &args),
    }
}

/// The first signal asks the run to stop at a point it can report; the second gets the default: an end at once.
async fn stop_on_signal(ask: &watch::Sender<bool>, context: &Context) {
    if signal().await.is_err() {
        return;
    }
    let _ = ask.send(true);
    context.printer.tell("stopping after what is in flight; once more stops at once");
    if signal().await.is_ok() {
        end_now();
    }
}

/// Comes back at Ctrl-C, and where there is such a thing at SIGTERM.
#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

#[expect(clippy::disallowed_methods, reason = "the second Ctrl-C wants no more work, not even a clean end")]
fn end_now() -> ! {
    std::process::exit(i32::from(exit::INTERRUPTED))
}

/// What clap has to say: help and version go to stdout, everything else is a usage error.
fn unparsed(error: &clap::Error, args: &[OsString], process: &Process) -> u8 {
    if !error.use_stderr() {
        // A closed pipe is the reader's choice.
        let _ = error.print();
        return exit::DONE;
    }
    if wants_json(args, process) {
        let text = error.render().to_string();
        let message = text.trim().trim_start_matches("error: ");
        output::failure(true, "Usage", message, Some("see: amictl --help"), exit::USAGE);
    } else {
        let _ = error.print();
    }
    exit::USAGE
}

/// Whether the caller asked for JSON on a command line that could not be read as a whole.
fn wants_json(args: &[OsString], process: &Process) -> bool {
    let args: Vec<_> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let pair = |two: &[&str]| matches!(two, ["-o" | "--output", "json"]);
    args.windows(2).any(pair)
        || args.iter().any(|arg| matches!(*arg, "-ojson" | "-o=json" | "--output=json"))
        || process.env.get("AMICTL_OUTPUT").is_some_and(|value| value == "json")
}

fn log(verbose: u8) {
    let Some(filter) = service::log_filter(verbose) else { return };
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).finish();
    let _ = tracing::subscriber::set_global_default(subscriber);
}
