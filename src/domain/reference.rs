//! References to an image: an id, a name, `web`, `web:latest`, `web:v3`, `web:prod`, `ssm:/golden/web`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

use super::alias::{Alias, ROOT, is_version};
use super::family::{FamilyPatterns, FamilyWord};
use super::ids::ImageId;
use super::image::{Image, State};
use super::launch_image::BY_PARAMETER;
use super::naming::{Family, ImageName, NameError, Version, ec2_takes};
use super::order::newest_first;
use super::parameter::{ParameterError, ParameterName};

/// A text that cannot name an image.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RefError {
    /// Characters that EC2 does not allow in names, or too short or long.
    #[error(
        "'{0}' cannot name an image; give an id (ami-0123456789abcdef0), a name (web-v3-2026-01-02), \
         a family (web), a version (web:v3), an alias (web:prod) or an SSM parameter (ssm:/golden/web)"
    )]
    Shape(String),
    /// The bare name of an SSM parameter.
    #[error("'{0}' looks like an SSM parameter, and names no image")]
    Bare(String),
    /// Not the name of an SSM parameter.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// Starts like an id and is none.
    #[error(transparent)]
    Id(#[from] super::ids::IdError),
    /// The part before or after the colon is wrong.
    #[error("in '{text}': {source}")]
    Part {
        /// The whole reference.
        text: String,
        /// The wrong part and its error.
        source: NameError,
    },
    /// The alias has characters that SSM does not allow.
    #[error("in '{0}': an alias is made of lower-case letters, digits and . _ -, e.g. 'web:prod'")]
    Alias(String),
}

impl RefError {
    /// The text to write instead, if it is clear.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Bare(path) => Some(format!("for the image that the parameter names, write {SSM}{path}")),
            Self::Shape(_) | Self::Parameter(_) | Self::Id(_) | Self::Part { .. } | Self::Alias(_) => None,
        }
    }
}

/// The prefix of the name of an SSM parameter.
const SSM: &str = "ssm:";

/// A reference to one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageRef {
    /// `ami-…`: this image, whatever its owner.
    Id(ImageId),
    /// The exact name of an own managed image.
    Name(ImageName),
    /// `web:latest`: the newest version that is available and neither deprecated nor revoked.
    Latest(FamilyWord),
    /// `web:v3`: that version.
    Version(Family, Version),
    /// `web:prod`: the image that the SSM parameter `/amictl/web/prod` names.
    Alias(Family, Alias),
    /// `ssm:/golden/web`: the image that this SSM parameter names, whatever its owner.
    Parameter(ParameterName),
    /// A word that may be a family or the exact name of an unmanaged image.
    Word(String),
}

/// The SSM parameter that a text names, if it names one. `ssm:prod` and `resolve:ssm` are aliases of families.
fn parameter(text: &str) -> Option<&str> {
    text.strip_prefix(BY_PARAMETER).or_else(|| text.strip_prefix(SSM).filter(|name| is_bare(name)))
}

/// Whether the text is a parameter even without a prefix.
fn is_bare(text: &str) -> bool {
    text.starts_with('/') || text.strip_prefix("arn:").is_some_and(|arn| arn.contains(":ssm:"))
}

impl FromStr for ImageRef {
    type Err = RefError;

    fn from_str(text: &str) -> Result<Self, RefError> {
        if let Some(parameter) = parameter(text) {
            return Ok(Self::Parameter(parameter.parse()?));
        }
        if is_bare(text) {
            return Err(RefError::Bare(text.to_owned()));
        }
        if let Some((family, selector)) = text.split_once(':') {
            let part = |source| RefError::Part { text: text.to_owned(), source };
            if selector == "latest" {
                return Ok(Self::Latest(family.parse().map_err(part)?));
            }
            let family: Family = family.parse().map_err(part)?;
            return match selector {
                v if is_version(v) => Ok(Self::Version(family, v.parse().map_err(part)?)),
                alias => {
                    let alias = alias.parse().map_err(|_| RefError::Alias(text.to_owned()))?;
                    Ok(Self::Alias(family, alias))
                }
            };
        }
        if text.strip_prefix("ami-").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Ok(Self::Id(text.parse()?));
        }
        if let Ok(name) = text.parse() {
            return Ok(Self::Name(name));
        }
        if !ec2_takes(text) {
            return Err(RefError::Shape(text.to_owned()));
        }
        Ok(Self::Word(text.to_owned()))
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => name.fmt(f),
            Self::Latest(family) => write!(f, "{family}:latest"),
            Self::Version(family, version) => write!(f, "{family}:{version}"),
            Self::Alias(family, alias) => write!(f, "{family}:{}", alias.as_str()),
            Self::Parameter(name) if is_bare(name.as_str()) => write!(f, "{SSM}{name}"),
            Self::Parameter(name) => write!(f, "{BY_PARAMETER}{name}"),
            Self::Word(word) => word.fmt(f),
        }
    }
}

/// The reason why a reference does not name exactly one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// Nothing matches.
    Nothing,
    /// The family has images, but none is available and neither deprecated nor revoked.
    NoneUsable(Vec<Image>),
    /// Two family patterns found families of this name: the patterns.
    SeveralFamilies(Vec<String>),
    /// More than one image matches.
    Several(Vec<Image>),
}

impl ImageRef {
    /// The word that may name a family that a pattern found.
    pub fn family_word(&self) -> Option<&str> {
        match self {
            Self::Latest(family) => Some(family.as_str()),
            Self::Word(word) => Some(word),
            Self::Id(_) | Self::Name(_) | Self::Version(..) | Self::Alias(..) | Self::Parameter(_) => None,
        }
    }

    /// Whether it can name an image where these are the family patterns: without any, families are amictl's own.
    pub fn check(&self, patterns: &FamilyPatterns) -> Result<(), RefError> {
        match self {
            Self::Latest(family) if patterns.is_empty() => {
                family.check().map_err(|source| RefError::Part { text: self.to_string(), source })
            }
            _ => Ok(()),
        }
    }

    /// Patterns for the names of matching images, with EC2's wildcards; none if names do not decide.
    pub fn name_patterns(&self) -> Vec<String> {
        match self {
            Self::Id(_) | Self::Alias(..) | Self::Parameter(_) => Vec::new(),
            Self::Name(name) => vec![name.to_string()],
            Self::Latest(family) => vec![format!("{family}-v*")],
            Self::Version(family, version) => vec![format!("{family}-{version}-*")],
            Self::Word(word) => vec![word.clone(), format!("{word}-v*")],
        }
    }

    /// Picks the one image this names out of `images`, the account's own in one region.
    ///
    /// Ids, aliases and parameters are not resolved here: EC2 and SSM answer for them.
    pub fn pick(&self, images: Vec<Image>, now: DateTime<Utc>) -> Result<Image, Unresolved> {
        self.pick_where(images, |image| image.usable(now))
    }

    /// As [`Self::pick`], but a revoked version is passed over only by a newer one: a second `revoke web` must not mark
    /// the version before, and `unrevoke web` must find the one that was marked.
    pub fn pick_revoked_too(&self, images: Vec<Image>, now: DateTime<Utc>) -> Result<Image, Unresolved> {
        self.pick_where(images, |image| image.usable(now) || only_revoked(image, now))
    }

    fn pick_where(&self, images: Vec<Image>, counts: impl Fn(&Image) -> bool) -> Result<Image, Unresolved> {
        match self {
            Self::Latest(family) => latest(family.as_str(), images, counts),
            Self::Word(word) => {
                let (exact, rest): (Vec<_>, Vec<_>) =
                    images.into_iter().partition(|image| image.name.as_deref() == Some(word));
                let newest = latest(word, rest, counts);
                match (exact.is_empty(), newest) {
                    (true, newest) => newest,
                    (false, Err(_)) => only(exact),
                    (false, Ok(newest)) => only(exact.into_iter().chain([newest]).collect()),
                }
            }
            Self::Id(id) => only(images.into_iter().filter(|i| i.id == *id).collect()),
            Self::Name(name) => only(images.into_iter().filter(|i| i.parsed_name.as_ref() == Some(name)).collect()),
            Self::Version(family, version) => {
                let named = |n: &ImageName| n.family() == family && n.version() == *version;
                only(images.into_iter().filter(|i| i.parsed_name.as_ref().is_some_and(named)).collect())
            }
            Self::Alias(..) | Self::Parameter(_) => Err(Unresolved::Nothing),
        }
    }
}

fn only(mut images: Vec<Image>) -> Result<Image, Unresolved> {
    match images.len() {
        0 => Err(Unresolved::Nothing),
        1 => Ok(images.swap_remove(0)),
        _ => Err(Unresolved::Several(images)),
    }
}

/// Whether only the mark keeps an image from being what its family means; `revoke --disable` disables it as well.
fn only_revoked(image: &Image, now: DateTime<Utc>) -> bool {
    image.revoked() && matches!(image.state, State::Available | State::Disabled) && !image.deprecated(now)
}

/// The newest image of a family that counts. Images that amictl named come before grouped ones.
fn latest(family: &str, images: Vec<Image>, counts: impl Fn(&Image) -> bool) -> Result<Image, Unresolved> {
    let members = members(family, images)?;
    let (usable, others): (Vec<_>, Vec<_>) = members.into_iter().partition(counts);
    match usable.into_iter().min_by(newest_first) {
        Some(image) => Ok(image),
        None if others.is_empty() => Err(Unresolved::Nothing),
        None => Err(Unresolved::NoneUsable(others)),
    }
}

/// The images of the family that a word names: amictl's own, else that of the one pattern that found such a family.
pub fn members(word: &str, images: Vec<Image>) -> Result<Vec<Image>, Unresolved> {
    let of_word = images.into_iter().filter(|image| image.family().is_some_and(|family| family.word == word));
    let (named, grouped): (Vec<_>, Vec<_>) = of_word.partition(|image| image.group.is_none());
    let patterns: BTreeSet<_> = grouped.iter().filter_map(|image| image.family()?.pattern).collect();
    match (named.is_empty(), patterns.len()) {
        (true, 2..) => Err(Unresolved::SeveralFamilies(patterns.into_iter().map(str::to_owned).collect())),
        (true, _) => Ok(grouped),
        (false, _) => Ok(named),
    }
}

/// The alias that an SSM parameter stands for: `prod` for `/amictl/web/prod` within the family `web`, `web:prod`
/// elsewhere. Other parameters keep their name.
pub fn alias_name(parameter: &str, family: Option<&str>) -> String {
    match parameter.strip_prefix(ROOT).and_then(|path| path.rsplit_once('/')) {
        Some((of, alias)) if family == Some(of) => alias.to_owned(),
        Some((of, alias)) => format!("{of}:{alias}"),
        None => parameter.to_owned(),
    }
}

/// At most three names similar to `wanted`, the closest first: for "did you mean".
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // Edit distance finds swapped and missing letters in short names, Jaro-Winkler a common beginning of long ones.
    let likeness =
        |name: &str| strsim::jaro_winkler(wanted, name).max(strsim::normalized_damerau_levenshtein(wanted, name));
    let mut close: Vec<(f64, &str)> =
        names.into_iter().map(|name| (likeness(name), name)).filter(|(like, _)| *like > 0.65).collect();
    close.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    close.dedup_by(|a, b| a.1 == b.1);
    close.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;
