//! Who uses an image: references found by sources, and what may be concluded from them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::ids::{AccountId, ImageId};
use super::region::Region;
use super::report::Problem;

/// A place where images can be named as used.
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
    /// What EC2's own DescribeImageReferences finds.
    ImageReferences,
    /// Files the user pointed at, with image ids in them.
    Files,
}

impl Source {
    /// All sources at AWS.
    pub const ALL: [Self; 8] = [
        Self::Instances,
        Self::LaunchTemplates,
        Self::LaunchConfigurations,
        Self::AutoScalingGroups,
        Self::SpotRequests,
        Self::Ec2Fleets,
        Self::SsmParameters,
        Self::ImageReferences,
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
        }
    }
}

/// A name that is not the name of a source.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no source '{0}'; sources are {list}", list = Source::ALL.map(Source::as_str).join(", "))]
pub struct UnknownSource(String);

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| UnknownSource(text.to_owned()))
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

/// The kind of a reference by an alias.
pub const ALIAS: &str = "alias";

/// Something that names an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Where it was found.
    pub source: Source,
    /// What it is, e.g. `launch-template`.
    pub kind: &'static str,
    /// Its id, name or ARN.
    pub id: String,
    /// What tells it from others of its kind, e.g. `web:3` for version 3 of the template `web`.
    pub detail: String,
}

/// How reading a source ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceStatus {
    /// Read to its end; so many things were looked at.
    Ok {
        /// How many.
        read: usize,
    },
    /// Could not be read, or not to its end: nothing can be concluded from what it did not say.
    Failed(Problem),
    /// Left out because the user said so.
    Skipped,
}

/// One source in one place, and how reading it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// The account, where known.
    pub account: Option<AccountId>,
    /// The region.
    pub region: Region,
    /// The source.
    pub source: Source,
    /// How it ended.
    pub status: SourceStatus,
}

/// Who uses the images of one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    references: BTreeMap<ImageId, BTreeSet<Reference>>,
    /// Every source, read or not.
    pub sources: Vec<SourceState>,
}

/// What is known of the use of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// These name it.
    InUse(Vec<&'a Reference>),
    /// Nobody is known to name it, but these sources could not be read.
    Unverified(Vec<&'a SourceState>),
    /// All sources that were to be read were read, and none names it.
    Unused,
}

impl Usage {
    /// Adds that `reference` names `image`. Saying it twice is harmless.
    pub fn add(&mut self, image: ImageId, reference: Reference) {
        self.references.entry(image).or_default().insert(reference);
    }

    /// All that names the image.
    pub fn references(&self, image: &ImageId) -> Vec<&Reference> {
        self.references.get(image).into_iter().flatten().collect()
    }

    /// The SSM parameters that are aliases of the image now; `None` where nobody could look for them.
    ///
    /// The image that an alias named before is named by it as well, in the detail, and has no alias.
    pub fn aliases(&self, image: &ImageId) -> Option<Vec<&str>> {
        let of = |source: Source| {
            let found = self.references(image).into_iter().filter(move |r| r.kind == ALIAS && r.source == source);
            found.map(|r| (r.id.as_str(), r.detail.as_str()))
        };
        let read = |source: Source| {
            let state = self.sources.iter().find(|state| state.source == source);
            state.is_some_and(|state| matches!(state.status, SourceStatus::Ok { .. }))
        };
        if read(Source::SsmParameters) {
            return Some(of(Source::SsmParameters).filter(|(id, detail)| id == detail).map(|(id, _)| id).collect());
        }
        let seen: Vec<_> = of(Source::ImageReferences).map(|(id, _)| id).collect();
        (!seen.is_empty()).then_some(seen)
    }

    /// The sources that could not be read.
    pub fn failed(&self) -> Vec<&SourceState> {
        self.sources.iter().filter(|s| matches!(s.status, SourceStatus::Failed(_))).collect()
    }

    /// What may be concluded about the image. A single source that failed is enough for doubt.
    pub fn verdict(&self, image: &ImageId) -> Verdict<'_> {
        let references = self.references(image);
        if !references.is_empty() {
            return Verdict::InUse(references);
        }
        match self.failed() {
            failed if failed.is_empty() => Verdict::Unused,
            failed => Verdict::Unverified(failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(source: Source, status: SourceStatus) -> SourceState {
        SourceState { account: None, region: "us-east-1".parse().unwrap(), source, status }
    }

    #[test]
    fn names_read_back() {
        for source in Source::ALL {
            assert_eq!(source.as_str().parse(), Ok(source));
        }
        assert!("instance".parse::<Source>().unwrap_err().to_string().contains("launch-templates"));
    }

    #[test]
    fn one_failed_source_leaves_doubt_but_a_reference_is_certain() {
        let used: ImageId = "ami-00000001".parse().unwrap();
        let other: ImageId = "ami-00000002".parse().unwrap();
        let mut usage = Usage::default();
        usage.sources.push(state(Source::Instances, SourceStatus::Ok { read: 1 }));
        usage.sources.push(state(Source::Ec2Fleets, SourceStatus::Skipped));
        assert_eq!(usage.verdict(&other), Verdict::Unused);
        let problem = Problem { code: "UnauthorizedOperation".into(), message: "no".into() };
        usage.sources.push(state(Source::SsmParameters, SourceStatus::Failed(problem)));
        let reference =
            Reference { source: Source::Instances, kind: "instance", id: "i-1".into(), detail: "running".into() };
        usage.add(used.clone(), reference);
        assert!(matches!(usage.verdict(&used), Verdict::InUse(by) if by.len() == 1));
        assert!(matches!(usage.verdict(&other), Verdict::Unverified(why) if why.len() == 1));
    }

    #[test]
    fn an_alias_is_one_now_and_not_one_before() {
        let image: ImageId = "ami-00000001".parse().unwrap();
        let by = |source: Source, kind: &'static str, id: &str, detail: &str| Reference {
            source,
            kind,
            id: id.into(),
            detail: detail.into(),
        };
        let mut usage = Usage::default();
        assert_eq!(usage.aliases(&image), None);
        let arn = "arn:aws:ssm:us-east-1:1:parameter/amictl/web/prod";
        usage.add(image.clone(), by(Source::ImageReferences, ALIAS, "/amictl/web/prod", arn));
        assert_eq!(usage.aliases(&image), Some(vec!["/amictl/web/prod"]), "EC2 knows it as well");
        usage.sources.push(state(Source::SsmParameters, SourceStatus::Ok { read: 3 }));
        assert_eq!(usage.aliases(&image), Some(vec![]), "SSM itself is asked first");
        let before = "/amictl/web/old, the version before";
        usage.add(image.clone(), by(Source::SsmParameters, ALIAS, "/amictl/web/old", before));
        usage.add(image.clone(), by(Source::SsmParameters, "ssm-parameter", "/golden", "/golden"));
        usage.add(image.clone(), by(Source::SsmParameters, ALIAS, "/amictl/web/test", "/amictl/web/test"));
        assert_eq!(usage.aliases(&image), Some(vec!["/amictl/web/test"]));
        usage.sources[0].status = SourceStatus::Skipped;
        assert_eq!(usage.aliases(&image), Some(vec!["/amictl/web/prod"]));
    }
}
