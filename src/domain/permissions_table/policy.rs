//! Policies as IAM reads them, from rows of the table.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use super::condition::Condition;
use super::resource::ResourceKind;
use super::row::Need;

/// The longest managed policy, in characters; IAM does not count whitespace.
pub const LONGEST: usize = 6144;

/// The version of the language of policies.
pub(super) const LANGUAGE: &str = "2012-10-17";

/// One action on one resource under one condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Atom {
    /// The action.
    pub action: &'static str,
    /// The pattern of the ARN.
    pub resource: String,
    /// The condition.
    pub when: Condition,
}

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDocument {
    version: &'static str,
    /// The statements.
    pub statement: Vec<Statement>,
}

/// A statement that allows something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its name.
    pub sid: String,
    effect: &'static str,
    /// The actions, sorted.
    pub action: Vec<&'static str>,
    /// The patterns of ARNs.
    pub resource: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Map<String, Value>>,
}

impl Atom {
    /// The atoms of a row; `family` narrows the aliases.
    pub fn of(row: &'static Need, family: Option<&str>) -> impl Iterator<Item = Self> {
        let atom = move |on: &ResourceKind| Self { action: row.action, resource: on.arn(family), when: row.when };
        row.on.iter().map(atom)
    }

    /// Whether what this allows includes all that the other allows.
    fn covers(&self, other: &Self) -> bool {
        let narrower = || self.resource.strip_suffix('*').is_some_and(|start| other.resource.starts_with(start));
        self != other
            && self.action == other.action
            && (self.when == Condition::None || self.when == other.when)
            && (self.resource == other.resource || narrower())
    }
}

impl PolicyDocument {
    fn new(statement: Vec<Statement>) -> Self {
        Self { version: LANGUAGE, statement }
    }

    /// Its length as IAM counts it.
    pub fn length(&self) -> usize {
        serde_json::to_string(self).map_or(0, |text| text.chars().filter(|c| !c.is_whitespace()).count())
    }
}

/// The policy that allows these atoms, in as few statements as tell everything apart.
pub fn policy(atoms: impl IntoIterator<Item = Atom>) -> PolicyDocument {
    let all: BTreeSet<Atom> = atoms.into_iter().collect();
    let needed = all.iter().filter(|atom| !all.iter().any(|other| other.covers(atom)));
    // Operations whose results get tags share a statement.
    let mut operations: BTreeMap<(&'static str, &str), BTreeSet<&'static str>> = BTreeMap::new();
    let mut places: BTreeMap<(&'static str, Kind), BTreeSet<&str>> = BTreeMap::new();
    for atom in needed {
        if let Condition::MadeBy(operation) = atom.when {
            operations.entry((atom.action, &atom.resource)).or_default().insert(operation);
        } else {
            places.entry((atom.action, Kind::Plain(atom.when))).or_default().insert(&atom.resource);
        }
    }
    for ((action, resource), made_by) in operations {
        let kind = Kind::Made(made_by.into_iter().collect());
        places.entry((action, kind)).or_default().insert(resource);
    }
    let mut statements: BTreeMap<(Kind, Vec<&str>), BTreeSet<&'static str>> = BTreeMap::new();
    for ((action, kind), resources) in places {
        statements.entry((kind, resources.into_iter().collect())).or_default().insert(action);
    }
    let mut taken = BTreeSet::new();
    let made = statements.into_iter().map(|((kind, resources), actions)| {
        let base = sid(&actions, &resources) + kind.condition().sid();
        let numbered = (2..).map(|number: u32| format!("{base}{number}"));
        let sid = std::iter::once(base.clone()).chain(numbered).find(|sid| taken.insert(sid.clone()));
        Statement {
            sid: sid.unwrap_or_default(),
            effect: "Allow",
            action: actions.into_iter().collect(),
            resource: resources.into_iter().map(str::to_owned).collect(),
            condition: kind.json(),
        }
    });
    PolicyDocument::new(made.collect())
}

/// The policy in parts that IAM takes.
pub fn documents(policy: PolicyDocument) -> Vec<PolicyDocument> {
    let mut parts: Vec<PolicyDocument> = Vec::new();
    for statement in policy.statement {
        if let Some(last) = parts.last_mut() {
            last.statement.push(statement.clone());
            if last.length() <= LONGEST {
                continue;
            }
            last.statement.pop();
        }
        parts.push(PolicyDocument::new(vec![statement]));
    }
    parts
}

/// A condition with all operations that a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Plain(Condition),
    Made(Vec<&'static str>),
}

impl Kind {
    fn condition(&self) -> Condition {
        match self {
            Self::Plain(condition) => *condition,
            Self::Made(operations) => Condition::MadeBy(operations.first().copied().unwrap_or_default()),
        }
    }

    fn json(&self) -> Option<Map<String, Value>> {
        match self {
            Self::Plain(condition) => condition.json(&[]),
            Self::Made(operations) => self.condition().json(operations),
        }
    }
}

/// A name for a statement: the action where there is one, else what it is about.
fn sid(actions: &BTreeSet<&'static str>, resources: &[&str]) -> String {
    if resources == ["*"] {
        return "Read".to_owned();
    }
    match (actions.len(), resources) {
        (1, _) => actions.iter().filter_map(|action| action.split_once(':')).map(|(_, name)| name).collect(),
        (_, [first, rest @ ..]) if rest.len() < 3 => {
            std::iter::once(first).chain(rest).map(|arn| kind_of(arn)).collect()
        }
        _ => "Resources".to_owned(),
    }
}

/// `Image` of `arn:*:ec2:*::image/*`, `SecurityGroup` of `…:security-group/*`.
fn kind_of(arn: &str) -> String {
    let kind = arn.rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    kind.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::permissions_table::commands::{Needs, all, of};

    fn all_of(commands: &[&str]) -> PolicyDocument {
        let needs = commands.iter().filter_map(|command| of(command));
        policy(needs.flat_map(Needs::rows).flat_map(|row| Atom::of(row, None)))
    }

    #[test]
    fn statements_have_names_of_their_own_and_sorted_actions_without_wildcards() {
        for needs in all() {
            let policy = all_of(&[needs.command]);
            let sids: BTreeSet<_> = policy.statement.iter().map(|statement| &statement.sid).collect();
            assert_eq!(sids.len(), policy.statement.len(), "{policy:?}");
            for statement in &policy.statement {
                assert!(statement.sid.chars().all(|c| c.is_ascii_alphanumeric()), "{statement:?}");
                assert!(statement.action.is_sorted(), "{statement:?}");
                assert!(!statement.action.iter().any(|action| action.contains('*')), "{statement:?}");
            }
        }
    }

    #[test]
    fn what_another_statement_allows_is_left_out() {
        let text = serde_json::to_string(&all_of(&["prune", "tag"])).unwrap();
        assert!(!text.contains("amictl:retire"), "{text}");
        let text = serde_json::to_string(&all_of(&["prune"])).unwrap();
        assert!(text.contains("amictl:retire"), "{text}");
    }

    #[test]
    fn tags_of_what_several_operations_make_are_one_statement() {
        let rows = ["CopyImage", "CreateImage"].map(|operation| Atom {
            action: "ec2:CreateTags",
            resource: "arn:*:ec2:*::image/*".to_owned(),
            when: Condition::MadeBy(operation),
        });
        let text = serde_json::to_string(&policy(rows)).unwrap();
        assert_eq!(
            text,
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"CreateTagsWhenMade","Effect":"Allow","Action":["ec2:CreateTags"],"Resource":["arn:*:ec2:*::image/*"],"Condition":{"StringEquals":{"ec2:CreateAction":["CopyImage","CreateImage"]}}}]}"#
        );
    }

    #[test]
    fn a_policy_that_iam_would_not_take_is_split() {
        let everything = all_of(&all().iter().map(|needs| needs.command).collect::<Vec<_>>());
        let mut long = everything.clone();
        for _ in 0..2 {
            long.statement.extend(everything.statement.clone());
        }
        let parts = documents(long.clone());
        assert!(parts.len() > 1);
        assert!(parts.iter().all(|part| part.length() <= LONGEST && !part.statement.is_empty()));
        let again: Vec<_> = parts.into_iter().flat_map(|part| part.statement).collect();
        assert_eq!(again, long.statement);
        assert_eq!(documents(all_of(&["list"])).len(), 1);
    }
}
