//! The help of the command line: commands in groups, and short helps without the global options.

use clap::Command;

use crate::commands::GROUPS;

/// The global options that the help of the root names.
const GLOBAL: &str = "\
--profile, --region, --role-arn, --org-role, --output, --quiet,
--verbose, --timeout, --config and more: amictl COMMAND --help has them all.";

/// Gives the command line its help.
pub fn arranged(root: Command) -> Command {
    let header = root.get_styles().get_header();
    let global = format!("{header}Global options:{header:#} {GLOBAL}");
    let template = format!("{{about}}\n\n{{usage-heading}} {{usage}}\n\n{}\n{global}{{after-help}}", groups(&root));
    root.mut_args(|arg| if arg.is_global_set() { arg.hide_short_help(true) } else { arg })
        .mut_subcommands(short)
        .help_template(template)
}

/// A line for each command, or for several that belong together; groups without commands are left out.
fn groups(root: &Command) -> String {
    let (header, literal) = (root.get_styles().get_header(), root.get_styles().get_literal());
    let shown = || GROUPS.iter().filter(|(_, rows)| !rows.is_empty());
    let width = shown().flat_map(|(_, rows)| *rows).map(|row| row.join(", ").len()).max().unwrap_or_default();
    let mut text = String::new();
    for (group, rows) in shown() {
        text += &format!("{header}{group}{header:#}\n");
        for row in *rows {
            let about = row.first().and_then(|name| root.find_subcommand(name)).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            text += &format!("  {literal}{:width$}{literal:#}  {about}\n", row.join(", "));
        }
    }
    text
}

/// Lets the short help of a command end with the place of the global options.
fn short(command: Command) -> Command {
    let Some(examples) = command.get_after_help().cloned() else { return command };
    let more = format!("Global options (--region, --profile, --output, …): amictl {} --help", command.get_name());
    let short = format!("{}\n\n{more}", examples.ansi());
    command.after_help(short).after_long_help(examples)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::root::{Cli, command_line};

    #[test]
    fn each_command_is_in_exactly_one_group() {
        let mut grouped: Vec<_> = GROUPS.iter().flat_map(|(_, rows)| *rows).flat_map(|row| *row).copied().collect();
        let root = Cli::command();
        let mut commands: Vec<_> = root.get_subcommands().map(Command::get_name).collect();
        grouped.sort_unstable();
        commands.sort_unstable();
        assert_eq!(grouped, commands);
    }

    #[test]
    fn the_root_names_global_options_that_exist() {
        let root = Cli::command();
        let names = GLOBAL.split([' ', ',', '\n']).filter_map(|word| word.strip_prefix("--"));
        for name in names.filter(|name| *name != "help") {
            assert!(root.get_arguments().any(|arg| arg.get_long() == Some(name) && arg.is_global_set()), "{name}");
        }
    }

    #[test]
    fn headings_have_the_style_of_clap() {
        let text = command_line().render_help().ansi().to_string();
        let header = *Cli::command().get_styles().get_header();
        assert!(text.contains(&format!("{header}Retire{header:#}\n")), "{text}");
    }
}
