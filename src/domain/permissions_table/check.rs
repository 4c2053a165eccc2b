//! Checks of permissions: what a command needs in a place, and whether it is allowed there.

use super::policy::{Atom, PolicyDocument, policy};
use super::row::Need;
use crate::domain::region::Region;

/// A need of a command in one account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionCheck {
    /// The account, where known.
    pub account: Option<String>,
    /// The region.
    pub region: Region,
    /// The command.
    pub command: &'static str,
    /// The action.
    pub action: &'static str,
    /// What came of it.
    pub finding: Finding,
    /// What AWS said, or why it is not known; empty where it is allowed.
    pub message: String,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Finding {
    /// It is denied.
    Denied,
    /// It could not be tried.
    Unknown,
    /// It is allowed.
    Allowed,
}

/// What a place lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// The account, where known.
    pub account: Option<String>,
    /// The region.
    pub region: Region,
    /// The actions.
    pub actions: Vec<&'static str>,
    /// The policy that allows them.
    pub policy: PolicyDocument,
}

impl Finding {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Unknown => "unknown",
            Self::Allowed => "ok",
        }
    }
}

impl Lack {
    /// What is lacking, from the rows that are denied; none where nothing is.
    pub fn of(account: Option<String>, region: Region, rows: &[&'static Need]) -> Option<Self> {
        let atoms = rows.iter().flat_map(|row| Atom::of(row, None));
        Self::new(account, region, atoms.collect())
    }

    /// What is lacking, from atoms.
    pub fn new(account: Option<String>, region: Region, atoms: Vec<Atom>) -> Option<Self> {
        let mut actions: Vec<_> = atoms.iter().map(|atom| atom.action).collect();
        actions.sort_unstable();
        actions.dedup();
        let policy = policy(atoms);
        (!actions.is_empty()).then_some(Self { account, region, actions, policy })
    }
}

/// The action that a refusal of AWS names: `… is not authorized to perform: ec2:DescribeImages on resource …`.
pub fn named_action(message: &str) -> Option<&str> {
    let rest = message.split_once("not authorized to perform: ")?.1;
    let action = rest.split(|c: char| c.is_whitespace() || c == ',').next()?.trim_end_matches('.');
    action.contains(':').then_some(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_of_a_refusal_is_read() {
        let said = "You are not authorized to perform this operation. User: arn:aws:sts::111111111111:assumed-role/a/b is \
                    not authorized to perform: ec2:CreateTags on resource: arn:aws:ec2:us-east-1::image/* because no \
                    identity-based policy allows the ec2:CreateTags action";
        assert_eq!(named_action(said), Some("ec2:CreateTags"));
        assert_eq!(named_action("You are not authorized to perform this operation."), None);
        assert_eq!(named_action("X is not authorized to perform: ssm:GetParameter"), Some("ssm:GetParameter"));
    }
}
