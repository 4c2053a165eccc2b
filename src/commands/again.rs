//! The command line that does what a run has left.
//!
//! It names images by their ids. The words of the user may stand for other images by now: once the newest version is
//! disabled, deprecated or gone, its family stands for the one before, and that is the one to roll back to.

use std::collections::BTreeSet;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};

use super::chosen::Chosen;
use crate::domain::ids::ImageId;
use crate::domain::region::Region;
use crate::domain::report::{Outcome, Report, Status};
use crate::service::Target;

/// Options that find more images beside those that are named: what is left is named itself.
const FINDING: [&str; 2] = ["copies", "every_version"];

/// Options that lead to the accounts. What the environment or the usual file says holds for another run as well.
const ACCOUNTS: [&str; 6] = ["profile", "role_arn", "org_role", "external_id", "endpoint_url", "config"];
/// Commands that look for use in all accounts of the run. With one of the accounts only they would not look into the
/// others.
const LOOKING: [&str; 2] = ["disable", "deregister"];

/// The command as the user gave it, but for the images and the places.
#[derive(Debug, Clone, Default)]
pub struct Again {
    name: String,
    words: String,
    copies: bool,
    accounts: String,
}

impl Again {
    /// Reads a command line that clap has read.
    pub fn of(command: &clap::Command, matches: &ArgMatches) -> Self {
        let Some((name, given)) = matches.subcommand() else { return Self::default() };
        let Some(command) = command.find_subcommand(name) else { return Self::default() };
        let by_user = |arg: &&Arg| given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
        let (mut words, mut copies) = (String::new(), false);
        for arg in command.get_arguments().filter(|arg| !arg.is_global_set()).filter(by_user) {
            let id = arg.get_id().as_str();
            copies |= id == "copies";
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
        Self { name: name.to_owned(), words, copies, accounts }
    }

    fn looks_for_use(&self) -> bool {
        LOOKING.contains(&self.name.as_str())
    }

    /// The options for these regions in all accounts of the run.
    fn everywhere(&self, regions: &BTreeSet<Region>) -> String {
        let regions: Vec<_> = regions.iter().map(Region::as_str).collect();
        format!("--region {}{}", regions.join(","), self.accounts)
    }

    fn line(&self, images: &[&ImageId], more: &str, place: &str) -> String {
        let ids: Vec<_> = images.iter().map(|id| id.as_str()).collect();
        format!("amictl {} {}{}{more} {place}", self.name, ids.join(" "), self.words)
    }
}

/// An option with its values, each with a space before it. Of the words without an option only those stay that are no
/// images: tags, which have an equals sign.
fn option(arg: &Arg, values: impl Iterator<Item = String>) -> Vec<String> {
    match arg.get_long() {
        None => values.filter(|value| value.contains('=')).map(|value| format!(" {}", quoted(&value))).collect(),
        Some(long) if !arg.get_action().takes_values() => vec![format!(" --{long}")],
        Some(long) => values.map(|value| format!(" --{long} {}", quoted(&value))).collect(),
    }
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// What a run was to work on, and where it could not look.
pub struct Whole {
    images: Vec<(Target, ImageId)>,
    /// So many of them were named; the others are copies of those.
    named: usize,
    unread: Vec<Target>,
    unfollowed: Vec<Target>,
    unentered: Vec<String>,
    several: bool,
}

impl Whole {
    /// Of what was chosen.
    pub fn of(chosen: &Chosen) -> Self {
        Self {
            images: chosen.images.iter().map(|(target, image)| (target.clone(), image.id.clone())).collect(),
            named: chosen.gaps.named,
            unread: chosen.gaps.unread.clone(),
            unfollowed: chosen.gaps.unfollowed.clone(),
            unentered: chosen.unentered.iter().filter_map(|error| error.account.clone()).collect(),
            several: chosen.several,
        }
    }

    /// How to do the rest; nothing where nothing is left.
    pub fn rest(&self, again: &Again, report: &Report) -> Option<String> {
        let left: BTreeSet<_> = report.results.iter().filter(|o| is_left(o)).map(|o| &o.image_id).collect();
        let left: Vec<_> = self.images.iter().filter(|(_, id)| left.contains(id)).collect();
        let together = self.several && again.looks_for_use();
        let lines = if together { self.together(again, &left) } else { self.apart(again, &left) };
        let mut words = Vec::new();
        if !lines.is_empty() {
            words.push(format!("do the rest with: {}", lines.join("; ")));
        }
        words.extend(if together { self.unseen() } else { self.elsewhere() });
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// A line for each account.
    fn apart(&self, again: &Again, left: &[&(Target, ImageId)]) -> Vec<String> {
        let mut lines: Vec<_> = by_account(left.iter().copied(), &[])
            .iter()
            .map(|(target, ids, regions)| again.line(ids, "", &target.options_in(regions)))
            .collect();
        if again.copies {
            let gaps = self.gaps();
            let roots = by_account(self.images.iter().take(self.named), &gaps);
            let some = roots.iter().filter(|(target, ..)| gaps.iter().any(|gap| gap.same_account(target)));
            lines.extend(some.map(|(target, ids, all)| again.line(ids, " --copies", &target.options_in(all))));
        }
        lines
    }

    /// One line for all accounts, so that each is looked into for use by it. An id is in one account only.
    fn together(&self, again: &Again, left: &[&(Target, ImageId)]) -> Vec<String> {
        let line = |images: &[&(Target, ImageId)], more: &str, gaps: &[Target]| {
            let regions = images.iter().map(|(target, _)| target).chain(gaps).map(|target| target.region.clone());
            let ids: Vec<_> = images.iter().map(|(_, id)| id).collect();
            again.line(&ids, more, &again.everywhere(&regions.collect()))
        };
        let mut lines = Vec::new();
        if !left.is_empty() {
            lines.push(line(left, "", &[]));
        }
        let gaps = self.gaps();
        if again.copies && !gaps.is_empty() {
            lines.push(line(&self.images.iter().take(self.named).collect::<Vec<_>>(), " --copies", &gaps));
        }
        lines
    }

    /// Places in which copies were not looked for.
    fn gaps(&self) -> Vec<Target> {
        self.unread.iter().chain(&self.unfollowed).cloned().collect()
    }

    /// How to go on where nobody could look, with the same words: nothing has changed there.
    fn elsewhere(&self) -> Option<String> {
        let mut all: Vec<_> = self.unread.iter().map(|place| format!("with {} only", place.options())).collect();
        all.extend(self.unentered.iter().map(|account| format!("with the role of account {account} only")));
        let all = (!all.is_empty()).then(|| all.join(", and "))?;
        Some(format!("nothing was done where nobody could look: give the command again for that alone, {all}"))
    }

    /// The same where all accounts are to be looked into again. In those where the work is done the same words may stand
    /// for other images by now, so what is to go is named by its id.
    fn unseen(&self) -> Option<String> {
        let mut all: Vec<_> = self.unread.iter().map(|place| format!("amictl list {}", place.options())).collect();
        all.extend(self.unentered.iter().map(|account| format!("amictl list with the role of account {account}")));
        let all = (!all.is_empty()).then(|| all.join(", and "))?;
        Some(format!(
            "nothing was done where nobody could look: see what is there, by {all}; then give the command again for that, \
             with its ids, and with all the accounts of this run, as each of them may use it"
        ))
    }
}

/// Whether another run would find something to do. Of an image that is gone nothing is left that could be named.
fn is_left(outcome: &Outcome) -> bool {
    match outcome.status {
        Status::Done => false,
        Status::Failed(ref problem) if problem.is_of_backup() => false,
        Status::Failed(_) | Status::Skipped(_) => outcome.snapshots.is_empty(),
    }
}

type OfAccount<'a> = (&'a Target, Vec<&'a ImageId>, BTreeSet<Region>);

/// The images account by account, with the regions they are in, and those of more places of the account.
fn by_account<'a>(images: impl Iterator<Item = &'a (Target, ImageId)>, more: &[Target]) -> Vec<OfAccount<'a>> {
    let mut accounts: Vec<OfAccount<'a>> = Vec::new();
    for (target, id) in images {
        let at = accounts.iter().position(|(known, ..)| known.same_account(target)).unwrap_or_else(|| {
            let regions = more.iter().filter(|place| place.same_account(target)).map(|place| place.region.clone());
            accounts.push((target, Vec::new(), regions.collect()));
            accounts.len() - 1
        });
        let (_, ids, regions) = &mut accounts[at];
        ids.push(id);
        regions.insert(target.region.clone());
    }
    accounts
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn words(line: &[&str]) -> String {
        let mut command = Cli::command();
        let matches = command.try_get_matches_from_mut(line).unwrap();
        let again = Again::of(&command, &matches);
        again.line(&[], "", "PLACE")
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
            let mut command = Cli::command();
            let matches = command.try_get_matches_from_mut(format!("amictl {line}").split(' ')).unwrap();
            assert_eq!(Again::of(&command, &matches).accounts, left, "{line}");
        }
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        let line = words(&["amictl", "tag", "web", "Team=it's us", "Empty="]);
        assert_eq!(line, r"amictl tag  'Team=it'\''s us' Empty= PLACE");
    }
}
