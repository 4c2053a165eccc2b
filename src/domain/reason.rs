//! The reasons that keep an image from being pruned.

use std::collections::BTreeSet;

use super::rank::Rank;
use super::usage::source::Reference;

/// The reason why an image stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Among the newest of its family.
    Newest {
        /// Its rank.
        rank: Rank,
        /// The number of versions that stay.
        keep: usize,
    },
    /// Younger than the policy asks, or of unknown age.
    TooYoung(String),
    /// Something names it.
    InUse(Vec<Reference>),
    /// Launched recently, or launches may not have been reported yet.
    RecentlyLaunched(String),
    /// Carries a tag that keeps it.
    ProtectedTag(String),
    /// EC2 would refuse to deregister it.
    DeregistrationProtection(String),
    /// The current or previous target of an alias.
    Alias(Vec<Reference>),
    /// Still being created.
    Pending(String),
    /// AWS Backup, Data Lifecycle Manager or Image Builder manages it.
    ManagedElsewhere(&'static str),
    /// Shared outside the account.
    Shared(String),
    /// The newest of its family that EC2 Image Builder made.
    NewestBuilt,
    /// It has no family.
    Unmanaged {
        /// Whether there are family patterns.
        patterns: bool,
    },
    /// Its use could not be verified.
    Unverified(String),
    /// No rule covers it, or the command line excludes it.
    OutOfScope(String),
    /// In retirement; the next stage is not due.
    Retiring(String),
}

impl Reason {
    /// The word for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Newest { .. } | Self::NewestBuilt => "newest",
            Self::TooYoung(_) => "too-young",
            Self::InUse(_) => "in-use",
            Self::RecentlyLaunched(_) => "recently-launched",
            Self::ProtectedTag(_) => "protected-tag",
            Self::DeregistrationProtection(_) => "deregistration-protection",
            Self::Alias(_) => "alias",
            Self::Pending(_) => "pending",
            Self::ManagedElsewhere(_) => "managed-elsewhere",
            Self::Shared(_) => "shared",
            Self::Unmanaged { .. } => "unmanaged",
            Self::Unverified(_) => "unverified",
            Self::OutOfScope(_) => "out-of-scope",
            Self::Retiring(_) => "retiring",
        }
    }

    /// Its meaning for an image in retirement: `true` if the image is wanted again, `false` if amictl must leave it
    /// alone; `None` if neither, so that the image stays as it is.
    pub fn recalls(&self) -> Option<bool> {
        match self {
            Self::Newest { .. }
            | Self::NewestBuilt
            | Self::InUse(_)
            | Self::RecentlyLaunched(_)
            | Self::ProtectedTag(_)
            | Self::Alias(_) => Some(true),
            Self::Pending(_) | Self::ManagedElsewhere(_) | Self::Unmanaged { .. } | Self::OutOfScope(_) => Some(false),
            Self::TooYoung(_)
            | Self::DeregistrationProtection(_)
            | Self::Shared(_)
            | Self::Unverified(_)
            | Self::Retiring(_) => None,
        }
    }

    /// The words for people.
    pub fn detail(&self) -> String {
        match self {
            Self::Newest { rank, keep } => rank.kept(*keep),
            Self::NewestBuilt => {
                "the newest of its family that EC2 Image Builder made: recipes may resolve to it".to_owned()
            }
            Self::InUse(by) | Self::Alias(by) => named(by),
            Self::TooYoung(text)
            | Self::RecentlyLaunched(text)
            | Self::ProtectedTag(text)
            | Self::DeregistrationProtection(text)
            | Self::Pending(text)
            | Self::Shared(text)
            | Self::Unverified(text)
            | Self::OutOfScope(text)
            | Self::Retiring(text) => text.clone(),
            Self::ManagedElsewhere(by) => (*by).to_owned(),
            Self::Unmanaged { patterns: false } => "its name does not follow <family>-v<N>-<YYYY-MM-DD>".to_owned(),
            Self::Unmanaged { patterns: true } => {
                "its name follows neither <family>-v<N>-<YYYY-MM-DD> nor a family pattern".to_owned()
            }
        }
    }
}

/// The references to an image, in words; each named once, even if several sources found it.
pub fn named<'a>(by: impl IntoIterator<Item = &'a Reference>) -> String {
    let mut seen = BTreeSet::new();
    let by: Vec<_> = by.into_iter().filter(|r| seen.insert((r.kind, r.id.as_str()))).collect();
    let each = |r: &Reference| match r.detail == r.id {
        true => format!("{} {}", r.kind, r.id),
        false => format!("{} {} ({})", r.kind, r.id, r.detail),
    };
    let mut text = by.iter().take(3).copied().map(each).collect::<Vec<_>>().join(", ");
    if by.len() > 3 {
        text.push_str(&format!(" and {} more", by.len() - 3));
    }
    text
}
