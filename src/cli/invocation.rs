//! The reader of the user's command from clap's matches, for resume hints.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};

use crate::domain::command_line::{Invocation, quoted};

/// Options that add images to the named ones: a resume hint names them all itself.
const FINDING: [&str; 3] = ["copies", "descendants", "every_version"];

/// Those of them that lead to what came of the named images.
const FOLLOWING: [(&str, &str); 2] = [("copies", "--copies"), ("descendants", "--descendants")];

/// Options that select the accounts. Values from the environment or the default file apply to another run as well.
const ACCOUNTS: [&str; 6] = ["profile", "role_arn", "org_role", "external_id", "endpoint_url", "config"];

/// Reads a parsed command line.
pub fn invocation(command: &clap::Command, matches: &ArgMatches) -> Invocation {
    let Some((name, given)) = matches.subcommand() else { return Invocation::default() };
    let Some(command) = command.find_subcommand(name) else { return Invocation::default() };
    let by_user = |arg: &&Arg| given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let (mut words, mut follows) = (String::new(), None);
    for arg in command.get_arguments().filter(|arg| !arg.is_global_set()).filter(by_user) {
        let id = arg.get_id().as_str();
        follows = follows.or(FOLLOWING.iter().find(|(arg, _)| *arg == id).map(|(_, option)| *option));
        if !FINDING.contains(&id) {
            let values = given.get_raw(id).into_iter().flatten().map(|value| value.to_string_lossy());
            words.extend(option(arg, values.map(String::from)));
        }
    }
    let leading = |arg: &&Arg| ACCOUNTS.contains(&arg.get_id().as_str());
    let mut accounts = String::new();
    for arg in command.get_arguments().filter(leading).filter(by_user) {
        let values = given.get_raw(arg.get_id().as_str()).into_iter().flatten();
        accounts.extend(option(arg, values.map(|value| value.to_string_lossy().into_owned())));
    }
    Invocation { name: name.to_owned(), words, follows, accounts }
}

/// An option with its values, each with a space before it. Of positional arguments only tags stay, which have an equals
/// sign: images are named anew.
fn option(arg: &Arg, values: impl Iterator<Item = String>) -> Vec<String> {
    match arg.get_long() {
        None => values.filter(|value| value.contains('=')).map(|value| format!(" {}", quoted(&value))).collect(),
        Some(long) if !arg.get_action().takes_values() => vec![format!(" --{long}")],
        Some(long) => values.map(|value| format!(" --{long} {}", quoted(&value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::root::command_line;

    fn words(line: &[&str]) -> String {
        let mut command = command_line();
        let matches = command.try_get_matches_from_mut(line).unwrap();
        let read = invocation(&command, &matches);
        read.line(&[], "", "PLACE")
    }

    #[test]
    fn images_and_places_are_left_out_and_all_else_stays() {
        for (line, left) in [
            ("amictl disable web --region a,b --copies --allow-in-use", "amictl disable  --allow-in-use PLACE"),
            ("amictl -q deprecate web api:v3 --after 0s -o json", "amictl deprecate  --after 0s PLACE"),
            ("amictl deprecate web --cancel --timeout 3m", "amictl deprecate  --cancel PLACE"),
            (
                "amictl share web --with 111111111111,222222222222 --every-version --copyable",
                "amictl share  --with 111111111111 --with 222222222222 --copyable PLACE",
            ),
            ("amictl deregister web -y --keep-snapshots", "amictl deregister  --keep-snapshots --yes PLACE"),
            ("amictl tag web Team=a --remove Old", "amictl tag  Team=a --remove Old PLACE"),
        ] {
            let line: Vec<_> = line.replace("a,b", "us-east-1,us-west-2").split(' ').map(str::to_owned).collect();
            assert_eq!(words(&line.iter().map(String::as_str).collect::<Vec<_>>()), left);
        }
    }

    #[test]
    fn the_accounts_stay_as_they_were_given() {
        let [one, two] = ["111111111111", "222222222222"].map(|account| format!("arn:aws:iam::{account}:role/ami"));
        for (line, left) in [
            (format!("--role-arn {one},{two} disable web"), format!(" --role-arn {one} --role-arn {two}")),
            (format!("disable web --role-arn {one} --role-arn {two}"), format!(" --role-arn {one} --role-arn {two}")),
            (
                "disable web --org-role ami --external-id x=1 --profile ops -q --max-attempts 3".to_owned(),
                " --profile ops --org-role ami --external-id x=1".to_owned(),
            ),
            (
                "disable web --endpoint-url http://localhost:1 --config it.toml".to_owned(),
                " --endpoint-url http://localhost:1 --config it.toml".to_owned(),
            ),
            ("disable web --region us-east-1".to_owned(), String::new()),
        ] {
            let mut command = command_line();
            let matches = command.try_get_matches_from_mut(format!("amictl {line}").split(' ')).unwrap();
            assert_eq!(invocation(&command, &matches).accounts, left, "{line}");
        }
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        let line = words(&["amictl", "tag", "web", "Team=it's us", "Empty="]);
        assert_eq!(line, r"amictl tag  'Team=it'\''s us' Empty= PLACE");
    }
}
