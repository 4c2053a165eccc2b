//! The last scan of an image by Amazon Inspector, as EC2 lists it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::age::ago;

/// The result of a scan. An image that was never scanned has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The severity of the gravest finding, as EC2 writes it; `None` if there is no finding.
    pub severity: Option<String>,
    /// The time of the scan.
    pub scanned_at: Option<DateTime<Utc>>,
    /// The time since which a fix for findings of that severity exists.
    pub fix_since: Option<DateTime<Utc>>,
}

impl Scan {
    /// In words: `critical, fix for 9d`, or `none` without a finding.
    pub fn told(&self, now: DateTime<Utc>) -> String {
        let severity = self.severity.as_deref().unwrap_or("none");
        match self.fix_since {
            Some(since) => format!("{severity}, fix for {}", ago(since, now)),
            None => severity.to_owned(),
        }
    }
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing to fix.
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

/// A text that is not a severity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not a severity; one is informational, low, medium, high or critical")]
pub struct SeverityError(String);

impl FromStr for Severity {
    type Err = SeverityError;

    fn from_str(text: &str) -> Result<Self, SeverityError> {
        match text {
            "informational" => Ok(Self::Informational),
            "low" => Ok(Self::Low),
            "medium" => Ok(Self::Medium),
            "high" => Ok(Self::High),
            "critical" => Ok(Self::Critical),
            other => Err(SeverityError(other.to_owned())),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// The name in the key of a watermark, `account:name`.
pub fn watermark_name(key: &str) -> &str {
    key.split_once(':').map_or(key, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_told_with_the_age_of_the_fix() {
        let now = DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc();
        let scan = |severity: Option<&str>, days: Option<i64>| {
            let fix_since = days.map(|days| now - chrono::TimeDelta::days(days));
            Scan { severity: severity.map(str::to_owned), scanned_at: Some(now), fix_since }.told(now)
        };
        assert_eq!(scan(Some("critical"), Some(9)), "critical, fix for 9d");
        assert_eq!((scan(Some("low"), None).as_str(), scan(None, None).as_str()), ("low", "none"));
    }

    #[test]
    fn a_watermark_is_shown_without_its_account() {
        assert_eq!(watermark_name("111111111111:golden base"), "golden base");
        assert_eq!(watermark_name("golden"), "golden");
    }
}
