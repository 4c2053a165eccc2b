//! The script of `create --prepare`, which SSM runs on the instance before the image is made.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::{Error, Result};
use tokio::time::Instant;

use crate::domain::command_line::quoted;
use crate::domain::failure::{Failure, INTERRUPTED, Kind};
use crate::domain::instance::Instance;
use crate::domain::prepare_script::{LARGEST, PrepareScript};
use crate::service::Target;
use crate::service::client::patience::{Over, Patience};
use crate::service::client::stop::Stop;
use crate::service::run_command::{self, CommandEnd, CommandId, RunScript, STDOUT_KEPT, Unended};
use crate::service::ssm_agents::{self, AgentState, NotOnline, ScriptDocument};
use crate::workflows::run::context::Context;
use crate::workflows::run::unreadable::unreadable;

/// The time for which a look that fails is repeated before anything is done.
const PASSES: Duration = Duration::from_secs(30);
/// The time after the timeout of a script in which SSM tells of it.
const TOLD: Duration = Duration::from_secs(60);

/// Reads the script; no call is made for one that cannot be sent.
pub fn read(path: &Path) -> Result<PrepareScript> {
    let wrong = |why: String| Failure::usage(format!("--prepare {}: {why}", path.display()));
    let wrong_file = |error: std::io::Error| unreadable(format!("--prepare {}", path.display()), &error);
    let file = std::fs::File::open(path).map_err(wrong_file)?;
    let mut contents = Vec::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut contents).map_err(wrong_file)?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    Ok(PrepareScript::new(&name, contents).map_err(|why| wrong(why.to_string()))?)
}

/// Refuses an instance on which SSM cannot run the script now. One that `starts` first need not be online yet.
pub async fn check(target: &Target, instance: &Instance, script: &PrepareScript, starts: bool) -> Result<()> {
    if instance.state != "running" && !starts {
        let message = format!(
            "{} in {} is {}: SSM runs the script of --prepare only on a running instance",
            instance.label(),
            target.region,
            instance.state
        );
        let hint = "start it first, or leave out --prepare";
        return Err(Failure::new(Kind::Refused, "IncorrectInstanceState", message).hint(hint).into());
    }
    let patience = Patience { until: Instant::now() + PASSES, stop: Stop::never() };
    match ssm_agents::known(target, &instance.id, &patience).await {
        Ok(Some(agent)) if agent.online() || starts => fits(script, agent.document),
        Ok(agent) => Err(not_managed(target, instance, &agent)),
        Err(NotOnline::Untold(error) | NotOnline::Over(_, Err(error))) => Err(error.into()),
        Err(NotOnline::Over(over, Ok(_))) => Err(not_online(target, instance, over, "SSM did not answer")),
    }
}

/// Refuses a script with carriage returns for a Unix shell, which fails on them in ways that nobody understands.
fn fits(script: &PrepareScript, document: ScriptDocument) -> Result<()> {
    match document {
        ScriptDocument::Shell if script.has_carriage_returns() => {
            let message = format!("the lines of {} end with carriage returns, and sh would run it", script.name);
            Err(Failure::usage(message).hint("convert it with dos2unix").into())
        }
        ScriptDocument::Shell | ScriptDocument::PowerShell => Ok(()),
    }
}

fn not_managed(target: &Target, instance: &Instance, agent: &Option<AgentState>) -> Error {
    let message = format!(
        "SSM does not manage {} in {} now, and cannot run the script of --prepare: it {}",
        instance.label(),
        target.region,
        said(agent)
    );
    Failure::new(Kind::Refused, "NotManaged", message).hint(needs(target, instance)).into()
}

/// The failure where the agent did not come in time.
fn not_online(target: &Target, instance: &Instance, over: Over, why: &str) -> Error {
    let at = format!("{} in {}", instance.label(), target.region);
    let failure = match over {
        Over::TimedOut => {
            let message = format!("timed out: the SSM agent of {at} is not online, and --prepare did not run: {why}");
            Failure::new(Kind::Failed, "PrepareTimedOut", message).hint(needs(target, instance))
        }
        Over::Interrupted => {
            Failure::interrupted(format!("the SSM agent of {at} was not online yet; no image was made"))
        }
    };
    failure.into()
}

/// What SSM says of an agent.
fn said(agent: &Option<AgentState>) -> String {
    match agent {
        None => "has never heard of its agent".to_owned(),
        Some(agent) => format!("says that its agent is {}", agent.ping),
    }
}

/// What SSM needs on an instance, and where to see it.
fn needs(target: &Target, instance: &Instance) -> String {
    let see = format!(
        "aws ssm describe-instance-information --region {} --filters {}",
        target.region,
        quoted(&format!("Key=InstanceIds,Values={}", instance.id))
    );
    format!(
        "it needs the SSM agent, an instance profile with AmazonSSMManagedInstanceCore, and a way to SSM; see it with: {see}"
    )
}

/// Runs the script and shows its output. A script that fails means that no image is made.
pub async fn run(context: &Context, target: &Target, instance: &Instance, script: &PrepareScript) -> Result<()> {
    let at = format!("{} in {}", instance.label(), target.region);
    let agent = match ssm_agents::online(target, &instance.id, &context.patience()).await {
        Ok(agent) => agent,
        Err(NotOnline::Untold(error)) => return Err(error.into()),
        Err(NotOnline::Over(over, seen)) => {
            let why = seen.map_or_else(|error| error.to_string(), |agent| format!("SSM {}", said(&agent)));
            return Err(not_online(target, instance, over, &why));
        }
    };
    let document = agent.document;
    fits(script, document)?;
    context.printer.say(format!("running {} on {at} with {}", script.label(), document.name()));
    context.printer.say("what it changes on the instance stays there, also if no image is made");
    let order = RunScript {
        document,
        lines: script.lines(),
        comment: format!("create --prepare, run {}", context.maker.run),
        timeout: context.within_deadline(context.timeout),
    };
    let sending = async { Ok(run_command::send(target, &instance.id, &order).await?) };
    let command = context.begin(sending).await.map_err(|error| error.context(format!("{} on {at}", script.name)))?;
    let told = context.timeout.checked_add(TOLD).map(|time| context.within_deadline(time));
    let until = told.and_then(|time| Instant::now().checked_add(time));
    let patience = Patience { until: until.unwrap_or(context.patience().until), stop: context.stop.clone() };
    let bar = context.printer.bars().spinner(format!("running {}", script.name));
    let ended = run_command::finished(target, &command, &instance.id, &patience, None).await;
    drop(bar);
    match ended {
        Ok(end) if end.succeeded() => {
            show(context, script, &end, |text| context.printer.say(text));
            context.printer.say(format!("{} ended on {at}: {}", script.name, end.how()));
            Ok(())
        }
        Ok(end) => {
            show(context, script, &end, |text| context.printer.tell(&text));
            let message =
                format!("{} failed on {at}: {}; no image was made, and what it changed stays", script.name, end.how());
            Err(Failure::new(Kind::Failed, "PrepareFailed", message).hint(see(target, instance, &command)).into())
        }
        Err(unended) => Err(given_up(target, instance, script, &command, unended).await),
    }
}

/// Writes what SSM gives of the output.
fn show(context: &Context, script: &PrepareScript, end: &CommandEnd, write: impl Fn(String)) {
    for (what, text) in [("output", &end.stdout), ("errors", &end.stderr)] {
        if !text.trim().is_empty() {
            write(format!("{what} of {}:", script.name));
            text.trim_end().lines().for_each(|line| write(format!("  {line}")));
        }
    }
    if end.cut {
        let most = format!("the first {STDOUT_KEPT} characters of output");
        context.printer.tell(&format!("SSM gives {most} and 8000 of errors: the rest of this is cut off"));
    }
}

/// Ends a script whose end was not seen.
async fn given_up(
    target: &Target,
    instance: &Instance,
    script: &PrepareScript,
    command: &CommandId,
    unended: Unended,
) -> Error {
    let at = format!("{} on {} in {}", script.name, instance.label(), target.region);
    let (kind, code, why) = match &unended {
        Unended::Over(Over::Interrupted, _) => (Kind::Interrupted, INTERRUPTED.to_owned(), "interrupted".to_owned()),
        Unended::Over(Over::TimedOut, None) => (Kind::Failed, "PrepareTimedOut".to_owned(), "timed out".to_owned()),
        Unended::Over(Over::TimedOut, Some(error)) => {
            (Kind::Failed, "PrepareTimedOut".to_owned(), format!("timed out; {error}"))
        }
        Unended::Untold(error) => (Kind::Failed, error.code.clone(), error.to_string()),
    };
    let cancelled = match run_command::cancel(target, command).await {
        Ok(()) => "SSM was asked to cancel it, and it may go on for a moment".to_owned(),
        Err(error) => format!("it may go on, as SSM could not be asked to cancel it: {error}"),
    };
    let message = format!("{why}: {at} had not ended; {cancelled}; no image was made");
    Failure::new(kind, code, message).hint(see(target, instance, command)).into()
}

/// The next step: where SSM shows the command.
fn see(target: &Target, instance: &Instance, command: &CommandId) -> String {
    format!(
        "see it with: aws ssm get-command-invocation --region {} --command-id {} --instance-id {}",
        target.region,
        command.as_str(),
        instance.id
    )
}
