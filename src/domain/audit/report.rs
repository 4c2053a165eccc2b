//! The report of an audit: findings in order, less those that were skipped.

use std::cmp::Reverse;

use super::facts::{AuditFacts, PinPlace};
use super::findings::{AuditFinding, Level};
use super::inventory::Inventory;
use super::limits::AuditLimits;
use super::note::AuditNote;
use super::rule::AuditRule;
use super::rules::{pinned_image, untested_alias};
use super::skip::Skip;
use crate::domain::ids::AccountId;
use crate::domain::region::Region;

/// The findings of an audit.
#[derive(Debug, Clone)]
pub struct AuditReport {
    /// The rules that were run.
    pub rules: Vec<AuditRule>,
    /// The findings, the gravest first, then by rule, place and resource.
    pub findings: Vec<AuditFinding>,
    /// The number of findings that were skipped.
    pub skipped: usize,
    /// Skips of these rules that skip nothing, and what a rule could not tell.
    pub warnings: Vec<AuditNote>,
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
    let mut findings: Vec<AuditFinding> = rules.iter().flat_map(|rule| (rule.check)(&inventory)).collect();
    let found = findings.len();
    let runs = |id: &str| rules.iter().any(|rule| rule.id == id);
    let concerned = skips.iter().filter(|skip| runs(skip.rule.as_str()));
    let (expired, valid): (Vec<&Skip>, Vec<&Skip>) = concerned.partition(|skip| skip.expired(facts.now));
    let mut warnings: Vec<AuditNote> = expired.into_iter().map(Skip::over).collect();
    // Where something was not looked at, a skip may match there.
    let looked =
        |skip: &&&Skip| inventory.complete && !(skip.rule.as_str() == pinned_image::RULE.id && facts.pins.is_empty());
    let idle = |skip: &&&Skip| !findings.iter().any(|finding| skip.covers(finding));
    warnings.extend(valid.iter().filter(looked).filter(idle).map(|skip| skip.idle()));
    findings.retain(|finding| !valid.iter().any(|skip| skip.covers(finding)));
    let skipped = found - findings.len();
    if runs(untested_alias::RULE.id) {
        warnings.extend(untested_alias::unread(&inventory));
    }
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    AuditReport { rules, findings, skipped, warnings }
}

/// The place of a finding among the others.
type FindingOrder<'a> = (Option<&'a AccountId>, Option<&'a Region>, Option<&'a PinPlace>, &'a str, &'a str);

fn order(finding: &AuditFinding) -> (Reverse<Level>, &str, FindingOrder<'_>) {
    let AuditFinding { rule, level, account, region, resource, pin, kind, .. } = finding;
    (Reverse(*level), rule, (account.as_ref(), region.as_ref(), pin.as_ref(), kind, resource))
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
