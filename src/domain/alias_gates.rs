//! Gates: what an image must be before an alias may name it.

use chrono::{DateTime, Utc};

use super::age::{Age, ago};
use super::image::{Image, State};
use super::problem::Problem;
use super::scan::{Scan, Severity};
use super::tested_lineage::{Standing, TestedGate};

/// The gates that a user sets.
#[derive(Debug, Clone, Copy, Default)]
pub struct Gates {
    /// The youngest that the image may be.
    pub min_age: Option<Age>,
    /// The gravest finding that its last scan may have.
    pub max_severity: Option<Severity>,
    /// Whether an image without a scan passes.
    pub allow_unscanned: bool,
    /// Whether the image, or one that it was copied from, must have passed a boot test.
    pub tested: Option<TestedGate>,
}

fn problem(code: &str, message: String) -> Problem {
    Problem { code: code.to_owned(), message }
}

/// Why no alias may name this image, whatever the gates: it could not be launched, or should not be.
pub fn objections(image: &Image, now: DateTime<Utc>) -> Vec<Problem> {
    let label = image.label();
    let mut found = Vec::new();
    if image.state != State::Available {
        found.push(problem("NotAvailable", format!("{label} is {}", image.state)));
    }
    if let Some(at) = image.deprecated_at.filter(|_| image.deprecated(now)) {
        found.push(problem("Deprecated", format!("{label} is deprecated since {}", at.format("%Y-%m-%d"))));
    }
    if image.revoked() {
        found.push(problem("Revoked", format!("{label} is revoked")));
    }
    if image.allowed == Some(false) {
        let message = format!("{label} is not allowed by the Allowed AMIs of the account");
        found.push(problem("NotAllowed", message));
    }
    found
}

/// The same in words; `None` if there is nothing against it.
pub fn objection_to(image: &Image, now: DateTime<Utc>) -> Option<String> {
    let found: Vec<_> = objections(image, now).into_iter().map(|problem| problem.message).collect();
    (!found.is_empty()).then(|| found.join(", "))
}

impl Gates {
    /// Why the image does not pass; `standing` is the verdict that it stands on, where that was asked for.
    pub fn objections(&self, image: &Image, standing: Option<&Standing>, now: DateTime<Utc>) -> Vec<Problem> {
        let label = image.label();
        let mut found = Vec::new();
        if let Some(age) = self.min_age {
            match image.created_at {
                Some(at) if at <= age.before(now) => {}
                Some(at) => {
                    let message = format!("{label} is {} old, and --min-age asks for {age}", ago(at, now));
                    found.push(problem("TooYoung", message));
                }
                None => found.push(problem("TooYoung", format!("when {label} was made is not known"))),
            }
        }
        if let Some(most) = self.max_severity {
            found.extend(self.scanned(image.scan.as_deref(), most, &label));
        }
        found.extend(self.tested.zip(standing).and_then(|(gate, standing)| gate.objection(image, standing, now)));
        found
    }

    fn scanned(&self, scan: Option<&Scan>, most: Severity, label: &str) -> Option<Problem> {
        let Some(scan) = scan else {
            let message = format!("{label} was never scanned; --allow-unscanned lets it pass");
            return (!self.allow_unscanned).then(|| problem("NeverScanned", message));
        };
        let gravest = scan.severity.as_deref()?;
        // A word that this version does not know may be the gravest of all.
        match gravest.parse::<Severity>() {
            Ok(severity) if severity <= most => None,
            Ok(_) | Err(_) => {
                let message = format!("{label} has a finding of severity {gravest}, and --max-severity is {most}");
                Some(problem("TooSevere", message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::image::testing::image;
    use super::super::tags::REVOKED;
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::parse_from_rfc3339("2026-01-31T00:00:00Z").unwrap().to_utc()
    }

    fn codes(problems: &[Problem]) -> Vec<&str> {
        problems.iter().map(|problem| problem.code.as_str()).collect()
    }

    #[test]
    fn every_reason_is_said_and_a_good_image_has_none() {
        let mut found = image(1, "web-v1-2026-01-02");
        found.allowed = Some(true);
        found.deprecated_at = Some(now() + TimeDelta::seconds(1));
        assert_eq!(objections(&found, now()), []);
        found.state = State::Pending;
        found.deprecated_at = Some(now());
        found.tags.insert(REVOKED.to_owned(), String::new());
        found.allowed = Some(false);
        assert_eq!(codes(&objections(&found, now())), ["NotAvailable", "Deprecated", "Revoked", "NotAllowed"]);
    }

    #[test]
    fn the_age_counts_to_the_second() {
        let gates = Gates { min_age: "3d".parse().ok(), ..Gates::default() };
        let mut found = image(1, "web-v1-2026-01-02");
        assert_eq!(codes(&gates.objections(&found, None, now())), ["TooYoung"], "an unknown age is no age");
        found.created_at = Some(now() - TimeDelta::days(3));
        assert_eq!(gates.objections(&found, None, now()), []);
        found.created_at = Some(now() - TimeDelta::days(3) + TimeDelta::seconds(1));
        assert_eq!(codes(&gates.objections(&found, None, now())), ["TooYoung"]);
    }

    #[test]
    fn doubt_about_a_scan_refuses() {
        let scanned = |severity: Option<&str>| {
            let severity = severity.map(str::to_owned);
            let mut found = image(1, "web-v1-2026-01-02");
            found.scan = Some(Box::new(Scan { severity, scanned_at: None, fix_since: None }));
            found
        };
        let gates = Gates { max_severity: Some(Severity::Medium), ..Gates::default() };
        for (severity, passes) in
            [(None, true), (Some("low"), true), (Some("medium"), true), (Some("high"), false), (Some("fatal"), false)]
        {
            assert_eq!(gates.objections(&scanned(severity), None, now()).is_empty(), passes, "{severity:?}");
        }
        let unscanned = image(1, "web-v1-2026-01-02");
        assert_eq!(codes(&gates.objections(&unscanned, None, now())), ["NeverScanned"]);
        let gates = Gates { allow_unscanned: true, ..gates };
        assert_eq!(gates.objections(&unscanned, None, now()), []);
        assert_eq!(codes(&gates.objections(&scanned(Some("high")), None, now())), ["TooSevere"]);
    }
}
