//! Kinds of sources of use, by the names that users know.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// A source of use: a kind of resource that can name images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Every instance that is not terminated.
    Instances,
    /// Every version of every launch template.
    LaunchTemplates,
    /// Every launch configuration.
    LaunchConfigurations,
    /// Auto Scaling groups: overrides with an image of their own, and the template versions they name.
    AutoScalingGroups,
    /// Spot Fleet requests and open or active Spot requests.
    SpotRequests,
    /// EC2 Fleets and their overrides.
    Ec2Fleets,
    /// SSM parameters whose value is an image id.
    SsmParameters,
    /// EC2's own DescribeImageReferences.
    ImageReferences,
    /// Files with image ids, named by the user.
    Files,
    /// The other accounts of the run.
    Accounts,
    /// EC2's reports of the accounts that use an image.
    UsageReports,
}

impl Source {
    /// All sources that one account has in one region: those below but for the other accounts.
    pub const ALL: [Self; 8] = {
        let [of_a_place @ .., Self::Accounts] = Self::OPTIONAL else { panic!("the other accounts come last") };
        of_a_place
    };

    /// All sources that are read unless the user leaves them out.
    pub const OPTIONAL: [Self; 9] = [
        Self::Instances,
        Self::LaunchTemplates,
        Self::LaunchConfigurations,
        Self::AutoScalingGroups,
        Self::SpotRequests,
        Self::Ec2Fleets,
        Self::SsmParameters,
        Self::ImageReferences,
        Self::Accounts,
    ];

    /// The name users know it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instances => "instances",
            Self::LaunchTemplates => "launch-templates",
            Self::LaunchConfigurations => "launch-configurations",
            Self::AutoScalingGroups => "auto-scaling-groups",
            Self::SpotRequests => "spot-requests",
            Self::Ec2Fleets => "ec2-fleets",
            Self::SsmParameters => "ssm-parameters",
            Self::ImageReferences => "image-references",
            Self::Files => "files",
            Self::Accounts => "accounts",
            Self::UsageReports => "usage-reports",
        }
    }

    /// Whether its failure leaves doubt about some images only: those that other accounts can launch.
    pub fn by_image(self) -> bool {
        matches!(self, Self::Accounts | Self::UsageReports)
    }
}

/// A name that is not the name of a source.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no source '{0}'; sources are {list}", list = Source::OPTIONAL.map(Source::as_str).join(", "))]
pub struct UnknownSource(String);

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        Self::OPTIONAL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| UnknownSource(text.to_owned()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
