//! Troubles of an image that something names: why it should not be launched, or cannot be.

use chrono::{DateTime, Utc};

use super::findings::Level;
use super::inventory::ImageSight;
use crate::domain::image::{Image, State};
use crate::domain::revocation::Revocation;

/// Why an image should not be named, the mildest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Deprecated since.
    Deprecated(DateTime<Utc>),
    /// Disabled.
    Disabled,
    /// In a state from which nothing launches, in EC2's word.
    Unusable(String),
    /// Revoked: since when and why, as far as the mark says so.
    Revoked(Revocation),
    /// Deregistered, or not visible.
    Gone,
}

impl Trouble {
    /// The gravest trouble of an image as a place sees it; `None` without one, or if it could not be read.
    pub fn of(sight: ImageSight<'_>, now: DateTime<Utc>) -> Option<Self> {
        match sight {
            ImageSight::Unknown => None,
            ImageSight::Gone => Some(Self::Gone),
            ImageSight::Seen(image) => Self::of_image(image, now),
        }
    }

    fn of_image(image: &Image, now: DateTime<Utc>) -> Option<Self> {
        if let Some(mark) = Revocation::of(image) {
            return Some(Self::Revoked(mark));
        }
        match &image.state {
            State::Deregistered => Some(Self::Gone),
            State::Disabled => Some(Self::Disabled),
            State::Failed | State::Error | State::Invalid => Some(Self::Unusable(image.state.to_string())),
            State::Available | State::Pending | State::Transient | State::Unknown(_) => {
                image.deprecated_at.filter(|at| *at <= now).map(Self::Deprecated)
            }
        }
    }

    /// Its severity.
    pub fn level(&self) -> Level {
        match self {
            Self::Gone | Self::Revoked(_) | Self::Disabled | Self::Unusable(_) => Level::High,
            Self::Deprecated(_) => Level::Medium,
        }
    }

    /// In words, after the name of the image.
    pub fn words(&self) -> String {
        match self {
            Self::Gone => "is gone or not visible".to_owned(),
            Self::Revoked(mark) => {
                let since = mark.since.map(|since| format!(" since {since}")).unwrap_or_default();
                let reason = if mark.reason.is_empty() { String::new() } else { format!(": {}", mark.reason) };
                format!("is revoked{since}{reason}")
            }
            Self::Disabled => "is disabled".to_owned(),
            Self::Unusable(state) => format!("is in the state {state}"),
            Self::Deprecated(at) => format!("is deprecated since {}", at.format("%Y-%m-%d")),
        }
    }
}

/// An image for a message: its name and id where it is seen.
pub fn label(sight: ImageSight<'_>, id: &crate::domain::ids::ImageId) -> String {
    match sight {
        ImageSight::Seen(image) => image.label(),
        ImageSight::Gone | ImageSight::Unknown => id.to_string(),
    }
}
