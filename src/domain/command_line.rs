//! Command lines that hints show, quoted for a shell.

use std::collections::BTreeSet;
use std::fmt;

use super::ids::ImageId;
use super::region::Region;

/// Commands that look for use, or for what came of an image, in all accounts of the run: given for one account only they
/// would miss the others.
const LOOK_FOR_USE: [&str; 4] = ["disable", "deregister", "revoke", "unrevoke"];

/// The command as the user gave it, but for the images and the places.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The command, e.g. `disable`.
    pub name: String,
    /// Its options and tags, each with a space before it.
    pub words: String,
    /// The option by which it also works on what came of the named images, e.g. `--copies`.
    pub follows: Option<&'static str>,
    /// The options that lead to the accounts, each with a space before it.
    pub accounts: String,
}

impl Invocation {
    /// Whether it looks for use in all accounts of the run.
    pub fn looks_for_use(&self) -> bool {
        LOOK_FOR_USE.contains(&self.name.as_str())
    }

    /// The options for these regions in all accounts of the run.
    pub fn everywhere(&self, regions: &BTreeSet<Region>) -> String {
        let regions: Vec<_> = regions.iter().map(Region::as_str).collect();
        format!("--region {}{}", regions.join(","), self.accounts)
    }

    /// The command for these images, with `more` options, at a place.
    pub fn line(&self, images: &[&ImageId], more: &str, place: &str) -> String {
        let ids: Vec<_> = images.iter().map(|id| id.as_str()).collect();
        format!("amictl {} {}{}{more} {place}", self.name, ids.join(" "), self.words)
    }
}

/// A word, quoted if a shell would take it apart. Letters, digits and `-_./:=,@%+` need no quotes.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => shell_words::quote(word).into_owned(),
    }
}

/// A command line of amictl, for a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine(String);

/// Begins the command line of a command.
pub fn amictl(command: &str) -> CommandLine {
    CommandLine(format!("amictl {command}"))
}

impl CommandLine {
    /// Adds a word, quoted where a shell needs it.
    #[must_use]
    pub fn word(self, word: impl fmt::Display) -> Self {
        Self(format!("{} {}", self.0, quoted(&word.to_string())))
    }

    /// Adds several words.
    #[must_use]
    pub fn words(self, words: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        words.into_iter().fold(self, Self::word)
    }

    /// Adds options that are quoted already, such as those of a place.
    #[must_use]
    pub fn options(self, options: impl AsRef<str>) -> Self {
        match options.as_ref().trim() {
            "" => self,
            options => Self(format!("{} {options}", self.0)),
        }
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
