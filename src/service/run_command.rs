//! SSM Run Command: scripts that the agent of an instance runs.
//!
//! SendCommand has no client token: it is sent once, and after a lost answer the command is looked for by its comment.

use std::time::Duration;

use aws_sdk_ssm::config::retry::RetryConfig;
use aws_sdk_ssm::operation::get_command_invocation::GetCommandInvocationOutput;
use aws_sdk_ssm::types::{CommandFilter, CommandFilterKey};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use tokio::time::Instant;

use super::client::error::{ApiError, api, passes};
use super::client::patience::{Over, Patience, Pauses, Progress, UNKNOWN_AT_FIRST, Watch};
use super::client::target::Target;
use super::ssm_agents::ScriptDocument;
use crate::domain::ids::InstanceId;

const SEND: &str = "SendCommand";
const LIST: &str = "ListCommands";
const GET: &str = "GetCommandInvocation";
const CANCEL: &str = "CancelCommand";
/// SSM's limit for a page.
const PAGE: i32 = 50;

/// The characters of its output that SSM gives: the first of them.
pub const STDOUT_KEPT: usize = 24_000;
const STDERR_KEPT: usize = 8_000;
/// SSM's limits for the time that a script may run, and for the time until an agent takes it.
const RUNS: (u64, u64) = (1, 172_800);
const DELIVERED: (u64, u64) = (30, 2_592_000);

/// The pauses before another try, and between looks for a command after a lost answer.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// By how much the clock of this machine may be ahead of SSM's.
const SKEW: TimeDelta = TimeDelta::hours(1);

/// The time for a look after the deadline.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// SSM's code for an instance that it does not manage, or not at the moment.
pub const NOT_MANAGED: &str = "InvalidInstanceId";
const NO_INVOCATION: &str = "InvocationDoesNotExist";

/// A script for one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunScript {
    /// The document that runs it.
    pub document: ScriptDocument,
    /// Its lines.
    pub lines: Vec<String>,
    /// What no other command for the instance has: a lost one is known by it. At most 100 characters.
    pub comment: String,
    /// How long it may run.
    pub timeout: Duration,
}

/// The id of a command that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandId(String);

impl CommandId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A command that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandEnd {
    /// `Success`, `Failed`, `Cancelled` or `TimedOut`.
    pub status: String,
    /// The same in more detail, e.g. `Delivery Timed Out`.
    pub details: String,
    /// The exit code, if the script ran to its end.
    pub exit_code: Option<i32>,
    /// The first of its output that SSM keeps.
    pub stdout: String,
    /// The first of its errors that SSM keeps.
    pub stderr: String,
    /// Whether there was more.
    pub cut: bool,
}

impl CommandEnd {
    /// Whether the script ran and ended well.
    pub fn succeeded(&self) -> bool {
        self.status == "Success" && self.exit_code.is_none_or(|code| code == 0)
    }

    /// How it ended, e.g. `exit code 3`.
    pub fn how(&self) -> String {
        match self.exit_code {
            Some(code) if self.status == "Success" || self.status == "Failed" => format!("exit code {code}"),
            Some(_) | None => self.details.to_lowercase(),
        }
    }
}

/// A command whose end was not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unended {
    /// The time was over, or the user stopped the wait; with the last error of looking, if the last look failed.
    Over(Over, Option<ApiError>),
    /// SSM does not tell.
    Untold(ApiError),
}

/// Sends a script to the agent of an instance, once. After a lost answer the command is looked for; if it is not found,
/// the error says so and has `answer_lost`.
pub async fn send(target: &Target, id: &InstanceId, script: &RunScript) -> Result<CommandId, ApiError> {
    let began = target.ssm().config().time_source().map(|clock| DateTime::<Utc>::from(clock.now()));
    let mut pauses = PAUSES.into_iter();
    let error = loop {
        let error = match send_once(target, id, script).await {
            Ok(command) => return Ok(command),
            Err(error) => error,
        };
        match pauses.next().filter(|_| !error.answer_lost && passes(&error)) {
            Some(pause) => tokio::time::sleep(pause).await,
            None => break error,
        }
    };
    if !error.answer_lost {
        return Err(error);
    }
    let doubt = |what: String| ApiError { message: format!("{}; {what}", error.message), ..error.clone() };
    let mut pauses = PAUSES.into_iter();
    loop {
        let looked = by_comment(target, id, &script.comment, began).await;
        let looked = looked.map_err(|look| doubt(format!("it may run, but looking for it failed: {look}")))?;
        match (looked, pauses.next()) {
            (Some(command), _) => return Ok(command),
            (None, Some(pause)) => tokio::time::sleep(pause).await,
            (None, None) => return Err(doubt("it may run, but ListCommands does not show it".to_owned())),
        }
    }
}

async fn send_once(target: &Target, id: &InstanceId, script: &RunScript) -> Result<CommandId, ApiError> {
    let once = aws_sdk_ssm::Config::builder().retry_config(RetryConfig::disabled());
    let seconds = |(least, most): (u64, u64)| script.timeout.as_secs().clamp(least, most);
    let call = target
        .ssm()
        .send_command()
        .instance_ids(id.as_str())
        .document_name(script.document.name())
        .parameters("commands", script.lines.clone())
        .parameters("executionTimeout", vec![seconds(RUNS).to_string()])
        .comment(&script.comment)
        .timeout_seconds(i32::try_from(seconds(DELIVERED)).unwrap_or(i32::MAX));
    let answer = call.customize().config_override(once).send().await.map_err(api(SEND, &target.region))?;
    let command = answer.command().and_then(|command| command.command_id());
    command.map(|id| CommandId(id.to_owned())).ok_or_else(|| ApiError::unreadable(SEND, &target.region))
}

async fn by_comment(
    target: &Target,
    id: &InstanceId,
    comment: &str,
    began: Option<DateTime<Utc>>,
) -> Result<Option<CommandId>, ApiError> {
    let since = began.and_then(|began| began.checked_sub_signed(SKEW));
    let newer = |since: DateTime<Utc>| {
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        CommandFilter::builder().key(CommandFilterKey::InvokedAfter).value(since).build()
    };
    let filter = since.map(newer).transpose().map_err(|_| ApiError::unreadable(LIST, &target.region))?;
    let filters = filter.map(|filter| vec![filter]);
    let request = target.ssm().list_commands().instance_id(id.as_str()).set_filters(filters);
    let mut pages = request.into_paginator().page_size(PAGE).send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(LIST, &target.region))?;
        let found = page.commands().iter().find(|command| command.comment() == Some(comment));
        if let Some(id) = found.and_then(|command| command.command_id()) {
            return Ok(Some(CommandId(id.to_owned())));
        }
    }
    Ok(None)
}

/// Waits for the end of a command. Looks that fail for a while do not end the wait: the script runs on.
pub async fn finished(
    target: &Target,
    command: &CommandId,
    id: &InstanceId,
    patience: &Patience,
    watch: Option<Watch<'_>>,
) -> Result<CommandEnd, Unended> {
    let (began, mut pauses) = (Instant::now(), Pauses::new(patience));
    let (mut unseen, mut last) = (None, None);
    loop {
        let call = target.ssm().get_command_invocation().command_id(command.as_str()).instance_id(id.as_str());
        let looked = last.as_ref().unwrap_or(patience).unless_over(call.send()).await;
        let looked = match looked {
            Ok(looked) => looked.map_err(api(GET, &target.region)),
            Err(Over::TimedOut) => Err(ApiError::given_up(GET, &target.region)),
            Err(Over::Interrupted) => return Err(Unended::Over(Over::Interrupted, unseen)),
        };
        match looked {
            Ok(seen) => {
                unseen = None;
                if let Some(end) = end(&seen) {
                    return Ok(end);
                }
                if let Some(watch) = watch {
                    watch(Progress { percent: None, doing: seen.status_details().unwrap_or("sent").to_owned() });
                }
            }
            // Right after SendCommand nothing shows yet.
            Err(error) if error.is(NO_INVOCATION) && began.elapsed() < UNKNOWN_AT_FIRST => {}
            Err(error) if passes(&error) => unseen = Some(error),
            Err(error) => return Err(Unended::Untold(error)),
        }
        if last.is_some() {
            return Err(Unended::Over(Over::TimedOut, unseen));
        }
        match pauses.pause().await {
            Ok(()) => {}
            // It may have ended during the pause.
            Err(Over::TimedOut) => {
                last = Some(Patience { until: Instant::now() + LAST_LOOK, stop: patience.stop.clone() });
            }
            Err(Over::Interrupted) => return Err(Unended::Over(Over::Interrupted, unseen)),
        }
    }
}

fn end(seen: &GetCommandInvocationOutput) -> Option<CommandEnd> {
    let status = seen.status()?.as_str();
    if !["Success", "Failed", "Cancelled", "TimedOut"].contains(&status) {
        return None;
    }
    let (stdout, stderr) = (seen.standard_output_content(), seen.standard_error_content());
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let full = |text: Option<&str>, most: usize| text.is_some_and(|text| text.chars().count() >= most);
    Some(CommandEnd {
        status: status.to_owned(),
        details: seen.status_details().filter(|text| !text.is_empty()).unwrap_or(status).to_owned(),
        // −1 before the script runs.
        exit_code: Some(seen.response_code()).filter(|code| *code != -1),
        stdout: text(stdout),
        stderr: text(stderr),
        cut: full(stdout, STDOUT_KEPT) || full(stderr, STDERR_KEPT),
    })
}

/// Ends a command that may run. SSM tries: what a script has done by then stays.
pub async fn cancel(target: &Target, command: &CommandId) -> Result<(), ApiError> {
    let call = target.ssm().cancel_command().command_id(command.as_str());
    call.send().await.map(|_| ()).map_err(api(CANCEL, &target.region))
}
