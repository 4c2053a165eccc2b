//! The rule `dangling-reference`: what would launch an image that is gone or should not be used.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::super::facts::AuditPlace;
use super::super::findings::{AuditFinding, Level};
use super::super::inventory::{ImageSight, Inventory};
use super::super::rule::AuditRule;
use super::super::trouble::{Trouble, label};
use crate::domain::alias::AliasParameter;
use crate::domain::command_line::{CommandLine, amictl};
use crate::domain::ids::ImageId;
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

/// A resource: its kind, and its id or name.
type NamingResource<'a> = (&'static str, &'a str);

fn of_place<'f>(inventory: &Inventory<'f>, place: &'f AuditPlace) -> Vec<AuditFinding> {
    let mut resources: BTreeMap<NamingResource<'_>, Vec<(Trouble, String, &ImageId)>> = BTreeMap::new();
    let mut listed: BTreeSet<NamingResource<'_>> = BTreeSet::new();
    let usage = &place.usage;
    for (image, reference) in usage.all().filter(|(_, r)| launches(r.source) && usage.in_force(r)) {
        let resource = (reference.kind, reference.id.as_str());
        let sight = inventory.sight(place, image);
        // The text of a parameter may list the images of several regions.
        if reference.kind == PARAMETER {
            match sight {
                ImageSight::Gone if inventory.own(image).is_some_and(|(owner, _)| owner.region != place.region) => {
                    continue;
                }
                ImageSight::Gone => {}
                ImageSight::Seen(_) | ImageSight::Unknown => drop(listed.insert(resource)),
            }
        }
        if let Some(trouble) = Trouble::of(sight, inventory.now()) {
            let what = format!("{} {}", label(sight, image), trouble.words());
            let at = if reference.detail == reference.id { what } else { format!("{}: {what}", reference.detail) };
            resources.entry(resource).or_default().push((trouble, at, image));
        }
    }
    // If one of them is here, the others are meant for other regions.
    for resource in listed {
        resources.entry(resource).and_modify(|troubles| troubles.retain(|(trouble, ..)| *trouble != Trouble::Gone));
    }
    resources.retain(|_, troubles| !troubles.is_empty());
    let hints = ReferenceHints::new(inventory, place);
    let dead = usage.dead.iter().filter(|dead| !resources.contains_key(&(dead.kind, dead.id.as_str())));
    let dead = dead.map(|dead| hints.on(RULE.on(place, dead.kind, &dead.id, dead.message.clone()), None));
    let dead: Vec<AuditFinding> = dead.collect();
    let found = resources.into_iter().map(|((kind, id), mut troubles)| {
        troubles.sort_by(|a, b| (&b.0, &b.1).cmp(&(&a.0, &a.1)));
        troubles.dedup_by(|a, b| a.1 == b.1);
        let level = troubles.first().map_or(Level::High, |(trouble, ..)| trouble.level());
        let image = troubles.first().map(|(.., image)| *image);
        let words: Vec<_> = troubles.into_iter().map(|(_, words, _)| words).collect();
        hints.on(RULE.on(place, kind, id, words.join("; ")), image).level(level)
    });
    found.chain(dead).collect()
}

/// What stands in a command line for an image that nobody knows.
const SOME: &str = "REF";

/// What is known in a place of the ways to mend a reference.
struct ReferenceHints<'i, 'f> {
    inventory: &'i Inventory<'f>,
    place: &'f AuditPlace,
    /// The names of templates, which their references have before the number of the version.
    templates: HashMap<&'f str, &'f str>,
    /// Aliases that have something to roll back to.
    ways_back: HashSet<&'f str>,
}

impl<'i, 'f> ReferenceHints<'i, 'f> {
    fn new(inventory: &'i Inventory<'f>, place: &'f AuditPlace) -> Self {
        let usage = &place.usage;
        let (mut templates, mut ways_back) = (HashMap::new(), HashSet::new());
        for (image, reference) in usage.all() {
            if reference.source == Source::LaunchTemplates
                && let Some((name, _)) = reference.detail.rsplit_once(':')
            {
                templates.insert(reference.id.as_str(), name);
            }
            // Beside the image that an alias names now, those are listed to which a rollback may go.
            if reference.kind == ALIAS
                && !usage.in_force(reference)
                && matches!(inventory.sight(place, image), ImageSight::Seen(image) if image.usable(inventory.now()))
            {
                ways_back.insert(reference.id.as_str());
            }
        }
        Self { inventory, place, templates, ways_back }
    }

    /// A finding with the line that mends it.
    fn on(&self, finding: AuditFinding, image: Option<&ImageId>) -> AuditFinding {
        let line = match finding.kind {
            ALIAS => AliasParameter::of(&finding.resource).map(|alias| self.alias(&finding.resource, &alias)),
            "launch-template" => {
                let name = self.templates.get(finding.resource.as_str()).copied().unwrap_or(&finding.resource);
                Some(amictl("template").word(name).word("--image").word(self.newer(image)).word("--default"))
            }
            "auto-scaling-group" => {
                Some(amictl("rollout").word(&finding.resource).word("--image").word(self.newer(image)))
            }
            _ => None,
        };
        match line {
            Some(line) => finding.hint(line.options(&self.place.options)),
            None => finding,
        }
    }

    fn alias(&self, parameter: &str, alias: &AliasParameter) -> CommandLine {
        if self.ways_back.contains(parameter) {
            return amictl("rollback").word(alias);
        }
        let newest = self.inventory.newest_of(self.place, alias.family());
        let line = amictl("promote").word(newest.map_or(SOME, |newest| newest.id.as_str()));
        line.word("--to").word(alias.alias()).word("--family").word(alias.family())
    }

    /// The newest version of an image's family, if that is in the place.
    fn newer(&self, image: Option<&ImageId>) -> &'f str {
        let own = image.and_then(|id| self.inventory.own(id));
        let (account, region) = (&self.place.account, &self.place.region);
        let here = own.filter(|(owner, _)| (&owner.account, &owner.region) == (account, region));
        here.and_then(|(_, image)| self.inventory.newest(image)).map_or(SOME, |newest| newest.id.as_str())
    }
}
