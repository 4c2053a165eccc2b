//! Names of families and aliases that completions know without a call: no ids, no accounts.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The most bytes of a cached list of names.
pub const MOST_BYTES: usize = 100_000;
/// The most characters of a family with its alias.
const LONGEST: usize = 200;

/// The names of one region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownNames {
    families: BTreeSet<String>,
    /// Each with its family before it: `web:prod`.
    aliases: BTreeSet<String>,
}

impl KnownNames {
    /// Reads cached names. Whoever wrote them: what no shell must see is left out, and what is no list is empty.
    pub fn read(text: &[u8]) -> Self {
        let read: Self = match text.len() {
            ..=MOST_BYTES => serde_json::from_slice(text).unwrap_or_default(),
            _ => Self::default(),
        };
        Self {
            families: read.families.into_iter().filter(|name| is_plain(name)).collect(),
            aliases: read.aliases.into_iter().filter(|name| parts(name).is_some()).collect(),
        }
    }

    /// The names as they are cached. Those that would make it too long are left out.
    pub fn text(&self) -> String {
        // What stands around the names, and around each of them.
        let mut left = MOST_BYTES - 40;
        let mut fits = |name: &&String| {
            left = left.saturating_sub(name.len() + 3);
            left > 0
        };
        let families = self.families.iter().take_while(&mut fits).cloned().collect();
        let aliases = self.aliases.iter().take_while(&mut fits).cloned().collect();
        serde_json::to_string(&Self { families, aliases }).unwrap_or_default()
    }

    /// These families in place of the ones before, without the aliases of families that are gone.
    #[must_use]
    pub fn with_families<'a>(mut self, families: impl IntoIterator<Item = &'a str>) -> Self {
        self.families = families.into_iter().filter(|name| is_plain(name)).map(str::to_owned).collect();
        let known = &self.families;
        self.aliases.retain(|name| parts(name).is_some_and(|(family, _)| known.contains(family)));
        self
    }

    /// These aliases, of any family, in place of the ones before.
    #[must_use]
    pub fn with_aliases(mut self, aliases: impl IntoIterator<Item = String>) -> Self {
        self.aliases = aliases.into_iter().filter(|name| parts(name).is_some()).collect();
        self
    }

    /// Adds the names of another region.
    pub fn merge(&mut self, other: Self) {
        self.families.extend(other.families);
        self.aliases.extend(other.aliases);
    }

    /// The families.
    pub fn families(&self) -> impl Iterator<Item = &str> {
        self.families.iter().map(String::as_str)
    }

    /// The aliases with their families.
    pub fn aliases(&self) -> impl Iterator<Item = &str> {
        self.aliases.iter().map(String::as_str)
    }

    /// The aliases alone, each once.
    pub fn alias_words(&self) -> BTreeSet<&str> {
        self.aliases.iter().filter_map(|name| parts(name)).map(|(_, alias)| alias).collect()
    }
}

/// Whether a name can stand in any shell as it is.
fn is_plain(name: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte);
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(fine) && !name.starts_with('-')
}

/// Family and alias, if both are plain.
fn parts(name: &str) -> Option<(&str, &str)> {
    name.split_once(':').filter(|(family, alias)| is_plain(family) && is_plain(alias))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(families: &[&str], aliases: &[&str]) -> KnownNames {
        let known = KnownNames::default().with_families(families.iter().copied());
        known.with_aliases(aliases.iter().map(|name| (*name).to_owned()))
    }

    #[test]
    fn what_was_written_is_read() {
        let known = names(&["web", "team/api"], &["web:prod", "team/api:a.b"]);
        assert_eq!(KnownNames::read(known.text().as_bytes()), known);
        assert_eq!(known.alias_words().into_iter().collect::<Vec<_>>(), ["a.b", "prod"]);
    }

    #[test]
    fn what_a_shell_would_act_on_is_left_out() {
        let hostile = r#"{"families":["$(touch x)","a b","a\nb","\u001b[31m","`x`","web","-rf","ü","","a;b","*"],
                          "aliases":["web:$(x)","web","web:prod","we b:x",":x","web:a:b"],"accounts":["1"]}"#;
        assert_eq!(KnownNames::read(hostile.as_bytes()), names(&["web"], &["web:prod"]));
        for text in ["", "null", "[", "[1]", r#"{"families":7}"#, r#"{"families":[1]}"#] {
            assert_eq!(KnownNames::read(text.as_bytes()), KnownNames::default(), "{text}");
        }
        assert_eq!(KnownNames::read(&[0xff, 0, 1]), KnownNames::default());
    }

    #[test]
    fn it_stays_small() {
        let many: Vec<String> = (0..20_000).map(|number| format!("family-{number}")).collect();
        let text = names(&many.iter().map(String::as_str).collect::<Vec<_>>(), &[]).text();
        assert!((90_000..=MOST_BYTES).contains(&text.len()), "{}", text.len());
        assert!(KnownNames::read(text.as_bytes()).families().count() > 5_000);
        let long = format!("{text}{}", " ".repeat(MOST_BYTES));
        assert_eq!(KnownNames::read(long.as_bytes()), KnownNames::default());
    }

    #[test]
    fn families_that_are_gone_take_their_aliases_along() {
        let known = names(&["web", "api"], &["web:prod", "api:prod"]);
        assert_eq!(known.clone().with_families(["web"]), names(&["web"], &["web:prod"]));
        let mut both = known.with_families(["api"]);
        both.merge(names(&["db"], &[]));
        assert_eq!(both.families().collect::<Vec<_>>(), ["api", "db"]);
    }
}
