//! The rows, the summary and the errors of a JSON document, whichever command wrote it.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::output::json::document;

/// The lists whose items are rows: what a command found, made or did.
const ROWS: [&str; 15] = [
    "images",
    "actions",
    "results",
    "steps",
    "instances",
    "templates",
    "families",
    "aliases",
    "tests",
    "findings",
    "checks",
    "missing",
    "places",
    "snapshots",
    "settings",
];
/// A member that only a document about one thing has: `show`. That is one row.
const OF_ONE: &str = "image";
/// The list of a document that is one row.
const WHOLE: &str = "document";

/// A row with what is needed to read it alone.
#[derive(Serialize)]
pub struct LogRow<'a> {
    pub run: &'a str,
    pub command: &'a str,
    pub list: &'a str,
    pub row: &'a Value,
}

impl LogRow<'_> {
    /// The line for the log, with what comes from AWS escaped.
    pub fn line(&self) -> String {
        document::line(self).map(|line| line + "\n").unwrap_or_default()
    }
}

/// The rows of a document, each with the name of its list; a document without lists is one row.
pub fn rows(document: &Value) -> Vec<(&'static str, &Value)> {
    let lists: Vec<_> = ROWS.iter().filter_map(|list| Some((*list, document.get(*list)?.as_array()?))).collect();
    match document {
        Value::Null => Vec::new(),
        whole if lists.is_empty() || whole.get(OF_ONE).is_some() => vec![(WHOLE, whole)],
        _ => lists.into_iter().flat_map(|(list, rows)| rows.iter().map(move |row| (list, row))).collect(),
    }
}

/// The summary of a document, or else its counts and sums.
pub fn summary(document: &Value, rows: &[(&'static str, &Value)]) -> Value {
    match (document, document.get("summary")) {
        (Value::Null, _) => return Value::Null,
        (_, Some(summary)) => return summary.clone(),
        (_, None) => {}
    }
    let numbers =
        document.as_object().into_iter().flatten().filter(|(key, value)| value.is_number() && *key != "version");
    if rows.iter().any(|(list, _)| *list == WHOLE) {
        return json!({(WHOLE): 1});
    }
    let mut counts: Map<String, Value> = numbers.map(|(key, value)| (key.clone(), value.clone())).collect();
    let first = ROWS.iter().find(|list| document.get(**list).is_some_and(Value::is_array)).copied().unwrap_or_default();
    for list in ROWS.iter().filter(|list| document.get(**list).is_some_and(Value::is_array)) {
        let count = rows.iter().filter(|(of, _)| of == list).count();
        // Of several lists those count that have rows, such as the steps that follow a copy.
        if count > 0 || *list == first {
            counts.insert((*list).to_owned(), count.into());
        }
    }
    counts.into()
}

/// The same with the lists counted.
pub fn counted(summary: &Value) -> Value {
    let members = summary.as_object().into_iter().flatten();
    let counted = members.map(|(key, value)| match value.as_array() {
        Some(list) => (key.clone(), list.len().into()),
        None => (key.clone(), value.clone()),
    });
    Value::Object(counted.collect())
}

/// The errors of a document: of places, and of rows that have failed.
pub fn errors(document: &Value, rows: &[(&'static str, &Value)]) -> Vec<Value> {
    let places = document.get("errors").and_then(Value::as_array).into_iter().flatten();
    let places = places.map(|error| entry(error, error));
    let failed = rows.iter().filter(|(_, row)| row.get("status").is_none_or(|status| status != "skipped"));
    let failed = failed.filter_map(|(_, row)| Some(entry(row, row.get("error").filter(|error| error.is_object())?)));
    places.chain(failed).collect()
}

fn entry(row: &Value, error: &Value) -> Value {
    let id = ["image_id", "instance_id", "id"].iter().find_map(|key| row.get(*key));
    let of = |value: &Value, key: &str| value.get(key).cloned().unwrap_or_default();
    json!({
        "account": of(row, "account"),
        "region": of(row, "region"),
        "id": id,
        "code": of(error, "code"),
        "message": of(error, "message"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists of documents that are no rows: what stays, what was read, what went wrong, and settings.
    const NO_ROWS: [&str; 6] = ["kept", "sources", "errors", "warnings", "accounts", "rules"];

    /// The documents in `docs/reference/json.md`.
    fn documents() -> Vec<Value> {
        let page = include_str!("../../docs/reference/json.md");
        let blocks = page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
        blocks.map(|block| serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}"))).collect()
    }

    #[test]
    fn every_list_of_every_document_is_rows_or_known_not_to_be() {
        let documents = documents();
        assert!(documents.len() > 15, "{}", documents.len());
        for document in documents.iter().filter(|document| document.get(OF_ONE).is_none()) {
            for (key, _) in document.as_object().unwrap().iter().filter(|(_, value)| value.is_array()) {
                assert!(ROWS.contains(&key.as_str()) || NO_ROWS.contains(&key.as_str()), "{key} in {document}");
            }
        }
    }

    #[test]
    fn a_document_has_rows_or_is_one() {
        let plan = json!({"version": 1, "actions": [{"n": 1}, {"n": 2}], "kept": [{"n": 3}], "sources": [{}]});
        assert_eq!(rows(&plan), [("actions", &json!({"n": 1})), ("actions", &json!({"n": 2}))]);
        let show = json!({"version": 1, "image": {"id": "ami-1"}, "snapshots": [{"id": "snap-1"}]});
        assert_eq!(rows(&show), [("document", &show)]);
        let policy = json!({"Version": "2012-10-17", "Statement": []});
        assert_eq!(rows(&policy), [("document", &policy)]);
        assert_eq!(rows(&json!({"version": 1, "images": []})), []);
        assert_eq!(rows(&Value::Null), []);
    }

    #[test]
    fn a_summary_is_the_documents_or_counts() {
        let of = |document: &Value| summary(document, &rows(document));
        assert_eq!(of(&json!({"results": [{}], "summary": {"done": 1}})), json!({"done": 1}));
        let orphans = json!({"version": 1, "snapshots": [{}, {}], "kept": [{}], "size_gib": 16});
        assert_eq!(of(&orphans), json!({"snapshots": 2, "size_gib": 16}));
        let list = |images: Value, steps: Value| of(&json!({"version": 1, "images": images, "steps": steps}));
        assert_eq!(list(json!([{}]), json!([])), json!({"images": 1}));
        assert_eq!(list(json!([]), json!([])), json!({"images": 0}));
        assert_eq!(list(json!([{}]), json!([{}])), json!({"images": 1, "steps": 1}));
        assert_eq!(of(&json!({"image": {"id": "ami-1"}, "snapshots": [{}], "uses": 3})), json!({"document": 1}));
        assert_eq!(of(&json!({"Version": "2012-10-17", "Statement": []})), json!({"document": 1}));
        assert_eq!(of(&Value::Null), Value::Null);
        assert_eq!(counted(&json!({"stale": 3, "families": [{}, {}]})), json!({"stale": 3, "families": 2}));
    }

    #[test]
    fn errors_are_those_of_places_and_of_rows_that_have_failed() {
        let row = |status: &str| json!({"region": "r", "image_id": status, "status": status, "error": {"code": "C", "message": "m"}});
        let place = json!({"account": "1", "region": "r", "code": "P", "message": "p"});
        let document =
            json!({"results": [row("failed"), row("skipped"), {"status": "done", "error": null}], "errors": [place]});
        let expected = [
            json!({"account": "1", "region": "r", "id": null, "code": "P", "message": "p"}),
            json!({"account": null, "region": "r", "id": "failed", "code": "C", "message": "m"}),
        ];
        assert_eq!(errors(&document, &rows(&document)), expected);
        let line = LogRow { run: "0f", command: "list", list: "images", row: &json!({"name": "a\u{202e}b\n"}) }.line();
        assert_eq!(
            line,
            "{\"run\":\"0f\",\"command\":\"list\",\"list\":\"images\",\"row\":{\"name\":\"a\\u202eb\\n\"}}\n"
        );
    }
}
