//! First lines and lengths of files.

use crate::rules::{Breach, Rule};
use crate::tree::Tree;

pub const FIRST_LINES: Rule = Rule {
    name: "first-line",
    remedy: "A file begins with `//!` and one sentence of at most 100 characters on a line of its own, \
             which names the thing: not What, How, Who, Whether, Where, Which or From.",
    breaches: first_lines,
};

pub const LENGTHS: Rule = Rule { name: "length", remedy: "Make two files of it, by subject.", breaches: lengths };

fn first_lines(tree: &Tree) -> Vec<Breach> {
    let wrong = tree.files.iter().filter_map(|file| {
        let first = file.text.lines().next().unwrap_or_default();
        Some(Breach::line(file, 1, &format!("{}: {first}", wrong_with(first)?)))
    });
    wrong.collect()
}

fn wrong_with(first: &str) -> Option<&'static str> {
    let Some(sentence) = first.strip_prefix("//! ") else { return Some("has no `//!`") };
    let word = sentence.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let more = sentence.match_indices(". ").any(|(at, _)| sentence[at + 2..].starts_with(char::is_uppercase));
    if ["What", "How", "Who", "Whether", "Where", "Which", "From"].contains(&word) {
        Some("does not name the thing")
    } else if sentence.chars().count() > 100 {
        Some("is longer than 100 characters")
    } else if !sentence.ends_with('.') || more {
        Some("is not one sentence")
    } else {
        None
    }
}

fn lengths(tree: &Tree) -> Vec<Breach> {
    let long = tree.files.iter().filter_map(|file| {
        let limit = match file.path.as_str() {
            "src/main.rs" => 40,
            path if path.starts_with("tests/") => 400,
            _ => 300,
        };
        let lines = file.text.lines().count();
        (lines > limit).then(|| Breach::of(&file.path, &format!("{} has {lines} lines of at most {limit}", file.path)))
    });
    long.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::subjects;

    #[test]
    fn first_lines_name_the_thing_in_one_sentence() {
        let check = |first: &str, fine: bool| {
            assert_eq!(wrong_with(first), wrong_with(first).filter(|_| !fine), "{first}");
            assert_eq!(wrong_with(first).is_none(), fine, "{first}");
        };
        check("//! Deadline and stop signal of a wait.", true);
        check("//! Howling, e.g. at the moon.", true);
        check("//! How long to wait.", false);
        check("//! What: a thing.", false);
        check("//! Two of them. And more.", false);
        check("//! It goes on", false);
        check(&format!("//! {}.", "x".repeat(99)), true);
        check(&format!("//! {}.", "x".repeat(100)), false);
        check("use std::fs;", false);
        check("", false);
        let files = [("src/a.rs", "//! Fine.\n"), ("tests/b.rs", "\n//! Late."), ("src/c.rs", "//! Who knows.")];
        assert_eq!(subjects(&FIRST_LINES, &files), ["src/c.rs", "tests/b.rs"]);
    }

    #[test]
    fn no_file_is_too_long() {
        let lines = |count| "\n".repeat(count);
        let (short, fine, long, longer) = (lines(40), lines(300), lines(301), lines(401));
        let files = [("src/main.rs", short.as_str()), ("src/a.rs", &fine), ("tests/a.rs", &long)];
        assert_eq!(subjects(&LENGTHS, &files), [""; 0]);
        let files = [("src/main.rs", fine.as_str()), ("src/a.rs", &long), ("tests/a.rs", &longer)];
        assert_eq!(subjects(&LENGTHS, &files), ["src/a.rs", "src/main.rs", "tests/a.rs"]);
    }
}
