//! The scripts: those of clap, and around them calls of `amictl __complete` for values.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use clap_complete::Shell;

use crate::options::value_kind::ValueKind;

/// What a file of completions has in one of its first lines if it was made here.
pub const MARK: &str = "# Made by 'amictl completions'. Changes are lost when it is made again.";

const BASH: &str = r#"
# Values that the program knows; without one, what this script knows.
_amictl_values() {
    local values
    if values=$(command amictl __complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null); then
        local IFS=$'\n'
        COMPREPLY=($values)
    else
        _amictl "$@"
        # Names of files: after a folder comes no blank.
        local word
        for word in "${COMPREPLY[@]}"; do
            [[ $COMP_CWORD -ge 2 && -e $word ]] || return 0
        done
        compopt -o filenames 2>/dev/null || :
    fi
}
"#;

const ZSH: &str = r#"# Values that the program knows; without one, what this script knows.
_amictl() {
    local values
    if values=$(command amictl __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null </dev/null); then
        compadd -- "${(@f)values}"
    else
        _amictl_static "$@"
    fi
}

"#;

const FISH: &str = r#"
# Values that the program knows.
function __amictl_values
    set -l words (commandline -opc)
    set -e words[1]
    set -l now (commandline -ct)
    command amictl __complete fish $words "$now" 2>/dev/null </dev/null
end

complete -c amictl -n "__amictl_values >/dev/null" -f -a "(__amictl_values)"
"#;

/// The script of a shell. Those of elvish and PowerShell are clap's own.
pub fn of(shell: Shell, mut tree: clap::Command) -> Result<String> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut tree, "amictl", &mut text);
    let text = String::from_utf8(text)?;
    match shell {
        Shell::Bash => bash(&text),
        Shell::Zsh => zsh(&text),
        Shell::Fish => Ok(fish(&text, &tree)),
        _ => Ok(text),
    }
}

fn bash(text: &str) -> Result<String> {
    let (functions, registration) = text.split_once("\nif [[ \"${BASH_VERSINFO[0]}\"").context("clap's bash script")?;
    let registration = registration.replace("complete -F _amictl ", "complete -F _amictl_values ");
    Ok(format!("{MARK}\n{functions}{BASH}\nif [[ \"${{BASH_VERSINFO[0]}}\"{registration}"))
}

fn zsh(text: &str) -> Result<String> {
    // The first line is for compinit.
    let (first, rest) = text.split_once('\n').context("clap's zsh script")?;
    let rest = rest.replacen("\n_amictl() {\n", "\n_amictl_static() {\n", 1);
    let (functions, registration) = rest.split_once("if [ \"$funcstack[1]\"").context("clap's zsh script")?;
    Ok(format!("{first}\n{MARK}\n{functions}{ZSH}if [ \"$funcstack[1]\"{registration}"))
}

fn fish(text: &str, tree: &clap::Command) -> String {
    let options = tree.get_subcommands().flat_map(clap::Command::get_arguments);
    let options = options.filter(|arg| ValueKind::of(arg).is_some()).filter_map(|arg| arg.get_long());
    let line = |name: &str| format!("complete -c amictl -l {name} -r -f -a \"(__amictl_values)\"\n");
    let lines: String = options.collect::<BTreeSet<_>>().into_iter().map(line).collect();
    format!("{MARK}\n{text}{FISH}{lines}")
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    fn command_line() -> Command {
        let arg = |name, value| Arg::new(name).long(name).value_name(value);
        let list = Command::new("list").arg(arg("region", "REGION")).arg(arg("columns", "COLUMN"));
        Command::new("amictl").subcommand(list)
    }

    #[test]
    fn each_script_asks_for_values_and_bears_the_mark() {
        for (shell, said) in [
            (Shell::Bash, ["complete -F _amictl_values -o nosort", "complete -F _amictl_values -o bashdefault"]),
            (Shell::Zsh, ["\n_amictl() {\n    local values", "\n_amictl_static() {\n    typeset"]),
            (Shell::Fish, ["-l region -r -f -a \"(__amictl_values)\"", "-l columns -r -f -a \"(__amictl_values)\""]),
        ] {
            let text = of(shell, command_line()).unwrap();
            assert!(text.lines().take(2).any(|line| line == MARK), "{shell}");
            assert!(text.contains(&format!("amictl __complete {shell}")), "{shell}");
            said.iter().for_each(|said| assert_eq!(text.matches(said).count(), 1, "{shell}: {said}"));
        }
        assert!(of(Shell::Zsh, command_line()).unwrap().starts_with("#compdef amictl\n"));
        assert!(!of(Shell::Elvish, command_line()).unwrap().contains("__complete"));
    }
}
