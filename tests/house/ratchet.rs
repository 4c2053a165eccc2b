//! The list of what still breaks the rules: it may only get shorter.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use crate::rules::{ALL, Rule};
use crate::tree::{REPOSITORY, Tree, root};

const LIST: &str = "tests/house/exceptions.txt";

/// Breaches by their line in the list, each with the places where it is seen.
type Found = BTreeMap<String, BTreeSet<String>>;

fn found(rules: &[Rule], tree: &Tree) -> Found {
    let mut found = Found::new();
    for rule in rules {
        for breach in (rule.breaches)(tree) {
            found.entry(format!("{} {}", rule.name, breach.subject)).or_default().insert(breach.at);
        }
    }
    found
}

/// What is broken and not listed, by rule, and what is listed and not broken.
fn complaints(rules: &[Rule], found: &Found, list: &str) -> String {
    let listed: BTreeSet<&str> = list.lines().collect();
    let mut text = String::new();
    for rule in rules {
        let of_rule = |line: &str| line.strip_prefix(rule.name).is_some_and(|rest| rest.starts_with(' '));
        let new: Vec<_> = found.iter().filter(|(line, _)| of_rule(line) && !listed.contains(line.as_str())).collect();
        if !new.is_empty() {
            text += &format!("\n{}\n", rule.remedy);
        }
        let mut shown = BTreeSet::new();
        for (line, places) in new {
            text += &format!("  {line}\n");
            text.extend(places.iter().filter(|at| shown.insert(*at)).map(|at| format!("    {at}\n")));
        }
    }
    let stale: Vec<_> = list.lines().enumerate().filter(|(_, line)| !found.contains_key(*line)).collect();
    if !stale.is_empty() {
        text += "\nThese exceptions are no longer needed: delete their lines (HOUSE=write does it).\n";
    }
    text.extend(stale.into_iter().map(|(number, line)| format!("  {LIST}:{} {line}\n", number + 1)));
    text
}

fn path() -> PathBuf {
    root().join(LIST)
}

/// `HOUSE=list` prints the list as it would have to be, `HOUSE=write` writes it, `HOUSE=explain` shows every breach.
#[test]
fn every_rule_is_kept_but_for_the_listed_exceptions() {
    let found = found(&ALL, &REPOSITORY);
    let lines: String = found.keys().map(|line| format!("{line}\n")).collect();
    match std::env::var("HOUSE").as_deref() {
        Ok("write") if lines.is_empty() => drop(fs::remove_file(path())),
        Ok("write") => fs::write(path(), lines).unwrap(),
        Ok("list") => show(&lines),
        Ok("explain") => show(&complaints(&ALL, &found, "")),
        Ok(other) => panic!("HOUSE is list, write or explain, not {other:?}"),
        Err(_) => {
            let list = fs::read_to_string(path()).unwrap_or_default();
            let complaints = complaints(&ALL, &found, &list);
            assert!(complaints.is_empty(), "\n{complaints}");
        }
    }
}

#[expect(clippy::print_stdout, reason = "it was asked for")]
fn show(text: &str) {
    print!("\n{text}");
}

#[test]
fn the_list_is_in_order() {
    let list = fs::read_to_string(path()).unwrap_or_default();
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines.is_sorted(), "sort {LIST}");
}

#[test]
fn names_of_rules_are_told_apart() {
    let names: BTreeSet<&str> = ALL.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), ALL.len());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Breach;

    /// Each file whose name is `bad` breaks it.
    const NAMES: Rule = Rule {
        name: "bad",
        remedy: "Find a better name.",
        breaches: |tree| {
            let bad = tree.files.iter().filter(|file| file.path.contains("bad"));
            bad.map(|file| Breach { subject: file.path.clone(), at: format!("{}:1", file.path) }).collect()
        },
    };

    #[test]
    fn what_is_not_listed_and_what_is_listed_in_vain_is_complained_of() {
        let found = found(&[NAMES], &Tree::of(&[("src/bad.rs", ""), ("src/good.rs", "")]));
        assert_eq!(complaints(&[NAMES], &found, "bad src/bad.rs\n"), "");
        assert_eq!(complaints(&[NAMES], &found, ""), "\nFind a better name.\n  bad src/bad.rs\n    src/bad.rs:1\n");
        let stale = complaints(&[NAMES], &found, "bad src/bad.rs\nbad src/good.rs\n");
        assert!(stale.ends_with("\n  tests/house/exceptions.txt:2 bad src/good.rs\n"), "{stale}");
    }
}
