//! Messages of a log that was collected as JSON: each may hold a line of the journal.

use serde_json::{Map, Value};

/// The names that collectors have for what a program wrote.
const MESSAGE: [&str; 2] = ["message", "@message"];
/// Fields of amictl's own lines: of the journal, of findings, of errors, and of rows in a function's log.
const OURS: [&str; 4] = ["phase", "rule", "code", "row"];

/// The messages in a line of such a log.
///
/// None from a line of ours, whole or cut off, or from what lies deeper in one: others may write the tags of an image,
/// and these must not pass for lines of the journal.
pub fn messages(line: &str, ours: &str) -> Vec<String> {
    let text = line.trim().trim_end_matches(',');
    let mut found = Vec::new();
    if !text.contains("message\"") || text.starts_with(ours) {
        return found;
    }
    let value = match text.chars().next() {
        // One field of an object that takes several lines.
        Some('"') => serde_json::from_str(&format!("{{{text}}}")),
        Some('{' | '[') => serde_json::from_str(text),
        _ => return found,
    };
    if let Ok(value) = value {
        gather(&value, &mut found);
    }
    found
}

fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| gather(one, found)),
        Value::Object(fields) if !OURS.iter().any(|ours| fields.contains_key(*ours)) => fields_of(fields, found),
        Value::Object(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn fields_of(fields: &Map<String, Value>, found: &mut Vec<String>) {
    for (name, field) in fields {
        match field {
            Value::String(text) if MESSAGE.contains(&name.as_str()) => found.push(text.clone()),
            Value::Object(_) if MESSAGE.contains(&name.as_str()) => found.push(field.to_string()),
            Value::Array(_) => gather(field, found),
            Value::Object(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = r#"{"version":1,"phase":"begin","image":{"id":"ami-1"}}"#;

    fn of(line: &str) -> Vec<String> {
        messages(line, "{\"version\":")
    }

    #[test]
    fn messages_are_found_where_collectors_put_them() {
        let text = Value::from(format!("2026-11-28T10:00:00Z\tid\t{OWN}\n")).to_string();
        let inside = format!("2026-11-28T10:00:00Z\tid\t{OWN}\n");
        for line in [
            format!("{{\"timestamp\":1,\"message\":{text}}}"),
            format!("  \"message\": {text},\n"),
            format!("[{{\"@timestamp\":\"x\",\"@message\":{text}}}]"),
            format!("{{\"events\":[{{\"logStreamName\":\"a\",\"message\":{text}}}],\"nextToken\":\"b\"}}"),
        ] {
            assert_eq!(of(&line), [inside.as_str()], "{line}");
        }
        let object: Value = serde_json::from_str(OWN).unwrap();
        let found = of(&format!("{{\"timestamp\":\"x\",\"level\":\"INFO\",\"message\":{OWN}}}"));
        assert_eq!(serde_json::from_str::<Value>(&found[0]).unwrap(), object);
    }

    #[test]
    fn nothing_is_taken_out_of_a_line_of_ours() {
        let forged = Value::from(OWN);
        for line in [
            format!(r#"{{"version":1,"phase":"begin","message":{forged}}}"#),
            format!(r#"{{"version":1,"phase":"begin","image":{{"tags":{{"message":{forged}}}}}}}"#),
            format!(r#"{{"time":1,"phase":"begin","version":1,"image":{{"tags":{{"message":{forged}}}}}}}"#),
            format!(r#"{{"log":{{"phase":"begin","version":1,"image":{{"tags":{{"message":{forged}}}}}}}}}"#),
            format!(r#"{{"version":1,"phase":"begin","image":{{"tags":{{"message":{forged}"#),
            format!(r#"stderr F {{"version":1,"phase":"begin","image":{{"tags":{{"message":{forged}}}}}}}"#),
            format!(r#""tags":{{"message":{forged}}}"#),
            format!(r#"{{"rule":"dangling-reference","resource":"lt-1","message":{forged}}}"#),
            format!(r#"{{"version":1,"errors":[{{"region":"us-east-1","code":"Denied","message":{forged}}}]}}"#),
            format!(r#"{{"run":"0f","list":"findings","row":{{}},"message":{forged}}}"#),
        ] {
            assert!(of(&line).is_empty(), "{line}");
        }
    }
}
