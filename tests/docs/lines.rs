//! Command lines in code blocks, and options in the text.

use clap::Command;
use clap::error::ErrorKind;

use crate::pages::Page;

/// Words that end a command line in a shell.
const ENDS: [&str; 7] = ["|", ">", ">>", "<", ";", "&&", "||"];

/// The command lines of amictl in the code blocks of a page. What a `console` block shows as output is none.
pub fn of(page: &Page) -> Vec<String> {
    let typed = page.blocks.iter().filter_map(|(language, text)| match language.as_str() {
        "console" => Some(text.lines().filter_map(|line| line.strip_prefix("$ ")).collect::<Vec<_>>().join("\n")),
        "sh" | "bash" | "crontab" => Some(text.clone()),
        _ => None,
    });
    let typed = typed.flat_map(|text| text.replace("\\\n", " ").lines().flat_map(amictl).collect::<Vec<_>>());
    let steps = page.blocks.iter().filter(|(language, text)| language == "yaml" && text.contains("/actions/amictl@"));
    typed.chain(steps.flat_map(|(_, text)| of_pipeline(text))).collect()
}

/// The command lines of amictl in a workflow or pipeline: in scripts, and in the `args` of the action. An image stands for
/// each variable.
pub fn of_pipeline(text: &str) -> Vec<String> {
    let lines = unfolded(&filled(text));
    let calls = lines.iter().flat_map(|line| {
        let code = line.trim_start().trim_start_matches("- ");
        code.strip_prefix("args: ").map_or_else(|| amictl(line), |args| amictl(&format!("amictl {args}")))
    });
    calls.collect()
}

/// The text with an image's id for each `${{ … }}` and each `$name`.
fn filled(text: &str) -> String {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        let name = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
        let end = if after.starts_with("{{") { after.find("}}").map_or(0, |at| at + 2) } else { name };
        filled.push_str(if end == 0 { "$" } else { "ami-0123456789abcdef0" });
        rest = &after[end..];
    }
    filled + rest
}

/// The lines of YAML; one that ends with `>-` has the deeper lines below it in it.
fn unfolded(text: &str) -> Vec<String> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let (mut found, mut lines) = (Vec::new(), text.lines().peekable());
    while let Some(line) = lines.next() {
        let mut whole = line.strip_suffix(">-").unwrap_or(line).to_owned();
        while line.ends_with(">-") && lines.peek().is_some_and(|next| depth(next) > depth(line)) {
            whole = format!("{} {}", whole.trim_end(), lines.next().unwrap_or_default().trim());
        }
        found.push(whole);
    }
    found
}

/// The calls of amictl in one line, which may have several.
fn amictl(line: &str) -> Vec<String> {
    let code = line.split(" # ").next().unwrap_or_default();
    let starts = code.match_indices("amictl ").filter(|(at, _)| {
        let before = code[..*at].chars().next_back();
        *at == 0 || before.is_some_and(|c| c.is_whitespace() || c == '(')
    });
    starts
        .filter(|_| !code.trim_start().starts_with('#'))
        .map(|(at, _)| {
            let call = &code[at..];
            let call = if code[..at].ends_with("$(") { call.split(')').next().unwrap_or_default() } else { call };
            let words = shell_words::split(call).unwrap();
            let words: Vec<_> = words.into_iter().take_while(|word| !ENDS.contains(&word.as_str())).collect();
            shell_words::join(words)
        })
        .collect()
}

/// The command line as clap knows it, with everything that is derived.
pub fn built() -> Command {
    let mut cli = amictl::command_line();
    cli.build();
    cli
}

/// Why amictl would not accept a command line.
pub fn refused(cli: &Command, line: &str) -> Option<String> {
    let error = cli.clone().try_get_matches_from(shell_words::split(line).unwrap()).err()?;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => None,
        _ => Some(error.to_string().lines().next().unwrap_or_default().to_owned()),
    }
}

/// The options in a code span that amictl does not have: `--keep 3` may be that of any command, `prune --keep 3` must be
/// one of `prune`.
pub fn unknown_options(cli: &Command, span: &str) -> Vec<String> {
    let span = span.strip_prefix("amictl ").unwrap_or(span);
    let verb = span.split(' ').next().unwrap_or_default();
    let commands: Vec<&Command> = match cli.find_subcommand(verb) {
        Some(command) => vec![command],
        None if span.starts_with("--") && verb != "--" => cli.get_subcommands().collect(),
        None => return Vec::new(),
    };
    let known = |name: &str| {
        let mut options = commands.iter().flat_map(|command| command.get_arguments());
        options.any(|option| option.get_long() == Some(name)) || matches!(name, "help" | "version")
    };
    let options = span.split([' ', ',', '[', '`']).filter_map(|word| word.strip_prefix("--"));
    let names = options.map(|word| word.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or(word));
    let unknown = names.filter(|name| !name.is_empty() && !known(name));
    let place = if span.starts_with("--") { String::new() } else { format!("{verb} ") };
    unknown.map(|name| format!("{place}--{name}")).collect()
}
