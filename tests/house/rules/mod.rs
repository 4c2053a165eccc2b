//! The rules of the house, one list for the ratchet.

mod calls;
mod command_lines;
mod concurrency;
mod layers;
mod rings;
mod suites;
mod texts;
mod types;
mod verbs;
mod words;

use crate::source::Source;
use crate::tree::Tree;

/// A rule with its name in the list of exceptions.
pub struct Rule {
    pub name: &'static str,
    /// What to do about a breach.
    pub remedy: &'static str,
    pub breaches: fn(&Tree) -> Vec<Breach>,
}

/// One breach of a rule.
#[derive(Debug)]
pub struct Breach {
    /// What the list of exceptions calls it: a file, a folder, a type.
    pub subject: String,
    /// Where it is and what is wrong there.
    pub at: String,
}

impl Breach {
    fn of(subject: &str, at: &str) -> Self {
        Self { subject: subject.to_owned(), at: at.to_owned() }
    }

    /// A breach in a line of a file that is listed by its path.
    fn line(file: &Source, line: usize, what: &str) -> Self {
        Self::of(&file.path, &format!("{}:{line} {what}", file.path))
    }
}

/// All rules but those about `docs/`, which keep no list of exceptions.
pub const ALL: [Rule; 22] = [
    verbs::FILES,
    verbs::NAMES,
    layers::TABLE,
    layers::FOLDERS,
    layers::DIAGRAM,
    layers::RENDERERS,
    words::CLAP,
    words::AWS,
    words::PURE,
    words::CLOCK,
    words::PRINT,
    rings::FILES,
    rings::FOLDERS,
    rings::UNREACHED,
    concurrency::RULE,
    command_lines::RULE,
    types::STEMS,
    types::TWICE,
    texts::FIRST_LINES,
    texts::LENGTHS,
    suites::PATHS,
    suites::FOLDERS,
];

/// The subjects of the breaches of `rule` in a tree made up for a test.
#[cfg(test)]
fn subjects(rule: &Rule, files: &[(&str, &str)]) -> Vec<String> {
    let mut subjects: Vec<String> =
        (rule.breaches)(&Tree::of(files)).into_iter().map(|breach| breach.subject).collect();
    subjects.sort();
    subjects.dedup();
    subjects
}
