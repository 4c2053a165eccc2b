//! The last scan of an image by Amazon Inspector, as EC2 lists it.

use chrono::{DateTime, Utc};

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
