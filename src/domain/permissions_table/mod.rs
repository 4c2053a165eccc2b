//! The table of permissions: which command makes which call, on which resource, under which condition, and why.
//!
//! `amictl permissions`, `amictl doctor` and `docs/reference/permissions.md` are made from it. Tests run each command under
//! exactly its rows, and with each of them taken away.

mod check;
mod commands;
mod condition;
mod policy;
mod resource;
mod rows;
mod trust;

pub use check::{Check, Finding, Lack, named_action};
use commands::COMMANDS;
pub use condition::Condition;
pub use policy::{Atom, LONGEST, Policy, Statement, documents, policy};
pub use resource::Resource;
pub use trust::{TrustPolicy, Trusted};

/// An action that a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The action as IAM names it, e.g. `ec2:CopyImage`.
    pub action: &'static str,
    /// The resources that a policy must allow it on; all of them.
    pub on: &'static [Resource],
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

/// A command with its rows.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// The name of the command.
    pub command: &'static str,
    parts: &'static [&'static [Row]],
}

impl Needs {
    /// The rows; those that several commands share come first.
    pub fn rows(&self) -> impl Iterator<Item = &'static Row> + use<> {
        self.parts.iter().flat_map(|part| part.iter())
    }
}

/// The commands that call AWS, in the order of their names.
pub fn all() -> &'static [Needs] {
    COMMANDS
}

/// The rows of a command; none for one that does not call AWS.
pub fn of(command: &str) -> Option<&'static Needs> {
    COMMANDS.iter().find(|needs| needs.command == command)
}

impl Row {
    const fn new(action: &'static str, on: &'static [Resource], why: &'static str) -> Self {
        Self { action, on, when: Condition::None, without: Without::Fails, why }
    }

    /// An action that IAM knows on all resources only.
    const fn any(action: &'static str, why: &'static str) -> Self {
        Self::new(action, &[Resource::Any], why)
    }

    const fn when(self, when: Condition) -> Self {
        Self { when, ..self }
    }

    const fn says(self, what: &'static str) -> Self {
        Self { without: Without::Says(what), ..self }
    }

    const fn documented(self) -> Self {
        Self { without: Without::Documented, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_stand_once_and_in_order() {
        let names: Vec<_> = all().iter().map(|needs| needs.command).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }

    #[test]
    fn every_row_names_an_action_and_says_what_for() {
        for row in all().iter().flat_map(Needs::rows) {
            let (service, name) = row.action.split_once(':').unwrap();
            assert!(!service.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()), "{row:?}");
            assert!(!row.on.is_empty() && !row.why.is_empty(), "{row:?}");
        }
    }

    #[test]
    fn no_command_has_the_same_row_twice() {
        for needs in all() {
            let rows: Vec<_> = needs.rows().map(|row| (row.action, row.on, row.when)).collect();
            let twice = rows.iter().enumerate().find(|(at, row)| rows[..*at].contains(row));
            assert!(twice.is_none(), "{}: {twice:?}", needs.command);
        }
    }
}
