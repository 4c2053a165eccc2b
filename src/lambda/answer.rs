//! The answer to an event: exit code, summary and errors, the rows for the log, or a failed invocation.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::child::ChildEnd;
use super::document_rows::{self, LogRow};
use crate::domain::failure::Failure;
use crate::exit;

/// The bytes of an answer: Step Functions takes 262,144, and wraps it.
const LONGEST: usize = 240_000;
/// The bytes of a summary, above which its lists are only counted.
const LONGEST_SUMMARY: usize = 32_000;
/// The characters of one message in the answer, and of the message of a failed invocation.
const LONGEST_MESSAGE: usize = 4_000;
/// The exit codes by which a run ends that knows how it ended.
pub const KNOWN: [u8; 7] =
    [exit::DONE, exit::FAILED, exit::USAGE, exit::PARTIAL, exit::REFUSED, exit::TIMED_OUT, exit::INTERRUPTED];

/// An invocation that has failed, as the platform is told.
#[derive(Debug, PartialEq, Eq)]
pub struct FailedInvocation {
    /// `Exit4` for exit code 4; `Crashed` or `Deadline` where a run did not end by itself.
    pub error_type: String,
    pub message: String,
    pub exit: u8,
    /// What the run itself calls it, where that says more.
    pub code: Option<String>,
    /// The next step, which the platform is told with the message.
    pub hint: Option<String>,
    /// Whether the run itself has written it to the log.
    pub in_log: bool,
}

impl FailedInvocation {
    fn new(error_type: impl Into<String>, message: &str, hint: Option<&str>, exit: u8) -> Self {
        let (message, hint) = (shortened(message), hint.map(shortened));
        Self { error_type: error_type.into(), message, exit, code: None, hint, in_log: false }
    }

    /// The message with its hint: the platform has no place of its own for that.
    fn told(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        format!("{}{hint}", self.message)
    }

    /// A run of which nothing is known but its log.
    pub fn crashed(asked: &AskedRun<'_>, how: &str, last_lines: &[String]) -> Self {
        let said = last_lines.iter().rev().take(5).rev().map(|line| format!("\n  {line}")).collect::<String>();
        let message =
            format!("the run did not end properly: {how}. It may have changed something.{}", shortened(&said));
        Self::new("Crashed", &message, Some(&asked.look_at()), exit::FAILED)
    }

    /// A run that did not stop before the deadline.
    pub fn late(asked: &AskedRun<'_>) -> Self {
        let message = "the run did not stop in time, and was killed 2 s before the deadline of the function. \
                       It may have changed something.";
        Self::new("Deadline", message, Some(&asked.look_at()), exit::FAILED)
    }

    /// A run for which there is no time.
    pub fn too_late() -> Self {
        let message = "the deadline of the function is less than 2 s away: nothing was begun";
        Self::new("Deadline", message, Some("give the function a longer timeout, up to 900 s"), exit::FAILED)
    }

    /// The JSON that the runtime API takes.
    pub fn body(&self) -> String {
        json!({"errorType": self.error_type, "errorMessage": self.told(), "stackTrace": []}).to_string()
    }
}

impl From<&Failure> for FailedInvocation {
    fn from(failure: &Failure) -> Self {
        let exit = failure.kind.into();
        let failed = Self::new(format!("Exit{exit}"), &failure.message, failure.hint.as_deref(), exit);
        Self { code: Some(failure.code.to_string()), ..failed }
    }
}

impl From<Failure> for FailedInvocation {
    fn from(failure: Failure) -> Self {
        Self::from(&failure)
    }
}

/// The answer of an invocation that has not failed.
#[derive(Serialize)]
struct Answer<'a> {
    exit_code: u8,
    summary: &'a Value,
    errors: &'a [Value],
    /// As many errors as there was no room for; the log has them.
    errors_left_out: usize,
}

/// A run as it is told to the platform.
pub struct RunOutcome {
    /// The lines for the log.
    pub rows: String,
    pub answer: Result<String, FailedInvocation>,
}

/// The command, its run, and what is no failure of the invocation.
pub struct AskedRun<'a> {
    pub command: &'a str,
    pub run: &'a str,
    pub dry_run: bool,
    /// The file of the journal, if it is not in the log.
    pub journal: Option<&'a str>,
    /// The exit codes of `AMICTL_LAMBDA_OK`.
    pub accepted: &'a [u8],
}

impl AskedRun<'_> {
    /// What to do about a run that cannot say what it did.
    fn look_at(&self) -> String {
        let run = self.run;
        let (place, how) = match self.journal {
            None => ("in this function's log".to_owned(), "save the log to a file and give it to".to_owned()),
            Some(file) => (format!("{file} (AMICTL_JOURNAL)"), "give a copy of it to".to_owned()),
        };
        format!(
            "the journal {place}, the lines with the run {run}, has what it was about to remove: {how} \
             'amictl restore --journal FILE AMI-ID'; 'amictl list' shows what there is"
        )
    }
}

/// What to tell of a run that has ended.
pub fn outcome(asked: &AskedRun<'_>, ended: &ChildEnd) -> RunOutcome {
    let failed = |failed| RunOutcome { rows: String::new(), answer: Err(failed) };
    let crashed = |how: &str| FailedInvocation::crashed(asked, how, &ended.last_lines);
    let Some(status) = ended.status else { return failed(FailedInvocation::late(asked)) };
    let known = status.code().and_then(|code| u8::try_from(code).ok()).filter(|code| KNOWN.contains(code));
    let Some(code) = known else { return failed(crashed(&status.to_string())) };
    let document: Value = match ended.stdout.trim_ascii() {
        // A dry run writes none, and one that has failed may have none.
        [] if asked.dry_run || code != exit::DONE => Value::Null,
        [] => return failed(crashed("it ended with 0, but wrote no document")),
        text => match serde_json::from_slice(text) {
            Ok(document) => document,
            Err(error) => {
                return failed(crashed(&format!("it ended with {code}, but its document is damaged: {error}")));
            }
        },
    };
    let rows = document_rows::rows(&document);
    let lines = rows.iter().map(|(list, row)| LogRow { run: asked.run, command: asked.command, list, row }.line());
    let rows_for_log: String = lines.collect();
    if code != exit::DONE && !asked.accepted.contains(&code) {
        return RunOutcome { rows: rows_for_log, answer: Err(failure(code, &ended.last_lines)) };
    }
    let mut errors = document_rows::errors(&document, &rows);
    if code != exit::DONE {
        let failed = failure(code, &ended.last_lines);
        let message = failed.told();
        errors.insert(0, json!({"code": failed.code.unwrap_or(failed.error_type), "message": message}));
    }
    RunOutcome { rows: rows_for_log, answer: Ok(answer(code, &document_rows::summary(&document, &rows), &errors)) }
}

/// The error that a run reports in its last lines: one line of JSON.
fn said(last_lines: &[String]) -> Option<Map<String, Value>> {
    last_lines.iter().rev().find_map(|line| match serde_json::from_str(line).ok()? {
        Value::Object(mut line) => match line.remove("error") {
            Some(Value::Object(error)) if error.get("exit_code").is_some() => Some(error),
            _ => None,
        },
        _ => None,
    })
}

fn failure(code: u8, last_lines: &[String]) -> FailedInvocation {
    let error_type = format!("Exit{code}");
    let failed = match said(last_lines) {
        Some(error) => {
            let text = |key: &str| error.get(key).and_then(Value::as_str);
            let failed = FailedInvocation::new(error_type, text("message").unwrap_or_default(), text("hint"), code);
            FailedInvocation { code: text("code").map(str::to_owned), ..failed }
        }
        None => FailedInvocation::new(error_type, &last_lines.join("\n"), None, code),
    };
    FailedInvocation { in_log: true, ..failed }
}

/// The answer, with as many errors as there is room for.
fn answer(exit_code: u8, summary: &Value, errors: &[Value]) -> String {
    let summary = match summary.to_string().len() {
        long if long > LONGEST_SUMMARY => document_rows::counted(summary),
        _ => summary.clone(),
    };
    let errors: Vec<Value> = errors.iter().cloned().map(shortened_error).collect();
    let text = |errors: &[Value], errors_left_out| {
        serde_json::to_string(&Answer { exit_code, summary: &summary, errors, errors_left_out }).unwrap_or_default()
    };
    let mut length = text(&[], errors.len()).len();
    let room = errors.iter().take_while(|error| {
        length += error.to_string().len() + 1;
        length <= LONGEST
    });
    let kept = room.count();
    text(&errors[..kept], errors.len() - kept)
}

fn shortened_error(mut error: Value) -> Value {
    if let Some(message) = error.get_mut("message") {
        *message = shortened(message.as_str().unwrap_or_default()).into();
    }
    error
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
