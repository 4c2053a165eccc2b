//! SARIF 2.1.0 of the findings of an audit, for code scanning.
//!
//! Code scanning takes no result without a file. A finding on a resource has a made-up one beside its logical location, as
//! scanners of container images do. Fingerprints stay the same while lines move, so that a page of alerts does not show a
//! finding twice.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::audit::{AuditFinding, AuditNote, AuditReport, AuditRule, Level};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The base of relative paths: the root of the repository.
const ROOT: &str = "%SRCROOT%";

#[derive(Serialize)]
pub struct SarifJson<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [SarifRun<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRun<'a> {
    tool: SarifTool,
    invocations: [SarifInvocation<'a>; 1],
    column_kind: &'static str,
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct SarifTool {
    driver: SarifDriver,
}

#[derive(Serialize)]
struct SarifDriver {
    name: &'static str,
    version: &'static str,
    rules: Vec<SarifRule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRule {
    id: &'static str,
    short_description: SarifText<'static>,
    full_description: SarifText<'static>,
    help: SarifText<'static>,
    default_configuration: SarifConfiguration,
}

#[derive(Serialize)]
struct SarifConfiguration {
    level: &'static str,
}

#[derive(Serialize)]
struct SarifText<'a> {
    text: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifInvocation<'a> {
    execution_successful: bool,
    tool_execution_notifications: Vec<SarifNotification<'a>>,
}

#[derive(Serialize)]
struct SarifNotification<'a> {
    level: &'static str,
    message: SarifText<'a>,
    descriptor: SarifDescriptor<'a>,
}

#[derive(Serialize)]
struct SarifDescriptor<'a> {
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: SarifText<'a>,
    locations: [SarifLocation; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    physical_location: SarifPhysical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<SarifLogical>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifPhysical {
    artifact_location: SarifArtifact,
    region: SarifRegion,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifArtifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifRegion {
    start_line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLogical {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

impl<'a> SarifJson<'a> {
    /// The report, with the places that could not be read and the files that were passed over as notifications.
    pub fn new(report: &'a AuditReport, errors: &'a [AuditNote], warnings: &'a [AuditNote]) -> Self {
        let notes = errors.iter().map(|error| notification("error", error));
        let notes = notes.chain(warnings.iter().map(|warning| notification("warning", warning)));
        let mut seen = BTreeMap::new();
        let result = |finding| result(report, finding, &mut seen);
        let run = SarifRun {
            tool: SarifTool {
                driver: SarifDriver {
                    name: "amictl",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: report.rules.iter().map(rule).collect(),
                },
            },
            invocations: [SarifInvocation {
                execution_successful: errors.is_empty(),
                tool_execution_notifications: notes.collect(),
            }],
            column_kind: "unicodeCodePoints",
            results: report.findings.iter().map(result).collect(),
        };
        Self { schema: SCHEMA, version: "2.1.0", runs: [run] }
    }
}

fn text<'a>(text: impl Into<Cow<'a, str>>) -> SarifText<'a> {
    SarifText { text: text.into() }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::High => "error",
        Level::Medium => "warning",
        Level::Low => "note",
    }
}

fn notification<'a>(level: &'static str, note: &'a AuditNote) -> SarifNotification<'a> {
    SarifNotification { level, message: text(note.to_string()), descriptor: SarifDescriptor { id: &note.problem.code } }
}

fn rule(rule: &AuditRule) -> SarifRule {
    SarifRule {
        id: rule.id,
        short_description: text(rule.looks_at),
        full_description: text(rule.why),
        help: text(format!("{} {}", rule.why, rule.mend)),
        default_configuration: SarifConfiguration { level: level(rule.level) },
    }
}

fn result<'a>(report: &AuditReport, finding: &'a AuditFinding, seen: &mut BTreeMap<String, usize>) -> SarifResult<'a> {
    let message = match &finding.hint {
        Some(hint) => text(format!("{}. Next: {hint}", finding.message)),
        None => text(finding.message.as_str()),
    };
    let name = identity(finding);
    // The same id several times in a file.
    let number = seen.entry(name.clone()).and_modify(|number| *number += 1).or_insert(0);
    let digest = Sha256::digest(format!("{name}\n{number}"));
    let fingerprint: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    SarifResult {
        rule_id: finding.rule,
        rule_index: report.rules.iter().position(|rule| rule.id == finding.rule).unwrap_or_default(),
        level: level(finding.level),
        message,
        locations: [location(finding)],
        // Code scanning goes by the second; without it, it makes one from the line of the file.
        partial_fingerprints: BTreeMap::from([
            ("amictl/v1", fingerprint.clone()),
            ("primaryLocationLineHash", fingerprint),
        ]),
    }
}

/// What a finding is about, whatever it says and wherever in its file it stands.
fn identity(finding: &AuditFinding) -> String {
    let account = finding.account.as_ref().map(|account| account.as_str()).unwrap_or_default();
    let region = finding.region.as_ref().map(|region| region.as_str()).unwrap_or_default();
    match &finding.pin {
        Some(pin) => {
            let file = pin.in_repository.as_ref().unwrap_or(&pin.whole);
            [finding.rule, file, &finding.resource].join("\n")
        }
        None => [finding.rule, account, region, finding.kind, &finding.resource].join("\n"),
    }
}

fn location(finding: &AuditFinding) -> SarifLocation {
    if let Some(pin) = &finding.pin {
        let artifact_location = match &pin.in_repository {
            Some(path) => SarifArtifact { uri: encoded(path), uri_base_id: Some(ROOT) },
            None => SarifArtifact {
                uri: format!("file:///{}", encoded(pin.whole.trim_start_matches('/'))),
                uri_base_id: None,
            },
        };
        let region = SarifRegion { start_line: pin.line, start_column: Some(pin.column) };
        let physical_location = SarifPhysical { artifact_location, region };
        return SarifLocation { physical_location, logical_locations: Vec::new() };
    }
    let account = finding.account.as_ref().map(|account| account.as_str()).unwrap_or("-");
    let region = finding.region.as_ref().map(|region| region.as_str()).unwrap_or("-");
    let logical = SarifLogical {
        name: finding.resource.clone(),
        fully_qualified_name: format!("{account}/{region}/{}/{}", finding.kind, finding.resource),
        kind: "resource",
    };
    let uri = format!("aws/{account}/{region}/{}", encoded(finding.resource.trim_start_matches('/')));
    let artifact_location = SarifArtifact { uri, uri_base_id: None };
    let physical_location =
        SarifPhysical { artifact_location, region: SarifRegion { start_line: 1, start_column: None } };
    SarifLocation { physical_location, logical_locations: vec![logical] }
}

/// A path as a URI has it.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let each = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(encoded("infra/a b/é%.tf"), "infra/a%20b/%C3%A9%25.tf");
        assert_eq!(encoded("infra/main.tf"), "infra/main.tf");
    }
}
