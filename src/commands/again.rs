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

/// The command as the user gave it, but for the images and the places.
#[derive(Debug, Clone, Default)]
pub struct Again {
    name: String,
    words: String,
    copies: bool,
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
        Self { name: name.to_owned(), words, copies }
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
fn quoted(word: &str) -> String {
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
        }
    }

    /// How to do the rest; nothing where nothing is left.
    pub fn rest(&self, again: &Again, report: &Report) -> Option<String> {
        let left: BTreeSet<_> = report.results.iter().filter(|o| is_left(o)).map(|o| &o.image_id).collect();
        let mut lines: Vec<_> = by_account(self.images.iter().filter(|(_, id)| left.contains(id)), &[])
            .iter()
            .map(|(target, ids, regions)| again.line(ids, "", &target.options_in(regions)))
            .collect();
        if again.copies {
            let gaps: Vec<_> = self.unread.iter().chain(&self.unfollowed).cloned().collect();
            let roots = by_account(self.images.iter().take(self.named), &gaps);
            let some = roots.iter().filter(|(target, ..)| gaps.iter().any(|gap| gap.same_account(target)));
            lines.extend(some.map(|(target, ids, all)| again.line(ids, " --copies", &target.options_in(all))));
        }
        let mut words = Vec::new();
        if !lines.is_empty() {
            words.push(format!("do the rest with: {}", lines.join("; ")));
        }
        let mut elsewhere: Vec<_> = self.unread.iter().map(|place| format!("with {} only", place.options())).collect();
        elsewhere.extend(self.unentered.iter().map(|account| format!("with the role of account {account} only")));
        if !elsewhere.is_empty() {
            let all = elsewhere.join(", and ");
            words.push(format!(
                "nothing was done where nobody could look: give the command again for that alone, {all}"
            ));
        }
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// Whether another run would find something to do. Of an image that is gone nothing is left that could be named.
fn is_left(outcome: &Outcome) -> bool {
    match outcome.status {
        Status::Done => false,
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
    fn what_a_shell_would_take_apart_is_quoted() {
        let line = words(&["amictl", "tag", "web", "Team=it's us", "Empty="]);
        assert_eq!(line, r"amictl tag  'Team=it'\''s us' Empty= PLACE");
    }
}
