//! JSON of the findings of an audit, and of its rules.

use serde::Serialize;

use super::document::VERSION;
use crate::domain::audit::{AuditFinding, AuditNote, AuditReport, AuditRule, Level};

#[derive(Serialize)]
pub struct AuditJson<'a> {
    pub version: u32,
    pub findings: Vec<FindingJson<'a>>,
    pub summary: FindingsSummaryJson,
    /// The rules that were run.
    pub rules: Vec<RuleInForceJson>,
    pub errors: Vec<AuditNoteJson<'a>>,
    pub warnings: Vec<AuditNoteJson<'a>>,
}

#[derive(Serialize)]
pub struct RulesJson {
    pub version: u32,
    pub rules: Vec<RuleInForceJson>,
}

#[derive(Serialize)]
pub struct FindingJson<'a> {
    pub rule: &'a str,
    pub severity: &'static str,
    /// `null` for an image that nobody shows.
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    pub resource: &'a str,
    pub resource_kind: &'a str,
    pub message: &'a str,
    pub hint: Option<&'a str>,
    /// From the current folder; `null` but for pins.
    pub file: Option<&'a str>,
    pub line: Option<usize>,
    pub column: Option<usize>,
}

#[derive(Serialize)]
pub struct AuditNoteJson<'a> {
    pub account: Option<&'a str>,
    /// `null` for files and settings, which are of no place.
    pub region: Option<&'a str>,
    pub code: &'a str,
    pub message: &'a str,
}

#[derive(Serialize)]
pub struct FindingsSummaryJson {
    pub high: usize,
    pub medium: usize,
    pub low: usize,
    pub skipped: usize,
}

#[derive(Serialize)]
pub struct RuleInForceJson {
    pub id: &'static str,
    pub severity: &'static str,
    /// Findings of other severities; `null` if there are none.
    pub severities: Option<&'static str>,
    pub looks_at: &'static str,
    pub why: &'static str,
    pub mend: &'static str,
    /// The key in the configuration file.
    pub setting: Option<&'static str>,
    pub default: Option<&'static str>,
}

impl<'a> AuditJson<'a> {
    pub fn new(report: &'a AuditReport, errors: &'a [AuditNote], warnings: &'a [AuditNote]) -> Self {
        Self {
            version: VERSION,
            findings: report.findings.iter().map(FindingJson::new).collect(),
            summary: FindingsSummaryJson {
                high: report.count(Level::High),
                medium: report.count(Level::Medium),
                low: report.count(Level::Low),
                skipped: report.skipped,
            },
            rules: report.rules.iter().map(RuleInForceJson::new).collect(),
            errors: errors.iter().map(AuditNoteJson::new).collect(),
            warnings: warnings.iter().map(AuditNoteJson::new).collect(),
        }
    }
}

impl<'a> FindingJson<'a> {
    pub fn new(finding: &'a AuditFinding) -> Self {
        let pin = finding.pin.as_ref();
        Self {
            rule: finding.rule,
            severity: finding.level.as_str(),
            account: finding.account.as_ref().map(|account| account.as_str()),
            region: finding.region.as_ref().map(|region| region.as_str()),
            resource: &finding.resource,
            resource_kind: finding.kind,
            message: &finding.message,
            hint: finding.hint.as_deref(),
            file: pin.map(|pin| pin.file.as_str()),
            line: pin.map(|pin| pin.line),
            column: pin.map(|pin| pin.column),
        }
    }
}

impl<'a> AuditNoteJson<'a> {
    pub fn new(note: &'a AuditNote) -> Self {
        let place = note.place.as_ref();
        Self {
            account: place.and_then(|(account, _)| account.as_deref()),
            region: place.map(|(_, region)| region.as_str()),
            code: &note.problem.code,
            message: &note.problem.message,
        }
    }
}

impl RuleInForceJson {
    pub fn new(rule: &AuditRule) -> Self {
        Self {
            id: rule.id,
            severity: rule.level.as_str(),
            severities: Some(rule.levels).filter(|levels| !levels.is_empty()),
            looks_at: rule.looks_at,
            why: rule.why,
            mend: rule.mend,
            setting: rule.setting.map(|(key, _)| key),
            default: rule.setting.map(|(_, default)| default),
        }
    }
}

impl RulesJson {
    pub fn new(rules: &[AuditRule]) -> Self {
        Self { version: VERSION, rules: rules.iter().map(RuleInForceJson::new).collect() }
    }
}
