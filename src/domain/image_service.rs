//! The AWS services that make images and look after them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::image::Image;
use super::problem::{PlaceError, Problem};
use super::tags::Tags;

/// An AWS service that makes images, and deletes them itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageService {
    /// AWS Backup.
    Backup,
    /// Amazon Data Lifecycle Manager.
    LifecycleManager,
    /// EC2 Image Builder.
    ImageBuilder,
}

/// A word that names no service whose images may go.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "'{0}' is no service whose images may be pruned; only image-builder is: AWS Backup and Data Lifecycle Manager delete \
     theirs themselves"
)]
pub struct NotPruned(String);

impl ImageService {
    /// The service that looks after an image or snapshot with these tags.
    pub fn of(tags: &Tags) -> Option<Self> {
        let any = |wanted: fn(&str) -> bool| tags.keys().any(|key| wanted(key));
        let made_by_builder = || tags.get("CreatedBy").is_some_and(|by| by == "EC2 Image Builder");
        if any(|key| key.starts_with("aws:backup:")) {
            return Some(Self::Backup);
        }
        if any(|key| key.starts_with("aws:dlm:") || key == "dlm:managed") {
            return Some(Self::LifecycleManager);
        }
        (made_by_builder() || tags.contains_key(BUILD)).then_some(Self::ImageBuilder)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Backup => "AWS Backup",
            Self::LifecycleManager => "Data Lifecycle Manager",
            Self::ImageBuilder => "EC2 Image Builder",
        }
    }
}

/// The tag in which Image Builder names its own resource for the image.
pub const BUILD: &str = "Ec2ImageBuilderArn";

/// The warning that Image Builder's own resources stay, if one of these images that go is made by it.
pub fn resources_stay<'a>(going: impl IntoIterator<Item = &'a Image>) -> Option<PlaceError> {
    let built = |image: &&Image| ImageService::of(&image.tags) == Some(ImageService::ImageBuilder);
    let image = going.into_iter().find(built)?;
    // The same text everywhere, so that it is shown once.
    let message = format!(
        "EC2 Image Builder keeps a resource of its own for each of its images that goes; to remove it: aws imagebuilder \
         delete-image --image-build-version-arn ARN, with the ARN in the tag {BUILD} of the image"
    );
    let problem = Problem { code: "ImageBuilderResource".to_owned(), message };
    let account = image.owner.as_ref().map(ToString::to_string);
    Some(PlaceError { account, region: image.region.clone(), problem })
}

/// Reads a service whose images may go: `image-builder`.
impl FromStr for ImageService {
    type Err = NotPruned;

    fn from_str(text: &str) -> Result<Self, NotPruned> {
        match text {
            "image-builder" => Ok(Self::ImageBuilder),
            other => Err(NotPruned(other.to_owned())),
        }
    }
}

impl fmt::Display for ImageService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Backup => "backup",
            Self::LifecycleManager => "dlm",
            Self::ImageBuilder => "image-builder",
        })
    }
}
