//! The event of an invocation: arguments, the text of a policy, and the name of the run.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::failure::Failure;

const MOST_ARGS: usize = 1_000;
/// In bytes, of all arguments together: Linux takes more.
const LONGEST_ARGS: usize = 64 * 1024;
/// In bytes.
const LONGEST_POLICY: usize = 256 * 1024;
/// In bytes.
const LONGEST_RUN: usize = 1024;
const SHAPE: &str =
    r#"the event is {"args":["prune","--keep","3"]}, with "policy":"the text of a policy file" if wanted"#;

/// An event that can be run.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub args: Vec<String>,
    /// The text of a policy file, in place of `--policy`.
    pub policy: Option<String>,
    /// What names the run in place of the request id, and is the same if the event is sent once more.
    pub run: Option<String>,
}

impl Event {
    /// Reads the JSON of an event.
    pub fn read(text: &[u8]) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::usage(format!("the event cannot be run: {why}")).hint(SHAPE);
        let value: Value = serde_json::from_slice(text).map_err(|error| wrong(&format!("it is no JSON: {error}")))?;
        if value.get("detail-type").is_some() || value.get("detail").is_some() {
            return Err(wrong("it is an event of EventBridge, which says what happened and not what to do")
                .hint(format!("give the rule or the schedule a fixed input (a constant, no matched event): {SHAPE}")));
        }
        let event: Self = serde_json::from_value(value).map_err(|error| wrong(&error.to_string()))?;
        let length: usize = event.args.iter().map(String::len).sum();
        if event.args.is_empty() {
            return Err(wrong("args is empty"));
        }
        if event.args.len() > MOST_ARGS || length > LONGEST_ARGS {
            return Err(wrong(&format!(
                "args has {} words of {length} bytes; the most are {MOST_ARGS} words of {LONGEST_ARGS} bytes",
                event.args.len()
            )));
        }
        if event.args.iter().any(|arg| arg.contains('\0')) {
            return Err(wrong("a word of args has a NUL character"));
        }
        if event.policy.as_ref().is_some_and(|policy| policy.len() > LONGEST_POLICY) {
            return Err(wrong(&format!("policy has more than {LONGEST_POLICY} bytes")));
        }
        if event.run.as_ref().is_some_and(|run| run.trim().is_empty() || run.len() > LONGEST_RUN) {
            return Err(wrong(&format!("run is empty or has more than {LONGEST_RUN} bytes")));
        }
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_has_arguments_and_perhaps_a_policy() {
        let read = |value: Value| Event::read(value.to_string().as_bytes());
        let args = vec!["prune".to_owned(), "web app".to_owned()];
        assert_eq!(
            read(json!({"args": ["prune", "web app"]})),
            Ok(Event { args: args.clone(), policy: None, run: None })
        );
        let policy = Some("keep = 3".to_owned());
        let run = Some("nightly 2026-11-28T02:30:00Z".to_owned());
        assert_eq!(
            read(json!({"args": ["prune", "web app"], "policy": "keep = 3", "run": run})),
            Ok(Event { args, policy, run })
        );
        assert!(read(json!({"args": vec!["x"; MOST_ARGS]})).is_ok());
    }

    #[test]
    fn anything_else_is_refused_with_the_shape_of_an_event() {
        for (text, why) in [
            ("", "no JSON"),
            ("prune", "no JSON"),
            ("[]", "invalid length 0"),
            ("{}", "missing field `args`"),
            (r#""prune""#, "invalid type: string"),
            (r#"{"args":"prune --apply"}"#, "expected a sequence"),
            (r#"{"args":[]}"#, "args is empty"),
            (r#"{"args":["prune",3]}"#, "expected a string"),
            (r#"{"args":["prune"],"polcy":"keep = 3"}"#, "unknown field `polcy`"),
            (r#"{"args":["prune"],"policy":3}"#, "expected a string"),
            (r#"{"args":["prune"],"run":3}"#, "expected a string"),
            (r#"{"args":["prune"],"run":" "}"#, "run is empty"),
            (r#"{"args":["tag","a\u0000b"]}"#, "NUL"),
            (r#"{"version":"0","detail-type":"Scheduled Event","detail":{}}"#, "an event of EventBridge"),
            (r#"{"args":["list"],"detail":{}}"#, "an event of EventBridge"),
        ] {
            let failure = Event::read(text.as_bytes()).unwrap_err();
            assert!(failure.message.contains(why), "{text}: {failure}");
            assert!(failure.hint.unwrap().contains(r#"{"args":["#), "{text}");
        }
        let long = json!({"args": ["x".repeat(LONGEST_ARGS + 1)]}).to_string();
        assert!(Event::read(long.as_bytes()).unwrap_err().message.contains("65537 bytes"));
        let many = json!({"args": vec!["x"; MOST_ARGS + 1]}).to_string();
        assert!(Event::read(many.as_bytes()).unwrap_err().message.contains("1001 words"));
        let long = json!({"args": ["prune"], "policy": "#".repeat(LONGEST_POLICY + 1)}).to_string();
        assert!(Event::read(long.as_bytes()).unwrap_err().message.contains("policy has more than"));
        let long = json!({"args": ["prune"], "run": "x".repeat(LONGEST_RUN + 1)}).to_string();
        assert!(Event::read(long.as_bytes()).unwrap_err().message.contains("run is empty or has more than"));
    }
}
