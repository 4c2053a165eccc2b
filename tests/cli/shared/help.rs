//! The help of every command, as golden files.
//!
//! After a change that is meant: `INSTA_UPDATE=always cargo test --test cli help`.

use crate::cli::Amictl;
use crate::setup::Home;

/// The most lines of the help of amictl.
const LINES: usize = 40;

/// The most lines of the short help of a command.
const LINES_OF_A_COMMAND: usize = 45;

/// What these words print; 100 columns, as on no terminal.
fn printed(words: &[&str]) -> String {
    let home = Home::new();
    let ran = Amictl::bare(home.path()).args(words).ended(0);
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    ran.stdout
}

/// What `--help` says of a command, or of amictl.
fn help(words: &[&str]) -> String {
    printed(&[words, &["--help"]].concat())
}

fn commands() -> Vec<String> {
    amictl::command_line().get_subcommands().map(|command| command.get_name().to_owned()).collect()
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
fn the_help_of_amictl_fits_on_a_screen() {
    let text = help(&[]);
    insta::assert_snapshot!("amictl", text);
    assert!(text.lines().count() <= LINES, "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(!text.contains('\x1b'), "{text:?}");
    for words in [["-h"], ["help"]] {
        assert_eq!(printed(&words), text);
    }
    let home = Home::new();
    assert_eq!(Amictl::bare(home.path()).args(&[]).ended(2).stderr, text);
}

#[test]
fn the_help_of_amictl_lists_each_command_below_a_group() {
    let text = help(&[]);
    let list = text.split_once("COMMAND>\n\n").unwrap().1.split_once("\n\n").unwrap().0;
    let lines: Vec<&str> = list.lines().collect();
    let (rows, groups): (Vec<&str>, Vec<&str>) = lines.iter().partition(|line| line.starts_with("  "));
    assert_eq!(groups, ["Make", "Find", "Release", "Share and guard", "Retire", "Recover", "Set up"]);
    for pair in lines.windows(2) {
        assert!(pair.iter().any(|line| line.starts_with("  ")), "a group without commands: {pair:?}");
    }
    let names = rows.iter().map(|row| row.trim().split_once("  ").unwrap().0);
    let mut names: Vec<&str> = names.flat_map(|names| names.split(", ")).collect();
    let mut commands = commands();
    names.sort_unstable();
    commands.sort_unstable();
    assert_eq!(names, commands);
}

#[test]
fn the_help_of_each_command() {
    let commands = commands();
    let (_, global) = parts(&help(&["list"]));
    assert!(global.contains("--region <REGION>") && commands.len() >= 6, "{commands:?}");
    for command in commands {
        let (own, repeated) = parts(&help(&[&command]));
        insta::assert_snapshot!(command, own);
        assert_eq!(repeated, global);
    }
}

#[test]
fn the_short_help_of_each_command_has_its_own_options_on_a_screen() {
    let root = amictl::command_line();
    let global: Vec<_> = root.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect();
    for command in commands() {
        let text = printed(&[&command, "-h"]);
        assert!(text.lines().count() <= LINES_OF_A_COMMAND, "{}:\n{text}", text.lines().count());
        let (before, last) = text.trim_end().rsplit_once("\n").unwrap();
        assert_eq!(last, format!("Global options (--region, --profile, --output, …): amictl {command} --help"));
        let options = before.lines().filter(|line| line.starts_with("  -") || line.starts_with("      --"));
        let mut own = options.flat_map(|line| line.split_whitespace().take(2)).filter(|word| word.starts_with("--"));
        assert!(!own.any(|option| global.iter().any(|name| name == option)), "{text}");
    }
}

#[test]
fn every_example_is_a_command_line_that_amictl_reads() {
    for (text, name) in commands().into_iter().map(|command| (help(&[&command]), format!("amictl {command}"))) {
        let examples = examples(&text);
        assert!(examples.iter().filter(|line| line.starts_with(&name)).count() >= 2, "{name}: {examples:?}");
        for example in examples {
            let line = example.replace(['\'', '"'], "");
            let read = amictl::command_line().try_get_matches_from(line.split_whitespace());
            assert!(!read.is_err_and(|error| error.use_stderr()), "{example}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_version_that_cannot_be_written_is_an_error() {
    let setup = crate::setup::Setup::new();
    for line in ["--version", "-V", "--help", "prune --help"] {
        setup.on_full_disk(line).ended(1).says(&["stdout: No space left"]);
    }
}
