//! The rules, held against the source.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::{ALL, Rule};
use crate::tree::{REPOSITORY, Tree};

/// What breaks the rules, by rule: its remedy, then each subject with the places where it is seen.
fn complaints(rules: &[Rule], tree: &Tree) -> String {
    let mut text = String::new();
    for rule in rules {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for breach in (rule.breaches)(tree) {
            found.entry(breach.subject).or_default().insert(breach.at);
        }
        if !found.is_empty() {
            text += &format!("\n{}\n", rule.remedy);
        }
        let mut shown = BTreeSet::new();
        for (subject, places) in found {
            text += &format!("  {} {subject}\n", rule.name);
            text.extend(places.into_iter().filter(|at| shown.insert(at.clone())).map(|at| format!("    {at}\n")));
        }
    }
    text
}

#[test]
fn every_rule_is_kept() {
    let complaints = complaints(&ALL, &REPOSITORY);
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn names_of_rules_are_told_apart() {
    let names: BTreeSet<&str> = ALL.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), ALL.len());
}

#[test]
fn what_breaks_a_rule_is_complained_of() {
    let rule = Rule {
        name: "bad",
        remedy: "Find a better name.",
        breaches: |tree| {
            let bad = tree.files.iter().filter(|file| file.path.contains("bad"));
            bad.map(|file| crate::rules::Breach { subject: file.path.clone(), at: format!("{}:1", file.path) })
                .collect()
        },
    };
    let tree = Tree::of(&[("src/bad.rs", ""), ("src/good.rs", "")]);
    assert_eq!(complaints(&[rule], &tree), "\nFind a better name.\n  bad src/bad.rs\n    src/bad.rs:1\n");
    assert_eq!(complaints(&[], &tree), "");
}
