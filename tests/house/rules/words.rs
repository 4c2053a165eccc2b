//! Words that stand only in some folders: clap, the SDK, the clock, I/O and what prints.

use crate::rules::{Breach, Rule};
use crate::source::Source;
use crate::tokens;
use crate::tree::Tree;

pub const CLAP: Rule = Rule {
    name: "clap",
    remedy: "clap stands only in lambda/, cli/, options/, commands/ and output/printer.rs: take plain values.",
    breaches: |tree| {
        let may = ["src/lambda/", "src/cli/", "src/options/", "src/commands/", "src/output/printer.rs"];
        said(tree, &["clap", "clap_"], |path| !may.iter().any(|begin| path.starts_with(begin)))
    },
};

pub const AWS: Rule = Rule {
    name: "aws",
    remedy: "Only service/ names the SDK: convert its types there.",
    breaches: |tree| said(tree, &["aws_"], |path| !path.starts_with("src/service/")),
};

pub const PURE: Rule = Rule {
    name: "pure",
    remedy: "domain/ is pure: no clock, no I/O, nothing async. Take what is needed as a value.",
    breaches: |tree| said(tree, &IMPURE, |path| path.starts_with("src/domain/")),
};

pub const CLOCK: Rule = Rule {
    name: "clock",
    remedy: "Only main.rs reads the clock, the arguments and the environment: take them as values.",
    breaches: |tree| said(tree, &PROCESS, |path| path != "src/main.rs"),
};

pub const PRINT: Rule = Rule {
    name: "print",
    remedy: "All output goes through the printer, and nothing is left to be done.",
    breaches: |tree| said(tree, &PRINTS, |_| true),
};

const IMPURE: [&str; 15] = [
    "tokio",
    "aws_",
    "clap",
    "async",
    "await",
    "Utc::now",
    "std::fs",
    "std::env",
    "std::process",
    "std::net",
    "std::io",
    "Instant",
    "SystemTime",
    "reqwest",
    "futures",
];

const PROCESS: [&str; 7] = ["Utc::now", "SystemTime::now", "args_os", "vars_os", "env::var", "env::args", "env::vars"];

const PRINTS: [&str; 7] = ["println!", "eprintln!", "print!", "eprint!", "dbg!", "todo!", "unimplemented!"];

/// Where `words` stand in files of `src/` that are looked at, written in a row or imported in a group.
fn said(tree: &Tree, words: &[&str], looked_at: impl Fn(&str) -> bool) -> Vec<Breach> {
    let files: Vec<&Source> = tree.in_folder("src/").filter(|file| looked_at(&file.path)).collect();
    let breaches = words.iter().flat_map(|word| {
        let tokens = tokens::words(word);
        let parts: Vec<&str> = word.split("::").collect();
        // The last part is in the text, however a path is written: most files need no closer look.
        let last = parts[parts.len() - 1].trim_end_matches('!').to_owned();
        files.iter().filter(move |file| file.text.contains(&last)).flat_map(move |file| {
            let in_a_row = tokens::lines_saying(&file.tokens, &tokens);
            let names = file
                .names
                .iter()
                .filter(|name| parts.len() > 1 && name.path.windows(parts.len()).any(|part| part == parts));
            let mut lines: Vec<usize> = in_a_row.into_iter().chain(names.map(|name| name.place.line)).collect();
            lines.sort_unstable();
            lines.dedup();
            lines.into_iter().map(|line| Breach::line(file, line, &format!("says {word}"))).collect::<Vec<_>>()
        })
    });
    breaches.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::subjects;
    use crate::tree::REPOSITORY;

    #[track_caller]
    fn check(rule: &Rule, code: &str, broken: &[&str]) {
        let paths = ["main.rs", "cli/mod.rs", "domain/a.rs", "output/printer.rs", "output/table.rs", "service/a.rs"];
        let paths = paths.map(|path| format!("src/{path}"));
        let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), code)).collect();
        let broken: Vec<String> = broken.iter().map(|path| format!("src/{path}")).collect();
        assert_eq!(subjects(rule, &files), broken, "{code}");
    }

    #[test]
    fn words_are_found_where_they_must_not_stand() {
        let no_clap = ["domain/a.rs", "main.rs", "output/table.rs", "service/a.rs"];
        check(&CLAP, "use clap::Args;", &no_clap);
        check(&CLAP, "fn f() { clap_complete::generate() }", &no_clap);
        check(&CLAP, "/// clap\nfn f() { clapper(\"clap\") }", &[]);
        let no_aws = ["cli/mod.rs", "domain/a.rs", "main.rs", "output/printer.rs", "output/table.rs"];
        check(&AWS, "fn f(client: aws_sdk_ec2::Client) {}", &no_aws);
        check(&AWS, "fn laws_x() {}", &[]);
        for word in ["async fn f() {}", "use std::{fmt, fs};", "fn f() { std::io::stdin() }", "use std::time::Instant;"]
        {
            check(&PURE, word, &["domain/a.rs"]);
        }
        check(&PURE, "use std::fmt; use chrono::{DateTime, Utc}; fn f(now: DateTime<Utc>) {}", &[]);
        let no_clock = ["cli/mod.rs", "domain/a.rs", "output/printer.rs", "output/table.rs", "service/a.rs"];
        check(&CLOCK, "fn f() { chrono::Utc::now() }", &no_clock);
        check(&CLOCK, "use std::env::{self, var}; fn f() {}", &no_clock);
        check(&CLOCK, "fn f(now: fn() -> u8) { now() }", &[]);
        let all = ["cli/mod.rs", "domain/a.rs", "main.rs", "output/printer.rs", "output/table.rs", "service/a.rs"];
        check(&PRINT, "fn f() { println!(\"x\") }", &all);
        check(&PRINT, "fn f() { if x { todo!() } }", &all);
        check(&PRINT, "fn print() { writeln!(out, \"x\") }", &[]);
    }

    #[test]
    fn service_names_the_sdk() {
        assert!(!said(&REPOSITORY, &["aws_"], |path| path.starts_with("src/service/")).is_empty());
    }
}
