//! The page of all commands, made from the definition of the command line.

use clap::{Arg, Command};

use crate::lines;

const HEAD: &str = "\
# Commands

Every command with its options and examples. This page is made from the definition of the command line, as `--help` is;
the [guide](../README.md#guide) explains the commands. [Configuration](configuration.md) has the environment variables and
the configuration file.
";

/// The page.
pub fn page() -> String {
    let cli = lines::built();
    let commands: Vec<&Command> = cli.get_subcommands().filter(|command| command.get_name() != "help").collect();
    let link = |command: &&Command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        format!("| [{0}](#{0}) | {1} |\n", command.get_name(), escaped(&about))
    };
    let index: String = commands.iter().map(link).collect();
    let all: String = commands.iter().map(|command| section(command)).collect();
    let global = options(&cli, |arg| arg.is_global_set());
    format!("{HEAD}\n| command | what it does |\n|---|---|\n{index}{all}\n## Options of every command\n\n{global}")
}

fn section(command: &Command) -> String {
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let arguments = table("argument", command, |arg| arg.is_positional());
    let options = options(command, |arg| !arg.is_positional() && !arg.is_global_set());
    let examples = command.get_after_long_help().map(|text| examples(&text.to_string())).unwrap_or_default();
    let parts = [arguments, options, examples].into_iter().filter(|part| !part.is_empty());
    let parts: String = parts.map(|part| format!("\n{part}")).collect();
    format!("\n## {}\n\n{}\n\n```text\n{usage}\n```\n{parts}", command.get_name(), escaped(about.trim()))
}

fn options(command: &Command, wanted: impl Fn(&Arg) -> bool) -> String {
    table("option", command, |arg| wanted(arg) && arg.get_id() != "help" && arg.get_id() != "version")
}

fn table(of: &str, command: &Command, wanted: impl Fn(&Arg) -> bool) -> String {
    let rows: String = command.get_arguments().filter(|arg| wanted(arg) && !arg.is_hide_set()).map(row).collect();
    if rows.is_empty() { rows } else { format!("| {of} | meaning |\n|---|---|\n{rows}") }
}

fn row(arg: &Arg) -> String {
    let short = arg.get_short().filter(|_| arg.get_long().is_some()).map(|short| format!("`-{short}`, "));
    let mut meaning = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut meaning = escaped(&meaning);
    let defaults: Vec<_> = arg.get_default_values().iter().filter_map(|value| value.to_str()).collect();
    if !defaults.is_empty() && arg.get_action().takes_values() {
        meaning += &format!(" [default: {}]", escaped(&defaults.join(",")));
    }
    let values = arg.get_possible_values();
    let values: Vec<_> = values.iter().filter(|value| !value.is_hide_set()).map(|value| value.get_name()).collect();
    if !values.is_empty() && arg.get_action().takes_values() {
        meaning += &format!(" [values: {}]", escaped(&values.join(", ")));
    }
    if let Some(name) = arg.get_env().and_then(|name| name.to_str()).filter(|_| !arg.is_hide_env_set()) {
        meaning += &format!(" [env: {name}]");
    }
    let shown = arg.clone().to_string().replace('|', "\\|");
    format!("| {}`{shown}` | {meaning} |\n", short.unwrap_or_default())
}

/// The text below the options: headings and command lines, which are followed by what they do.
fn examples(text: &str) -> String {
    let (mut page, mut inside) = (String::new(), false);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match line.strip_prefix("  ") {
            Some(line) => {
                page += if inside { "" } else { "```sh\n" };
                let (call, does) = line.split_once("  ").unwrap_or((line, ""));
                page += call;
                page += &if does.is_empty() { String::new() } else { format!("  # {}", does.trim()) };
                page += "\n";
                inside = true;
            }
            None => {
                page += if inside { "```\n\n" } else { "" };
                page += &format!("{}\n\n", escaped(line));
                inside = false;
            }
        }
    }
    page + if inside { "```\n" } else { "" }
}

/// Plain text as Markdown shows it.
fn escaped(text: &str) -> String {
    let special = |c: char| "<*|`".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
