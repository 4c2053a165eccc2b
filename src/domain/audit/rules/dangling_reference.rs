//! The rule `dangling-reference`: what would launch an image that is gone or should not be used.

use std::collections::BTreeMap;

use super::super::facts::AuditPlace;
use super::super::findings::{AuditFinding, Level};
use super::super::inventory::Inventory;
use super::super::rule::AuditRule;
use super::super::trouble::{Trouble, label};
use crate::domain::alias::AliasParameter;
use crate::domain::command_line::amictl;
use crate::domain::usage::source::{ALIAS, Source};

/// The rule.
pub const RULE: AuditRule = AuditRule {
    id: "dangling-reference",
    level: Level::High,
    levels: "deprecated: medium",
    looks_at: "launch templates (default and latest version), launch configurations, Auto Scaling groups, fleets, Spot \
               requests, parameters and aliases that name an image which is gone, disabled, deprecated or revoked",
    why: "The next launch fails, or starts an image that should not run any more: often at night, when a group replaces \
          an instance.",
    mend: "Give it an image that is there: promote another version, or a new version of the template.",
    setting: None,
    check,
};

fn check(inventory: &Inventory<'_>) -> Vec<AuditFinding> {
    inventory.facts.places.iter().flat_map(|place| of_place(inventory, place)).collect()
}

/// The kind of a parameter that is no alias.
const PARAMETER: &str = "ssm-parameter";

/// Whether a source names images for launches to come.
fn launches(source: Source) -> bool {
    match source {
        Source::LaunchTemplates
        | Source::LaunchConfigurations
        | Source::AutoScalingGroups
        | Source::SpotRequests
        | Source::Ec2Fleets
        | Source::SsmParameters => true,
        Source::Instances | Source::ImageReferences | Source::Files | Source::Accounts | Source::UsageReports => false,
    }
}

fn of_place<'f>(inventory: &Inventory<'f>, place: &'f AuditPlace) -> Vec<AuditFinding> {
    let mut resources: BTreeMap<(&'static str, &str), Vec<(Trouble, String)>> = BTreeMap::new();
    let usage = &place.usage;
    for (image, reference) in usage.all().filter(|(_, r)| launches(r.source) && usage.in_force(r)) {
        // The text of a parameter may list the images of several regions.
        let elsewhere = |(owner, _): (&AuditPlace, _)| owner.region != place.region;
        if reference.kind == PARAMETER && inventory.own(image).is_some_and(elsewhere) {
            continue;
        }
        let sight = inventory.sight(place, image);
        if let Some(trouble) = Trouble::of(sight, inventory.now()) {
            let what = format!("{} {}", label(sight, image), trouble.words());
            let at = if reference.detail == reference.id { what } else { format!("{}: {what}", reference.detail) };
            resources.entry((reference.kind, reference.id.as_str())).or_default().push((trouble, at));
        }
    }
    let mut found: Vec<_> = resources
        .into_iter()
        .map(|((kind, id), mut troubles)| {
            troubles.sort_by(|a, b| b.cmp(a));
            troubles.dedup_by(|a, b| a.1 == b.1);
            let level = troubles.first().map_or(Level::High, |(trouble, _)| trouble.level());
            let words: Vec<_> = troubles.into_iter().map(|(_, words)| words).collect();
            with_hint(place, RULE.on(place, kind, id, words.join("; "))).level(level)
        })
        .collect();
    for dead in &usage.dead {
        if !found.iter().any(|finding| (finding.kind, finding.resource.as_str()) == (dead.kind, dead.id.as_str())) {
            let finding = RULE.on(place, dead.kind, &dead.id, dead.message.clone());
            found.push(with_hint(place, finding));
        }
    }
    found
}

fn with_hint(place: &AuditPlace, finding: AuditFinding) -> AuditFinding {
    match finding.kind {
        ALIAS => match AliasParameter::of(&finding.resource) {
            Some(alias) => finding.hint(amictl("rollback").word(alias).options(&place.options)),
            None => finding,
        },
        "launch-template" => {
            let line = amictl("template").word(template_name(place, &finding.resource)).word("--image");
            finding.hint(line.word("REF").options(&place.options))
        }
        "auto-scaling-group" => {
            let line = amictl("rollout").word(&finding.resource).word("--image").word("REF");
            finding.hint(line.options(&place.options))
        }
        _ => finding,
    }
}

/// The name of a template, which its references have before the number of the version.
fn template_name(place: &AuditPlace, id: &str) -> String {
    let named = place.usage.all().find(|(_, r)| r.source == Source::LaunchTemplates && r.id == id);
    let name = named.and_then(|(_, reference)| reference.detail.rsplit_once(':'));
    name.map_or_else(|| id.to_owned(), |(name, _)| name.to_owned())
}
