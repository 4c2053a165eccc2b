//! The help of every command, as golden files.
//!
//! After a change that is meant: `INSTA_UPDATE=always cargo test --test cli help`.

use crate::cli::Amictl;
use crate::setup::Home;

/// What `--help` says after these words; 100 columns, as on no terminal.
fn help(words: &[&str]) -> String {
    let home = Home::new();
    let words: Vec<&str> = words.iter().copied().chain(["--help"]).collect();
    let ran = Amictl::bare(home.path()).args(&words).ended(0);
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    ran.stdout
}

/// The commands that the help of the root lists.
fn commands() -> Vec<String> {
    let root = help(&[]);
    let list = root.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next().map(str::to_owned));
    names.filter(|name| name != "help").collect()
}

/// A help text without its section of global options, and that section.
fn parts(text: &str) -> (String, String) {
    let (before, rest) = text.split_once("Global options:\n").unwrap();
    let (global, after) = rest.split_once("\nExamples:\n").unwrap();
    (format!("{before}Examples:\n{after}"), global.to_owned())
}

/// The command lines among the examples: `  amictl list --latest     what it is for`.
fn examples(text: &str) -> Vec<String> {
    let lines = text.split("Examples:\n").skip(1).flat_map(str::lines).filter_map(|line| line.strip_prefix("  "));
    let line =
        |line: &str| [" > ", " | ", "  "].iter().fold(line, |line, end| line.split(end).next().unwrap()).to_owned();
    lines.filter(|line| line.starts_with("amictl ")).map(line).collect()
}

#[test]
fn the_help_of_amictl() {
    insta::assert_snapshot!("amictl", help(&[]));
}

#[test]
fn the_help_of_each_command() {
    let (commands, (_, global)) = (commands(), parts(&help(&[])));
    assert!(commands.len() >= 6, "{commands:?}");
    for command in commands {
        let (own, repeated) = parts(&help(&[&command]));
        insta::assert_snapshot!(command, own);
        assert_eq!(repeated, global);
    }
}

#[test]
fn every_example_is_a_command_line_that_amictl_reads() {
    let texts = commands().into_iter().map(|command| (help(&[&command]), format!("amictl {command}")));
    for (text, name) in texts.chain([(help(&[]), "amictl".to_owned())]) {
        let examples = examples(&text);
        assert!(examples.iter().filter(|line| line.starts_with(&name)).count() >= 2, "{name}: {examples:?}");
        for example in examples {
            let line = example.replace(['\'', '"'], "");
            let read = amictl::command_line().try_get_matches_from(line.split_whitespace());
            assert!(!read.is_err_and(|error| error.use_stderr()), "{example}");
        }
    }
}
