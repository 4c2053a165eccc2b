//! From the command line to the exit code.

use std::error::Error as _;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::{CommandFactory, FromArgMatches};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

use super::again::Again;
use super::{
    Context, Process, apply, completions, copy, create, deprecate, deregister, disable, enable, launch, list, orphans,
    protect, prune, refs, restore, share, show, tag, wait,
};
use crate::cli::{Cli, Command};
use crate::domain::reference::RefError;
use crate::output::printer::Format;
use crate::output::{self, error};
use crate::service::wait::Stop;
use crate::{exit, service};

/// How long the end of a run waits for what still goes on in the background.
const LEFTOVERS: Duration = Duration::from_millis(100);

/// Runs the command line and gives the exit code.
pub fn run(args: Vec<OsString>, process: Process) -> u8 {
    std::panic::set_hook(Box::new(error::panicked));
    let mut command = without_empty_variables(Cli::command(), &process);
    let matches = command.try_get_matches_from_mut(&args);
    let parsed = matches.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, again) = match parsed {
        Ok((cli, matches)) => (cli, Again::of(&command, &matches)),
        Err(error) => return unparsed(&error, &args, &process),
    };
    log(cli.global.verbose);
    let (ask, asked) = watch::channel(false);
    match Context::new(&cli.global, &process, Stop::new(asked), again) {
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
            let hint = last.hint.as_deref().or(next_step(last.exit));
            error::failure(json, &last.code, &last.message, hint, last.exit);
            last.exit
        }
    }
}

/// What to do next where the error itself does not say.
fn next_step(exit: u8) -> Option<&'static str> {
    match exit {
        exit::USAGE => Some("see: amictl --help"),
        exit::FAILED => Some("change what is named and run the command again; -v shows what is asked of AWS"),
        _ => None,
    }
}

fn start(command: Command, context: Arc<Context>, ask: watch::Sender<bool>) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(work(command, context, ask));
    // What cannot be called off, such as the look-up of a host name, holds up nobody.
    runtime.shutdown_timeout(LEFTOVERS);
    result
}

async fn work(command: Command, context: Arc<Context>, ask: watch::Sender<bool>) -> Result<()> {
    if let Ok(signals) = Signals::listen() {
        tokio::spawn(stop_on_signal(signals, ask, Arc::clone(&context)));
    }
    match command {
        Command::Create(args) => create::run(&context, args).await,
        Command::List(args) => context.unless_stopped(list::run(&context, args)).await,
        Command::Show(args) => context.unless_stopped(show::run(&context, args)).await,
        Command::Launch(args) => launch::run(&context, args).await,
        Command::Copy(args) => copy::run(&context, args).await,
        Command::Share(args) => share::run(&context, args).await,
        Command::Unshare(args) => share::unshare(&context, args).await,
        Command::Deprecate(args) => deprecate::run(&context, args).await,
        Command::Disable(args) => disable::run(&context, args).await,
        Command::Enable(args) => enable::run(&context, args).await,
        Command::Protect(args) => protect::run(&context, args).await,
        Command::Unprotect(args) => protect::unprotect(&context, args).await,
        Command::Tag(args) => tag::run(&context, args).await,
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
async fn stop_on_signal(mut signals: Signals, ask: watch::Sender<bool>, context: Arc<Context>) {
    signals.next().await;
    let _ = ask.send(true);
    // Whoever does not read stderr holds up this word, and must not hold up the second signal.
    tokio::task::spawn_blocking(move || {
        context.printer.tell("stopping after what is in flight; once more stops at once");
    });
    signals.next().await;
    end_now();
}

/// Ctrl-C and where there is such a thing SIGTERM, listened to from the start: none is lost between two of them.
#[cfg(unix)]
struct Signals(Signal, Signal);

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
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
    let hint = error.source().and_then(|source| source.downcast_ref::<RefError>()).and_then(RefError::hint);
    if wants_json(args, process) {
        let text = error.render().to_string();
        let message = text.trim().trim_start_matches("error: ");
        error::failure(true, "Usage", message, Some(hint.as_deref().unwrap_or("see: amictl --help")), exit::USAGE);
    } else {
        let _ = error.print();
        hint.iter().for_each(|hint| error::hint(hint));
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
    let Some(Ok(levels)) = service::log_filter(verbose).map(str::parse::<Targets>) else { return };
    // The log of the SDK quotes what AWS says. Escaped, colours would be shown as characters, too.
    let stderr = || output::EscapingWriter(std::io::stderr());
    let text = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(stderr);
    let subscriber = tracing_subscriber::registry().with(text).with(levels);
    let _ = tracing::subscriber::set_global_default(subscriber);
}
