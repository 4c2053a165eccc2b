//! Skips: findings that somebody accepted, with a reason, for a time.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer};

use super::findings::AuditFinding;
use super::note::AuditNote;
use super::registry::RuleName;
use crate::domain::problem::Problem;

/// A finding that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skip {
    /// The rule.
    #[serde(deserialize_with = "rule")]
    pub rule: RuleName,
    /// The resource, as findings name it: an id, a name, or a file.
    #[serde(deserialize_with = "text")]
    pub resource: String,
    /// Why it is accepted.
    #[serde(deserialize_with = "text")]
    pub reason: String,
    /// The last day on which it counts; `None` for good.
    #[serde(default, deserialize_with = "day")]
    pub until: Option<NaiveDate>,
}

impl Skip {
    /// Whether its last day is over.
    pub fn expired(&self, now: DateTime<Utc>) -> bool {
        self.until.is_some_and(|until| until < now.date_naive())
    }

    /// That its last day is over.
    pub(super) fn over(&self) -> AuditNote {
        let Self { rule, resource, reason, until } = self;
        let until = until.map(|until| format!("; its last day was {until} (UTC)")).unwrap_or_default();
        let message = format!("the skip of {rule} for {resource} counts no more{until}: {reason}");
        Problem { code: "SkipExpired".to_owned(), message }.into()
    }

    /// That nothing is found that it would skip.
    pub(super) fn idle(&self) -> AuditNote {
        let Self { rule, resource, reason, .. } = self;
        let message = format!("the skip of {rule} for {resource} matches no finding: {reason}");
        Problem { code: "SkipUnused".to_owned(), message }.into()
    }

    /// Whether it is about this finding.
    pub fn covers(&self, finding: &AuditFinding) -> bool {
        self.rule.as_str() == finding.rule && finding.is_called(&self.resource)
    }
}

fn rule<'de, D: Deserializer<'de>>(input: D) -> Result<RuleName, D::Error> {
    String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
}

fn text<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let text = String::deserialize(input)?;
    match text.trim().is_empty() {
        true => Err(serde::de::Error::custom("it must not be empty")),
        false => Ok(text),
    }
}

/// A day, with or without quotes.
fn day<'de, D: Deserializer<'de>>(input: D) -> Result<Option<NaiveDate>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Date(toml::value::Datetime),
    }
    let text = match Written::deserialize(input)? {
        Written::Text(text) => text,
        Written::Date(date) => date.to_string(),
    };
    let wrong = || serde::de::Error::custom(format!("'{text}' is no day; write it as 2026-12-31"));
    text.parse().map(Some).map_err(|_| wrong())
}
