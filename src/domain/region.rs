//! AWS regions, and the values that --region takes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// The regions whose opt-in status is `opt-in-not-required`.
const DEFAULTS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// One AWS region, e.g. `us-east-1`. Only EC2 knows whether the account may use it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Region(String);

impl Region {
    /// A region that every account of the public partition has.
    pub fn first() -> Self {
        Self("us-east-1".to_owned())
    }

    /// The regions of the public partition that every account has and cannot disable; all others are opt-in.
    pub fn defaults() -> impl Iterator<Item = Self> {
        DEFAULTS.iter().map(|name| Self((*name).to_owned()))
    }

    /// The region as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that cannot be a region.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not a region; a region looks like us-east-1")]
pub struct RegionError(String);

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, RegionError> {
        let parts: Vec<&str> = text.split('-').collect();
        let word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        match parts.split_last() {
            Some((number, words))
                if words.len() >= 2
                    && words.iter().all(word)
                    && !number.is_empty()
                    && number.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(RegionError(text.to_owned())),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The user's choice: one region, or every region enabled in the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionChoice {
    /// Every enabled region.
    All,
    /// This region.
    One(Region),
}

impl fmt::Display for RegionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.pad("all"),
            Self::One(region) => region.fmt(f),
        }
    }
}

impl FromStr for RegionChoice {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, RegionError> {
        match text {
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::One),
        }
    }
}

/// Account and region, for messages; the region alone where the account is not known.
pub fn place(account: Option<impl fmt::Display>, region: &Region) -> String {
    match account {
        Some(account) => format!("account {account}, region {region}"),
        None => format!("region {region}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_every_partition_are_read() {
        for text in
            ["us-east-1", "ap-southeast-2", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1", "us-isob-east-1"]
        {
            assert_eq!(text.parse::<Region>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn other_texts_are_not_regions() {
        for text in ["", "us-east", "us-east-1a", "US-EAST-1", "us_east_1", "all", "-east-1", "us--1"] {
            assert!(text.parse::<Region>().is_err(), "{text}");
        }
        assert_eq!("all".parse(), Ok(RegionChoice::All));
    }
}
