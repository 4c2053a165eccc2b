//! The report of an audit: findings in order, less those that were skipped.

use super::facts::AuditFacts;
use super::findings::{AuditFinding, Level};
use super::inventory::Inventory;
use super::limits::AuditLimits;
use super::rule::AuditRule;
use super::skip::Skip;

/// The findings of an audit.
#[derive(Debug, Clone)]
pub struct AuditReport {
    /// The rules that were run.
    pub rules: Vec<AuditRule>,
    /// The findings, the gravest first, then by rule, place and resource.
    pub findings: Vec<AuditFinding>,
    /// The number of findings that were skipped.
    pub skipped: usize,
    /// Skips of these rules that count no more.
    pub expired: Vec<Skip>,
}

impl AuditReport {
    /// The number of findings of a level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

/// Runs these rules over the facts.
pub fn audit(facts: &AuditFacts, limits: &AuditLimits, skips: &[Skip], rules: Vec<AuditRule>) -> AuditReport {
    let inventory = Inventory::new(facts, limits);
    let concerned = |skip: &&Skip| rules.iter().any(|rule| rule.id == skip.rule.as_str());
    let (expired, valid): (Vec<&Skip>, Vec<&Skip>) =
        skips.iter().filter(concerned).partition(|skip| skip.expired(facts.now));
    let all: Vec<AuditFinding> = rules.iter().flat_map(|rule| (rule.check)(&inventory)).collect();
    let found = all.len();
    let mut findings = all;
    findings.retain(|finding| !valid.iter().any(|skip| skip.covers(finding)));
    let skipped = found - findings.len();
    findings.sort_by(|a, b| {
        let key = |finding: &AuditFinding| {
            let AuditFinding { rule, account, region, resource, pin, kind, .. } = finding.clone();
            (rule, account, region, pin, kind, resource)
        };
        b.level.cmp(&a.level).then_with(|| key(a).cmp(&key(b)))
    });
    AuditReport { rules, findings, skipped, expired: expired.into_iter().cloned().collect() }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
