//! Launch templates: their names, their volumes, and the Auto Scaling groups that use them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::image::Image;
use super::problem::Problem;

/// A text that names no launch template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TemplateNameError {
    /// Characters or a length that EC2 does not take.
    #[error("a template name has 3 to 128 letters, digits and ( ) . - / _")]
    Name,
    /// The id of a template: EC2 would take it as the name of another one.
    #[error("give the template's name, not its id")]
    Id,
    /// A version that is neither a number nor one of EC2's words.
    #[error("the version must be a number, latest or default, e.g. web:3")]
    Version,
}

/// The name of a launch template, unique in its account and region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TemplateName(String);

impl TemplateName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TemplateName {
    type Err = TemplateNameError;

    fn from_str(text: &str) -> Result<Self, TemplateNameError> {
        let takes = |c: char| c.is_ascii_alphanumeric() || "().-/_".contains(c);
        if text.strip_prefix("lt-").is_some_and(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit())) {
            return Err(TemplateNameError::Id);
        }
        match (3..=128).contains(&text.len()) && text.chars().all(takes) {
            true => Ok(Self(text.to_owned())),
            false => Err(TemplateNameError::Name),
        }
    }
}

impl fmt::Display for TemplateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A launch template, by name, with the version to use: `web`, `web:3`, `web:latest`, `web:default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRef {
    /// Its name.
    pub name: TemplateName,
    /// A number, `$Latest` or `$Default`, as EC2 takes it; the template's default when `None`.
    pub version: Option<String>,
}

impl FromStr for TemplateRef {
    type Err = TemplateNameError;

    fn from_str(text: &str) -> Result<Self, TemplateNameError> {
        let (name, version) = match text.split_once(':') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let version = match version {
            None | Some("$Latest" | "$Default") => version.map(str::to_owned),
            Some("latest") => Some("$Latest".to_owned()),
            Some("default") => Some("$Default".to_owned()),
            Some(n) if n.parse::<u32>().is_ok_and(|n| n > 0) => Some(n.to_owned()),
            Some(_) => return Err(TemplateNameError::Version),
        };
        Ok(Self { name: name.parse()?, version })
    }
}

impl fmt::Display for TemplateRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}:{}", self.name, version.trim_start_matches('$').to_lowercase()),
            None => self.name.fmt(f),
        }
    }
}

/// The version of a launch template that an Auto Scaling group launches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupVersion {
    /// The newest, from the moment that it is made.
    Latest,
    /// The default one, whichever that is.
    Default,
    /// That number, whatever becomes of the template.
    Pinned(String),
}

impl GroupVersion {
    /// Reads Auto Scaling's text; without one a group launches the default version.
    pub fn read(text: Option<&str>) -> Self {
        match text.map(str::trim) {
            None | Some("" | "$Default") => Self::Default,
            Some("$Latest") => Self::Latest,
            Some(number) => Self::Pinned(number.to_owned()),
        }
    }

    /// The version as Auto Scaling writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Latest => "$Latest",
            Self::Default => "$Default",
            Self::Pinned(number) => number,
        }
    }

    /// Whether the group takes another version by itself.
    pub fn follows(&self) -> bool {
        match self {
            Self::Latest | Self::Default => true,
            Self::Pinned(_) => false,
        }
    }
}

/// An Auto Scaling group that uses a launch template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateGroup {
    /// Its name.
    pub name: String,
    /// The version that it launches.
    pub version: GroupVersion,
}

/// The Auto Scaling groups that use a launch template, or why they are not known.
pub type TemplateGroups = Result<Vec<TemplateGroup>, Problem>;

/// A volume that a version of a launch template names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MappedVolume {
    /// The device, e.g. `/dev/xvda`.
    pub device: String,
    /// The snapshot that it is made from; the image's own when `None`.
    pub snapshot: Option<String>,
    /// Its size in GiB, if the template says one.
    pub size_gib: Option<i64>,
    /// Whether it is a volume of EBS: not one of the instance's own, and not left out.
    pub ebs: bool,
}

/// The snapshots that a version with another image keeps, one answer for each volume: all but those that belong to the
/// image before, which the new image brings itself. An error says why no instance could be launched so.
///
/// A version made from another one has no snapshots, unless they are named again.
pub fn kept_snapshots(volumes: &[MappedVolume], before: Option<&Image>, image: &Image) -> Result<Vec<bool>, String> {
    let brings = |volume: &MappedVolume| image.snapshots.iter().find(|snapshot| snapshot.device == volume.device);
    let blank = |volume: &MappedVolume| image.blank_volumes.iter().any(|blank| blank.device == volume.device);
    let keep = |volume: &MappedVolume| {
        let device = &volume.device;
        let kept = match &volume.snapshot {
            None => false,
            Some(id) => match before {
                Some(before) => !before.snapshots.iter().any(|snapshot| snapshot.id.as_str() == id),
                None if brings(volume).is_none() && !blank(volume) => true,
                None => {
                    return Err(format!(
                        "it makes {device} from {id}, and whether that snapshot belongs to the image before is unknown, as \
                         that image cannot be seen"
                    ));
                }
            },
        };
        if kept || !volume.ebs {
            return Ok(kept);
        }
        match (brings(volume), volume.size_gib) {
            (Some(snapshot), Some(size)) if size < snapshot.size_gib => Err(format!(
                "it gives {device} {size} GiB, and the snapshot of {} needs {}",
                image.label(),
                snapshot.size_gib
            )),
            (None, None) if volume.snapshot.is_some() && !blank(volume) => {
                Err(format!("it names {device} without a size, and {} has no such volume", image.label()))
            }
            _ => Ok(false),
        }
    };
    volumes.iter().map(keep).collect()
}

#[cfg(test)]
#[path = "launch_template_tests.rs"]
mod tests;
