//! The stale instances of a run, with a summary of their families.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::behind::{Distance, FamilyKey};
use super::family::FamilyWord;
use super::ids::{AccountId, ImageId};
use super::instance_image::RunningInstance;
use super::naming::Version;
use super::region::Region;

/// What is wrong with the image of an instance, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StaleProblem {
    /// It is deregistered.
    Gone,
    /// It is revoked.
    Revoked,
    /// It is disabled.
    Disabled,
    /// The Allowed AMIs of the account do not admit it.
    NotAllowed,
    /// It is deprecated.
    Deprecated,
    /// There is a newer version.
    Behind,
}

impl StaleProblem {
    /// The word for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Revoked => "revoked",
            Self::Disabled => "disabled",
            Self::NotAllowed => "not-allowed",
            Self::Deprecated => "deprecated",
            Self::Behind => "behind",
        }
    }
}

/// A stale instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleInstance {
    /// The instance.
    pub instance: RunningInstance,
    /// The family of its image.
    pub family: Option<FamilyKey>,
    /// The version of its image.
    pub version: Option<Version>,
    /// The image that it should run.
    pub newest: Option<StaleGoal>,
    /// How far it is behind, whether that counts or not.
    pub behind: Option<Distance>,
    /// What is wrong, the gravest first; never empty.
    pub problems: Vec<StaleProblem>,
}

/// The image that an instance should run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleGoal {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<Version>,
    /// Whether it is revoked, as far as that is known: EC2 shows tags to the owner only.
    pub revoked: Option<bool>,
}

/// The running instances of a family.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StaleFamily {
    /// Those looked at.
    pub instances: usize,
    /// Those that are stale.
    pub stale: usize,
    /// The most versions that one of these is behind.
    pub most_behind: Option<u64>,
    /// Since when the first of these is behind.
    pub since: Option<DateTime<Utc>>,
}

/// The stale instances of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StaleReport {
    /// In the order of places, groups and ids.
    pub instances: Vec<StaleInstance>,
    /// By family; those without one stand under `None`.
    pub families: BTreeMap<Option<FamilyKey>, StaleFamily>,
    /// The families of which instances run where the alias is missing, each with its place.
    pub without_alias: BTreeSet<(FamilyKey, Option<AccountId>, Region)>,
    /// The number of families, by place, that have the alias.
    pub with_alias: usize,
    /// The aliases that name a revoked image, each with its place and the image.
    pub revoked_goals: BTreeSet<((FamilyKey, Option<AccountId>, Region), String)>,
    /// The instances of images of accounts outside the run that were compared with nothing.
    pub not_compared: usize,
    /// The families asked for that neither an image nor an instance has.
    pub unknown_families: Vec<FamilyWord>,
    /// The families that there are, where some are asked for.
    pub known_families: BTreeSet<String>,
}

impl StaleReport {
    /// The number of instances looked at.
    pub fn looked_at(&self) -> usize {
        self.families.values().map(|family| family.instances).sum()
    }
}
