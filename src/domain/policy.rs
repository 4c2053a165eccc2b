//! The policy of `prune`: rules that say which images stay, from flags or a TOML file.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use wildmatch::WildMatch;

use super::age::Age;
use super::family::FamilyPatterns;
use super::ids::AccountId;
use super::image::Image;
use super::image_service::ImageService;
use super::limit::Limit;
use super::region::RegionChoice;
use super::retire::Stages;
use super::roles::{AccountChoice, RoleArn, RoleName};
use super::serde_text::{text, texts};
use super::tags::TagMatch;
use super::toml_text;
use super::usage::source::Source;

/// The default number of versions of a family that stay.
pub const KEEP: usize = 3;
/// The default minimum age of an image, in days.
pub const MIN_AGE_DAYS: u64 = 7;

/// A rule: which of the images it covers stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Families it covers; `*` and `?` stand for other characters.
    #[serde(default = "every_family")]
    pub families: Vec<String>,
    /// Tags an image must have for the rule to cover it.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The number of newest versions of each family that stay.
    #[serde(default)]
    pub keep: Option<usize>,
    /// Younger images stay.
    #[serde(default, with = "text")]
    pub min_age: Option<Age>,
    /// Images launched more recently stay.
    #[serde(default, with = "text")]
    pub unused_for: Option<Age>,
    /// Images shared outside the account stay.
    #[serde(default)]
    pub keep_shared: Option<bool>,
    /// The stages in which images are removed.
    #[serde(default)]
    pub retire: Option<Stages>,
    /// Images in use again are revived.
    #[serde(default)]
    pub revive: Option<bool>,
}

fn every_family() -> Vec<String> {
    vec!["*".to_owned()]
}

/// The rules of a run. Top-level values apply to rules without their own; the first rule that covers an image wins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The version of the format: 1.
    pub version: u32,
    /// The regions, if the command line names none.
    #[serde(default, with = "texts")]
    pub regions: Vec<RegionChoice>,
    /// The accounts, if the command line names no role.
    #[serde(default)]
    pub accounts: Vec<AccountChoice>,
    /// The role assumed in accounts named by their id; without any account, the role in every account of the
    /// organization.
    #[serde(default)]
    pub org_role: Option<RoleName>,
    /// Whether EC2 is asked for usage reports of shared images.
    #[serde(default)]
    pub usage_reports: bool,
    /// The most a run may delete.
    #[serde(default, with = "text")]
    pub max_delete: Option<Limit>,
    /// Images with one of these tags stay, and so do those with `amictl:keep`.
    #[serde(default, with = "texts")]
    pub protect_tags: Vec<TagMatch>,
    /// Only images with all of these tags may go.
    #[serde(default, with = "texts")]
    pub only_tags: Vec<TagMatch>,
    /// Sources of use left out on purpose.
    #[serde(default)]
    pub without_sources: BTreeSet<Source>,
    /// Files and folders in which image ids count as use.
    #[serde(default)]
    pub refs_from: Vec<String>,
    /// The families named on the command line; all when empty.
    #[serde(default)]
    pub scope: Vec<String>,
    /// Whether unmanaged images may go as well.
    #[serde(default)]
    pub unmanaged: bool,
    /// The tag whose value is the family of an unmanaged image.
    #[serde(default)]
    pub family_tag: Option<String>,
    /// The patterns that put images into families.
    #[serde(default)]
    pub family_patterns: FamilyPatterns,
    /// The services whose images may go, although the service made them.
    #[serde(default, with = "texts")]
    pub managed_by: Vec<ImageService>,
    /// As in [`Rule`].
    #[serde(default)]
    pub keep: Option<usize>,
    /// As in [`Rule`].
    #[serde(default, with = "text")]
    pub min_age: Option<Age>,
    /// As in [`Rule`].
    #[serde(default, with = "text")]
    pub unused_for: Option<Age>,
    /// As in [`Rule`].
    #[serde(default)]
    pub keep_shared: Option<bool>,
    /// As in [`Rule`].
    #[serde(default)]
    pub retire: Option<Stages>,
    /// As in [`Rule`].
    #[serde(default)]
    pub revive: Option<bool>,
    /// The rules, in order.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
}

impl Default for Policy {
    /// One rule for everything, with the defaults.
    fn default() -> Self {
        Self {
            version: 1,
            regions: Vec::new(),
            accounts: Vec::new(),
            org_role: None,
            usage_reports: false,
            max_delete: None,
            protect_tags: Vec::new(),
            only_tags: Vec::new(),
            without_sources: BTreeSet::new(),
            refs_from: Vec::new(),
            scope: Vec::new(),
            unmanaged: false,
            family_tag: None,
            family_patterns: FamilyPatterns::default(),
            managed_by: Vec::new(),
            keep: None,
            min_age: None,
            unused_for: None,
            keep_shared: None,
            retire: None,
            revive: None,
            rules: vec![Rule::everything()],
        }
    }
}

impl Rule {
    /// A rule that covers all families and sets nothing of its own.
    pub fn everything() -> Self {
        let (keep, min_age, unused_for, keep_shared, retire, revive) = (None, None, None, None, None, None);
        Self { families: every_family(), tags: BTreeMap::new(), keep, min_age, unused_for, keep_shared, retire, revive }
    }
}

/// A rule with all values resolved and its patterns compiled.
#[derive(Debug, Clone)]
pub struct Settled {
    families: Vec<WildMatch>,
    tags: Vec<TagMatch>,
    /// The number of newest versions of each family that stay.
    pub keep: usize,
    /// Younger images stay.
    pub min_age: Age,
    /// Images launched more recently stay.
    pub unused_for: Option<Age>,
    /// Images shared outside the account stay.
    pub keep_shared: bool,
    /// The stages in which images are removed; at once if `None`.
    pub retire: Option<Stages>,
    /// Images in use again are revived. Off by default unless images retire in stages.
    pub revive: bool,
}

impl Settled {
    /// Whether the rule covers an image of that family.
    pub fn covers(&self, family: &str, image: &Image) -> bool {
        self.families.iter().any(|f| f.matches(family)) && self.tags.iter().all(|t| t.matches(&image.tags))
    }
}

impl Policy {
    /// The patterns of its rules that match none of these families, most likely by a typing error. Nothing is said
    /// where there are no families at all.
    pub fn unmatched(&self, families: &BTreeSet<&str>) -> Vec<&str> {
        let matches_one = |pattern: &str| {
            let pattern = WildMatch::new(pattern);
            families.is_empty() || families.iter().any(|family| pattern.matches(family))
        };
        let patterns = self.rules.iter().flat_map(|rule| &rule.families).map(String::as_str);
        patterns.filter(|pattern| !matches_one(pattern)).collect()
    }

    /// The ages it asks for that are minutes, and may be meant as months: `3m` is three minutes.
    pub fn minutes(&self) -> BTreeSet<Age> {
        let rules = self.rules.iter().flat_map(|rule| [rule.min_age, rule.unused_for]);
        let stages = self.rules.iter().map(|rule| &rule.retire).chain([&self.retire]).flatten();
        let waits = stages.flat_map(Stages::waits);
        let all = [self.min_age, self.unused_for].into_iter().chain(rules).flatten().chain(waits);
        all.filter(|age| (60..3600).contains(&age.duration().as_secs())).collect()
    }

    /// Reads a policy file; an error names the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let policy: Self = toml_text::read(text)?;
        if policy.version != 1 {
            return Err(format!("version {} is not known; this amictl reads version 1", policy.version));
        }
        if !policy.scope.is_empty() {
            return Err("scope is not for policy files: give families in a [[rule]], or on the command line".to_owned());
        }
        if policy.unmanaged != policy.family_tag.is_some() {
            return Err("unmanaged = true and family_tag = \"KEY\" go together".to_owned());
        }
        match policy.rules.is_empty() {
            true => Ok(Self { rules: vec![Rule::everything()], ..policy }),
            false => Ok(policy),
        }
    }

    /// The accounts named by a role.
    pub fn role_arns(&self) -> Vec<RoleArn> {
        let role = |choice: &AccountChoice| match choice {
            AccountChoice::Role(role) => Some(role.clone()),
            AccountChoice::Account(_) => None,
        };
        self.accounts.iter().filter_map(role).collect()
    }

    /// The accounts named by their id: they need a role from elsewhere.
    pub fn account_ids(&self) -> Vec<AccountId> {
        let id = |choice: &AccountChoice| match choice {
            AccountChoice::Account(id) => Some(id.clone()),
            AccountChoice::Role(_) => None,
        };
        self.accounts.iter().filter_map(id).collect()
    }

    /// The rules with all values resolved, in order.
    pub fn settled(&self) -> Vec<Settled> {
        let settle = |rule: &Rule| Settled {
            families: rule.families.iter().map(|family| WildMatch::new(family)).collect(),
            tags: rule.tags.iter().map(|(k, v)| TagMatch { key: k.clone(), value: Some(v.clone()) }).collect(),
            keep: rule.keep.or(self.keep).unwrap_or(KEEP),
            min_age: rule.min_age.or(self.min_age).unwrap_or(Age::days(MIN_AGE_DAYS)),
            unused_for: rule.unused_for.or(self.unused_for),
            keep_shared: rule.keep_shared.or(self.keep_shared).unwrap_or(false),
            retire: rule.retire.as_ref().or(self.retire.as_ref()).cloned(),
            revive: rule.revive.or(self.revive).unwrap_or(rule.retire.is_some() || self.retire.is_some()),
        };
        self.rules.iter().map(settle).collect()
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
