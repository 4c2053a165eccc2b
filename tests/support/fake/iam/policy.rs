//! Policies as documents: what they say, and whether it allows something.

use serde_json::Value;

use super::super::filters::matches;
use super::asks::Ask;

/// A statement that allows.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its name.
    pub sid: String,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug)]
struct Condition {
    operator: String,
    key: String,
    values: Vec<String>,
}

/// The statements of a document. What is not known here stops the test.
pub fn read(document: &Value) -> Vec<Statement> {
    assert_eq!(document["Version"], "2012-10-17", "{document}");
    let statements = document["Statement"].as_array().unwrap_or_else(|| panic!("{document} has no statements"));
    statements.iter().map(statement).collect()
}

fn statement(value: &Value) -> Statement {
    assert_eq!(value["Effect"], "Allow", "{value}: only Allow is known");
    let fields = value.as_object().unwrap().keys();
    let known = ["Sid", "Effect", "Action", "Resource", "Condition"];
    fields.for_each(|field| assert!(known.contains(&field.as_str()), "{value}: {field}"));
    let conditions = value["Condition"].as_object().into_iter().flatten();
    let conditions = conditions.flat_map(|(operator, keys)| {
        let keys = keys.as_object().unwrap_or_else(|| panic!("{value}: {operator}"));
        keys.iter().map(|(key, values)| Condition {
            operator: operator.clone(),
            key: key.clone(),
            values: texts(values),
        })
    });
    Statement {
        sid: value["Sid"].as_str().unwrap_or_default().to_owned(),
        actions: texts(&value["Action"]),
        resources: texts(&value["Resource"]),
        conditions: conditions.collect(),
    }
}

/// One text, or a list of them, of which there must be one.
fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned();
    let all: Vec<String> = match value {
        Value::Array(list) => list.iter().map(text).collect(),
        one => vec![text(one)],
    };
    assert!(!all.is_empty(), "an empty list in a policy");
    all
}

impl Statement {
    /// Whether it allows this.
    pub fn allows(&self, ask: &Ask) -> bool {
        self.actions.iter().any(|action| matches(action, &ask.action))
            && self.resources.iter().any(|resource| resource_matches(resource, &ask.resource))
            && self.conditions.iter().all(|condition| condition.holds(ask))
    }
}

/// A wildcard stays within its part of the ARN, but for one in the last part.
fn resource_matches(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (pattern, arn): (Vec<_>, Vec<_>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    pattern.len() == arn.len() && pattern.iter().zip(arn).all(|(pattern, part)| matches(pattern, part))
}

impl Condition {
    fn holds(&self, ask: &Ask) -> bool {
        let given: &[String] = ask.keys.get(&self.key).map_or(&[], Vec::as_slice);
        let equal = |value: &String| self.values.contains(value);
        let like = |value: &String| self.values.iter().any(|pattern| matches(pattern, value));
        match self.operator.as_str() {
            "StringEquals" | "Bool" => given.len() == 1 && given.iter().all(equal),
            "StringLike" => given.len() == 1 && given.iter().all(like),
            "ForAllValues:StringEquals" => given.iter().all(equal),
            "ForAnyValue:StringEquals" => given.iter().any(equal),
            other => panic!("the condition {other} is not known"),
        }
    }
}
