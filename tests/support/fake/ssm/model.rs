//! Parameters, as the endpoint keeps them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::super::model::Tags;

/// A parameter of the Systems Manager parameter store.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// `text` or `aws:ec2:image`.
    pub data_type: String,
    /// Tags.
    pub tags: Tags,
    /// Versions by number; the oldest are dropped when there are too many.
    pub versions: BTreeMap<u64, Version>,
}

/// One version of a parameter.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number.
    pub number: u64,
    /// Value, in the clear.
    pub value: String,
    /// Free text.
    pub description: Option<String>,
    /// When it was written.
    pub modified: DateTime<Utc>,
    /// ARN of who wrote it.
    pub author: String,
    /// Labels; each is on one version only.
    pub labels: BTreeSet<String>,
}

impl Parameter {
    /// A parameter without versions.
    pub fn new(kind: &str, data_type: &str) -> Parameter {
        Parameter {
            kind: kind.to_owned(),
            data_type: data_type.to_owned(),
            tags: Tags::new(),
            versions: BTreeMap::new(),
        }
    }

    /// The newest version.
    pub fn latest(&self) -> Option<&Version> {
        self.versions.values().next_back()
    }

    /// A version by number or label, or the newest one.
    pub fn version(&self, selector: Option<&str>) -> Option<&Version> {
        let Some(selector) = selector else { return self.latest() };
        match selector.parse() {
            Ok(number) => self.versions.get(&number),
            Err(_) => self.versions.values().find(|version| version.labels.contains(selector)),
        }
    }

    /// The value of a version, of a label, or the newest one.
    pub fn value(&self, selector: Option<&str>) -> Option<&str> {
        self.version(selector).map(|version| version.value.as_str())
    }

    /// The description of the next version: that of the last one, if it is given none.
    pub fn described(&self, description: Option<String>) -> Option<String> {
        description.or_else(|| self.latest()?.description.clone())
    }

    /// Adds a version; gives its number. It is shown at once.
    pub fn add(&mut self, value: &str, description: Option<String>, modified: DateTime<Utc>, author: &str) -> u64 {
        let description = self.described(description);
        let number = self.versions.keys().next_back().map_or(1, |last| last + 1);
        let (value, author) = (value.to_owned(), author.to_owned());
        let labels = BTreeSet::new();
        self.versions.insert(number, Version { number, value, description, modified, author, labels });
        number
    }

    /// The value of a version as a caller gets it; a secret is ciphered unless it is to be decrypted.
    pub fn shown(&self, version: &Version, decrypted: bool) -> String {
        if self.kind != "SecureString" || decrypted {
            return version.value.clone();
        }
        let blob = super::super::ids::derived("blob", &[&version.value, &version.number.to_string()]);
        format!("AQICAHh{}==", &blob["blob-".len()..])
    }
}
