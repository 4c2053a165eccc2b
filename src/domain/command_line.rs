//! Command lines that hints show, quoted for a shell.

use std::collections::BTreeSet;

use super::ids::ImageId;
use super::region::Region;

/// Commands that look for use in all accounts of the run: given for one account only they would miss use by the others.
const LOOK_FOR_USE: [&str; 2] = ["disable", "deregister"];

/// The command as the user gave it, but for the images and the places.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The command, e.g. `disable`.
    pub name: String,
    /// Its options and tags, each with a space before it.
    pub words: String,
    /// Whether it also works on copies.
    pub copies: bool,
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

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
