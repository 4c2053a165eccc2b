//! Probes by commands that SSM runs on the instance.

use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::domain::instance::Instance;
use crate::domain::problem::Problem;
use crate::service::Target;
use crate::service::client::error::{ApiError, is_denied, passes};
use crate::service::client::patience::{Over, Patience, Pauses};
use crate::service::run_command::{self, CommandEnd, RunScript, Unended};
use crate::service::ssm_agents::{self, NotOnline, ScriptDocument};

/// The characters of an output's end that are shown.
const SHOWN: usize = 120;

/// The time that a command may run on after the probe's own: it is cancelled before, unless amictl is killed.
const SPARE: Duration = Duration::from_secs(30);

/// Why a probe did not pass.
#[derive(Debug, Clone)]
pub(super) struct Missed {
    /// The detail of its check.
    pub detail: String,
    /// Why it could not be asked.
    pub unasked: Option<Problem>,
}

impl From<String> for Missed {
    fn from(detail: String) -> Self {
        Self { detail, unasked: None }
    }
}

/// The commands for one instance.
pub(super) struct SsmProbes<'a> {
    target: &'a Target,
    instance: &'a Instance,
    patience: &'a Patience,
    run: &'a str,
    /// What the agent runs, once it is online.
    agent: OnceCell<Result<ScriptDocument, Missed>>,
}

/// What came of sending a command once.
enum Attempt {
    Passed(String),
    /// Another one may pass.
    Failed(String),
    /// SSM did not take it; it may take another one.
    Unsent(ApiError),
    /// SSM takes no other one, or does not tell: more about that.
    Hopeless(ApiError, String),
    /// The time was over, or the user stopped it; with the last error of looking, if the last look failed.
    Over(Over, Option<ApiError>, String),
}

impl<'a> SsmProbes<'a> {
    pub(super) fn new(target: &'a Target, instance: &'a Instance, patience: &'a Patience, run: &'a str) -> Self {
        Self { target, instance, patience, run, agent: OnceCell::new() }
    }

    /// The end of the command's output once it exits with 0, or why it never did.
    pub(super) async fn probe(&self, number: usize, command: &str) -> Result<String, Missed> {
        let document = self.agent.get_or_init(|| self.online()).await.clone()?;
        let (mut pauses, mut failed) = (Pauses::new(self.patience), None);
        let mut ran = false;
        for attempt in 1_usize.. {
            if self.patience.stop.asked() {
                return Err(ended(Over::Interrupted, attempt - 1, failed.as_deref(), "").into());
            }
            let comment = format!("amictl, run {}: probe {number}, try {attempt}", self.run);
            // The trouble of SSM, as long as no command has failed on the instance.
            let trouble = match self.attempt(document, command, comment).await {
                Attempt::Passed(said) => return Ok(said),
                Attempt::Hopeless(error, more) => return Err(unasked(&error, format!("{}{more}", told(&error)))),
                Attempt::Over(over, error, doing) => {
                    let detail = ended(over, attempt - 1, failed.as_deref(), &doing);
                    return Err(match error.filter(|_| !ran) {
                        Some(error) => unasked(&error, detail),
                        None => detail.into(),
                    });
                }
                Attempt::Failed(why) => {
                    (failed, ran) = (Some(why), true);
                    None
                }
                Attempt::Unsent(error) => {
                    failed = Some(error.to_string());
                    Some(error).filter(|_| !ran)
                }
            };
            if let Err(over) = pauses.pause().await {
                let detail = ended(over, attempt, failed.as_deref(), "");
                return Err(match &trouble {
                    Some(error) => unasked(error, detail),
                    None => detail.into(),
                });
            }
        }
        Err("not tried".to_owned().into())
    }

    async fn attempt(&self, document: ScriptDocument, command: &str, comment: String) -> Attempt {
        let id = &self.instance.id;
        let left = self.patience.until.saturating_duration_since(Instant::now());
        let lines = command.lines().map(str::to_owned).collect();
        let script = RunScript { document, lines, comment, timeout: left + SPARE };
        let sent = match run_command::send(self.target, id, &script).await {
            Ok(sent) => sent,
            Err(error) if error.is(run_command::NOT_MANAGED) => return Attempt::Failed(error.to_string()),
            Err(error) if passes(&error) => return Attempt::Unsent(error),
            Err(error) => return Attempt::Hopeless(error, String::new()),
        };
        let unended = match run_command::finished(self.target, &sent, id, self.patience, None).await {
            Ok(end) if end.succeeded() => return Attempt::Passed(shown(&end)),
            Ok(end) => return Attempt::Failed(shown(&end)),
            Err(unended) => unended,
        };
        let cancelled = match run_command::cancel(self.target, &sent).await {
            Ok(()) => format!("command {} was cancelled", sent.as_str()),
            Err(error) => format!("command {} may still run: {error}", sent.as_str()),
        };
        match unended {
            Unended::Over(over, None) => Attempt::Over(over, None, format!("it had not ended; {cancelled}")),
            Unended::Over(over, Some(error)) => {
                let doing = format!("its end was not seen: {error}; {cancelled}");
                Attempt::Over(over, Some(error), doing)
            }
            Unended::Untold(error) => Attempt::Hopeless(error, format!("; {cancelled}")),
        }
    }

    /// Waits for the agent.
    async fn online(&self) -> Result<ScriptDocument, Missed> {
        let began = Instant::now();
        match ssm_agents::online(self.target, &self.instance.id, self.patience).await {
            Ok(agent) => Ok(agent.document),
            Err(NotOnline::Untold(error)) => Err(unasked(&error, told(&error))),
            Err(NotOnline::Over(_, Err(error))) => {
                Err(unasked(&error, format!("whether its agent is online was not seen: {error}")))
            }
            Err(NotOnline::Over(over, Ok(agent))) => {
                let seen = agent.map(|agent| format!("SSM sees its agent as {}", agent.ping));
                Err(offline(over, began.elapsed(), seen.as_deref()).into())
            }
        }
    }
}

/// A probe that SSM kept from being asked: whether it would pass is unknown.
fn unasked(error: &ApiError, detail: String) -> Missed {
    let problem = Problem { code: error.code.clone(), message: format!("a probe could not be asked: {detail}") };
    Missed { detail, unasked: Some(problem) }
}

/// The detail where the agent never takes commands.
fn offline(over: Over, took: Duration, seen: Option<&str>) -> String {
    let begin = if over == Over::Interrupted { "interrupted; " } else { "" };
    let seen = seen.unwrap_or("SSM does not know the instance");
    format!(
        "{begin}the SSM agent did not come online in {} s ({seen}): it must be in the image, have a way to SSM (NAT or VPC \
         endpoints where there is no --public-ip), and may register only with --instance-profile NAME, of a role with \
         AmazonSSMManagedInstanceCore, or where the account has Default Host Management",
        took.as_secs()
    )
}

/// The detail where the command never passed.
fn ended(over: Over, tries: usize, failed: Option<&str>, doing: &str) -> String {
    let begin = match over {
        Over::Interrupted => "interrupted",
        Over::TimedOut => "did not pass in time",
    };
    let doing = if doing.is_empty() { String::new() } else { format!("; {doing}") };
    let failed = failed.map(|why| match tries {
        1 => format!("; tried once: {why}"),
        many => format!("; tried {many} times, at last: {why}"),
    });
    format!("{begin}{doing}{}", failed.unwrap_or_default())
}

/// How a command ended, and the end of what it wrote.
fn shown(end: &CommandEnd) -> String {
    let written = [("", &end.stdout), ("stderr ", &end.stderr)];
    let parts = written.iter().filter_map(|(name, text)| Some(format!("; {name}{}", tail(text)?)));
    let cut = if end.cut { "; SSM cut the output" } else { "" };
    format!("{}{}{cut}", end.how(), parts.collect::<String>())
}

fn tail(text: &str) -> Option<String> {
    let text = text.trim();
    let from = text.char_indices().rev().nth(SHOWN - 1).map_or(0, |(at, _)| at);
    let more = if from > 0 { "…" } else { "" };
    (!text.is_empty()).then(|| format!("{more}{:?}", &text[from..]))
}

fn told(error: &ApiError) -> String {
    let hint = match is_denied(error) {
        true => Some("'amictl permissions test --ssm' prints the policy".to_owned()),
        false => error.hint(),
    };
    hint.map_or_else(|| error.to_string(), |hint| format!("{error}; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(code: Option<i32>, status: &str, stdout: &str, stderr: &str) -> CommandEnd {
        let (stdout, stderr) = (stdout.to_owned(), stderr.to_owned());
        CommandEnd {
            status: status.to_owned(),
            details: status.to_owned(),
            exit_code: code,
            stdout,
            stderr,
            cut: false,
        }
    }

    #[test]
    fn the_end_of_the_output_is_shown() {
        assert_eq!(shown(&end(Some(0), "Success", "active\n", "")), r#"exit code 0; "active""#);
        assert_eq!(shown(&end(Some(3), "Failed", "", "")), "exit code 3");
        let said = shown(&end(Some(1), "Failed", &format!("{}END\n", "ä".repeat(500)), "no \u{1b}[31m"));
        assert!(said.contains("ääEND\"; stderr \"no \\u{1b}[31m\"") && said.contains("; …\"ä"), "{said}");
        assert!(said.chars().count() < 200, "{said}");
        assert_eq!(shown(&end(None, "Delivery Timed Out", "", "")), "delivery timed out");
    }

    #[test]
    fn why_it_did_not_pass_is_told_with_the_last_failure() {
        assert_eq!(ended(Over::TimedOut, 0, None, "it had not ended"), "did not pass in time; it had not ended");
        assert_eq!(ended(Over::Interrupted, 1, Some("exit code 3"), ""), "interrupted; tried once: exit code 3");
        let said = ended(Over::TimedOut, 2, Some("exit code 3"), "it had not ended");
        assert_eq!(said, "did not pass in time; it had not ended; tried 2 times, at last: exit code 3");
        let said = offline(Over::TimedOut, Duration::from_secs(300), None);
        assert!(said.contains("300 s (SSM does not know the instance)") && said.contains("--instance-profile NAME"));
    }
}
