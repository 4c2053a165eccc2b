//! All rules of the audit, the gravest first.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::rule::AuditRule;
use super::rules::{
    critical_fix_available, dangling_reference, family_not_rebuilt, imdsv2_not_required, name_pattern,
    old_image_in_use, pinned_image as pinned, public_image, required_tags, revoked_in_use, shared_outside as shared,
    unencrypted, untested_alias,
};

/// All rules.
pub const RULES: [AuditRule; 13] = [
    dangling_reference::RULE,
    pinned::RULE,
    public_image::RULE,
    revoked_in_use::RULE,
    critical_fix_available::RULE,
    shared::RULE,
    unencrypted::RULE,
    imdsv2_not_required::RULE,
    old_image_in_use::RULE,
    name_pattern::RULE,
    required_tags::RULE,
    untested_alias::RULE,
    family_not_rebuilt::RULE,
];

/// The rule that asks EC2 for each image, and so runs on demand only.
pub fn shared_outside() -> RuleName {
    RuleName(shared::RULE.id)
}

/// The rule that looks at files, and so needs to be told which.
pub fn pinned_image() -> RuleName {
    RuleName(pinned::RULE.id)
}

/// The name of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleName(&'static str);

impl RuleName {
    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// A name that no rule has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no rule '{0}'; rules are {list}", list = RULES.map(|rule| rule.id).join(", "))]
pub struct UnknownRule(String);

impl FromStr for RuleName {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        let known = RULES.iter().find(|rule| rule.id == text);
        known.map(|rule| Self(rule.id)).ok_or_else(|| UnknownRule(text.to_owned()))
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_read_back_and_stand_once() {
        let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert_eq!(names.len(), RULES.len());
        for rule in RULES {
            assert_eq!(rule.id.parse::<RuleName>().map(RuleName::as_str), Ok(rule.id));
            assert!(![rule.looks_at, rule.why, rule.mend].contains(&""), "{}", rule.id);
        }
        assert!("publik".parse::<RuleName>().unwrap_err().to_string().contains("public-image"));
        assert!(RULES.is_sorted_by(|a, b| a.level >= b.level));
    }
}
