//! The layering of the house, kept by machine: reads `src/` and fails where a rule is broken.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of `src/`, without its comments and the contents of its strings.
struct Source {
    path: String,
    lines: usize,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found: Vec<Source> = files(&root)
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let path = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            Source { path, lines: text.lines().count(), code: code_of(&text) }
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// Blanks comments and the contents of strings: what they say breaks no rule.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(hashes) = raw_string(rest) {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = hashes + 2;
            rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len())
        } else if c == '"' {
            end_of_string(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest[1..].find('\'').unwrap() + 2
        } else {
            0
        };
        if skipped == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            code.push(' ');
            rest = &rest[skipped..];
        }
    }
    code
}

/// How many `#` the raw string has that begins here.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix('r')?;
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    after[hashes..].starts_with('"').then_some(hashes)
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The modules of ours that `code` names from the root of the crate.
fn of_the_crate(code: &str) -> Vec<String> {
    let after = code.split("crate::").skip(1);
    after.map(|text| text.chars().take_while(|c| c.is_alphanumeric() || "_{".contains(*c)).collect()).collect()
}

/// Where `word` stands in `code` as a whole word, or as the beginning of one that ends in `_`.
fn says(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let free = |c: Option<char>| !c.is_some_and(part);
        free(code[..at].chars().next_back()) && (word.ends_with('_') || free(code[at + word.len()..].chars().next()))
    })
}

/// Files below `folder` and what they must not say, one line each.
fn broken(folder: &str, forbidden: &[&str]) -> Vec<String> {
    let sources = sources();
    let inside: Vec<&Source> = sources.iter().filter(|source| source.path.starts_with(folder)).collect();
    assert!(!inside.is_empty(), "nothing is looked at in src/{folder}");
    let said = inside.iter().flat_map(|source| {
        let words = forbidden.iter().filter(|word| says(&source.code, word));
        words.map(|word| format!("src/{} says {word}", source.path))
    });
    said.collect()
}

/// Files below `folder` that name a module of ours beside `allowed`.
fn strays(folder: &str, allowed: &[&str]) -> Vec<String> {
    let sources = sources();
    let inside = sources.iter().filter(|source| source.path.starts_with(folder));
    let named = inside.flat_map(|source| {
        let modules = of_the_crate(&source.code).into_iter().filter(|name| !allowed.contains(&name.as_str()));
        modules.map(|name| format!("src/{} names crate::{name}", source.path))
    });
    named.collect()
}

#[track_caller]
fn none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_domain_imports_nothing_of_ours_outside_the_domain() {
    none(&strays("domain/", &["domain"]));
    none(&broken("domain/", &["service", "output", "commands", "cli", "exit"]));
}

#[test]
fn the_domain_is_pure() {
    none(&broken(
        "domain/",
        &[
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
        ],
    ));
}

#[test]
fn service_and_output_never_name_each_other() {
    none(&strays("service/", &["domain", "service"]));
    none(&strays("output/", &["domain", "output"]));
    none(&broken("service/", &["output", "commands", "cli", "clap"]));
    none(&broken("output/", &["service", "commands", "cli"]));
}

#[test]
fn only_service_says_aws() {
    let all = sources();
    let outside = all.iter().filter(|source| !source.path.starts_with("service/"));
    let said: Vec<String> =
        outside.filter(|s| says(&s.code, "aws_")).map(|s| format!("src/{} says aws_", s.path)).collect();
    none(&said);
    assert!(all.iter().any(|s| s.path.starts_with("service/") && says(&s.code, "aws_")), "service says aws_");
}

#[test]
fn only_main_reads_the_clock_and_the_arguments() {
    let all = sources();
    let outside = all.iter().filter(|source| source.path != "main.rs");
    let words = ["Utc::now", "SystemTime::now", "args_os", "vars_os", "env::var", "env::args", "env::vars"];
    let said: Vec<String> = outside
        .flat_map(|s| words.iter().filter(|word| says(&s.code, word)).map(|word| format!("src/{} says {word}", s.path)))
        .collect();
    none(&said);
}

#[test]
fn everything_is_written_through_the_printer() {
    none(&broken("", &["println!", "eprintln!", "print!", "eprint!", "dbg!", "todo!", "unimplemented!"]));
}

#[test]
fn no_file_is_longer_than_300_lines_and_main_is_short() {
    let all = sources();
    let limit = |source: &Source| if source.path == "main.rs" { 40 } else { 300 };
    let long = all.iter().filter(|source| source.lines > limit(source));
    none(&long.map(|s| format!("src/{} has {} lines of at most {}", s.path, s.lines, limit(s))).collect::<Vec<_>>());
}

#[test]
fn each_command_has_a_file_named_as_the_user_types_it() {
    let all = sources();
    for command in ["create", "list", "launch", "copy", "deregister", "wait"] {
        assert!(all.iter().any(|source| source.path == format!("commands/{command}.rs")), "{command}");
    }
}

#[test]
fn comments_and_strings_break_no_rule_but_code_does() {
    let text = "use a; // use tokio\nlet s = \"aws_\\\"x\"; let c = '\"'; let r = r#\"clap\"#; tokio::spawn(aws_x::y)";
    let code = code_of(text);
    assert!(!says(&code, "clap") && code.contains("use a;"), "{code}");
    assert!(says(&code, "tokio") && says(&code, "aws_"), "{code}");
    assert!(!says(&code_of("let a = \"aws_x::y\"; // aws_z"), "aws_"));
    assert!(!says("laws_x + clapper + asynchronous", "aws_") && !says("clapper", "clap"));
    assert_eq!(of_the_crate("use crate::domain::x; crate::output::y"), ["domain", "output"]);
}

/// Operations of AWS that `code` calls through a client, as the SDK names them.
fn calls_of(code: &str) -> Vec<String> {
    const CLIENTS: [&str; 6] = ["ec2.", "ssm().", "kms().", "autoscaling().", "rbin().", "client."];
    const ALONE: [&str; 2] = ["aws_sdk_sts::Client::new(config).", "sts(config)."];
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let after = CLIENTS.iter().chain(&ALONE).flat_map(|client| code.match_indices(client).map(|(at, c)| at + c.len()));
    let names = after.filter_map(|at| {
        let name: String =
            code[at..].chars().take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_').collect();
        (name.contains('_') && code[at + name.len()..].starts_with("()")).then_some(name)
    });
    names.collect()
}

/// `describe_images` for `DescribeImages`.
fn as_the_sdk_names_it(operation: &str) -> String {
    let parts = operation.chars().map(|c| match c.is_ascii_uppercase() {
        true => format!("_{}", c.to_ascii_lowercase()),
        false => c.to_string(),
    });
    parts.collect::<String>().trim_start_matches('_').to_owned()
}

#[test]
fn every_call_to_aws_is_on_the_page_of_calls_and_every_call_of_the_page_is_made() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/calls.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let listed: BTreeSet<String> = rows.iter().map(|row| as_the_sdk_names_it(row.split('`').nth(1).unwrap())).collect();
    let all = sources();
    let service =
        all.iter().filter(|source| source.path.starts_with("service/") && !source.path.ends_with("_tests.rs"));
    let made: BTreeSet<String> = service.flat_map(|source| calls_of(&source.code)).collect();
    let missing = made.difference(&listed).map(|call| format!("docs/reference/calls.md does not list {call}"));
    let stale = listed.difference(&made).map(|call| format!("nothing in src/service calls {call}"));
    none(&missing.chain(stale).collect::<Vec<_>>());
}

#[test]
fn the_page_of_calls_is_in_order() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/calls.md")).unwrap();
    for section in page.split("\n## ").skip(1) {
        let calls: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        assert!(!calls.is_empty() && calls.is_sorted(), "{calls:?}");
    }
}

#[test]
fn calls_are_found_on_whatever_line_they_stand() {
    let code = "target\n    .ec2\n    .describe_images()\n; target.ssm().get_parameters().x(); self.client.assume_role(); ec2.clone()";
    assert_eq!(calls_of(code), ["describe_images", "get_parameters", "assume_role"]);
    assert_eq!(as_the_sdk_names_it("GetEbsDefaultKmsKeyId"), "get_ebs_default_kms_key_id");
}
