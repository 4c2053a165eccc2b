//! A row of the table: an action with its resources, its condition and its reason.

use super::condition::Condition;
use super::resource::ResourceKind;

/// An action that a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The action as IAM names it, e.g. `ec2:CopyImage`.
    pub action: &'static str,
    /// The resources that a policy must allow it on; all of them.
    pub on: &'static [ResourceKind],
    /// The condition under which it is enough to allow it.
    pub when: Condition,
    /// What happens where it is not allowed.
    pub without: Without,
    /// What it is for.
    pub why: &'static str,
}

/// What happens where an action is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// What needs it fails, and says so.
    Fails,
    /// The rest is done; the run says this.
    Says(&'static str),
    /// EC2 takes the action in the name of the caller: that it needs it is known from AWS's documentation.
    Documented,
}

impl Need {
    pub(super) const fn new(action: &'static str, on: &'static [ResourceKind], why: &'static str) -> Self {
        Self { action, on, when: Condition::None, without: Without::Fails, why }
    }

    /// An action that IAM knows on all resources only.
    pub(super) const fn any(action: &'static str, why: &'static str) -> Self {
        Self::new(action, &[ResourceKind::Any], why)
    }

    pub(super) const fn when(self, when: Condition) -> Self {
        Self { when, ..self }
    }

    pub(super) const fn says(self, what: &'static str) -> Self {
        Self { without: Without::Says(what), ..self }
    }

    pub(super) const fn documented(self) -> Self {
        Self { without: Without::Documented, ..self }
    }
}
