//! The event of an invocation: arguments, the text of a policy, and the name of the run.

use serde::Deserialize;
use serde_json::{Map, Value};

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

/// Members by which the events of services are known, and what to do instead.
const OF_OTHERS: [(&str, &str, &str); 5] = [
    ("detail-type", EVENTBRIDGE, FIXED),
    ("detail", EVENTBRIDGE, FIXED),
    ("Records", "an event of a queue, a topic, a stream or a bucket", CALLER),
    ("requestContext", "a request of API Gateway or a function URL", CALLER),
    ("httpMethod", "a request of API Gateway or a load balancer", CALLER),
];
const EVENTBRIDGE: &str = "an event of EventBridge";
const FIXED: &str = "give the rule or the schedule a fixed input (a constant, no matched event)";
const CALLER: &str =
    "invoke the function by a schedule, a state machine or 'aws lambda invoke', with an event of its own";

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
        let Value::Object(members) = value else { return Err(wrong("it is no JSON object")) };
        if let Some((_, what, hint)) = OF_OTHERS.iter().find(|(name, ..)| members.contains_key(*name)) {
            return Err(wrong(&format!("it is {what}, which says what happened and not what to do"))
                .hint(format!("{hint}: {SHAPE}")));
        }
        // From the text: only there a member that is given twice is seen.
        let event: Self = serde_json::from_slice(text).map_err(|error| wrong(&why(&members, &error.to_string())))?;
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

/// What is wrong with the members of an event that cannot be read.
fn why(members: &Map<String, Value>, otherwise: &str) -> String {
    if let Some(name) = members.keys().find(|name| !["args", "policy", "run"].contains(&name.as_str())) {
        return format!("it has '{name}', and takes only args, policy and run");
    }
    let words = members.get("args").and_then(Value::as_array);
    let no_text = ["policy", "run"].into_iter().find(|name| members.get(*name).is_some_and(|value| !value.is_string()));
    match no_text {
        _ if otherwise.contains("duplicate field") => "it has a member twice".to_owned(),
        _ if !members.contains_key("args") => "it has no args".to_owned(),
        _ if words.is_none_or(|words| !words.iter().all(Value::is_string)) => {
            "args is no list of words, each a text".to_owned()
        }
        Some(name) => format!("{name} is no text"),
        None => otherwise.to_owned(),
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
            ("[]", "no JSON object"),
            (r#"[["list"]]"#, "no JSON object"),
            (r#"[["list"],null]"#, "no JSON object"),
            ("{}", "it has no args"),
            (r#""prune""#, "no JSON object"),
            (r#"{"args":"prune --apply"}"#, "args is no list of words"),
            (r#"{"args":null}"#, "args is no list of words"),
            (r#"{"args":[]}"#, "args is empty"),
            (r#"{"args":["prune",3]}"#, "args is no list of words"),
            (r#"{"args":["prune"],"polcy":"keep = 3"}"#, "it has 'polcy', and takes only args, policy and run"),
            (r#"{"args":["prune"],"policy":3}"#, "policy is no text"),
            (r#"{"args":["prune"],"run":3}"#, "run is no text"),
            (r#"{"args":["prune"],"run":" "}"#, "run is empty"),
            (r#"{"args":["list"],"args":["prune"]}"#, "it has a member twice"),
            (r#"{"Records":[{"body":"{}"}]}"#, "an event of a queue"),
            (r#"{"httpMethod":"GET","path":"/"}"#, "a request of API Gateway"),
            (r#"{"version":"2.0","requestContext":{}}"#, "a request of API Gateway"),
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
