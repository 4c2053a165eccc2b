//! Launch templates of a place, with the image field and the snapshots of each version.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_ec2::types::LaunchTemplateVersion;

use super::template_versions::{self, Listed};
use crate::domain::launch_image::LaunchImage;
use crate::domain::problem::Problem;
use crate::service::client::target::Target;

/// One version of a template.
#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) number: i64,
    /// The text of its image field, if set.
    pub(super) image: Option<String>,
    /// The texts of the snapshot fields of its volumes.
    pub(super) snapshots: Vec<String>,
}

/// All templates of one account and region.
pub(super) struct Templates {
    pub(super) count: usize,
    pub(super) versions: Vec<Version>,
    /// Default and latest version number, by id and by name.
    numbers: HashMap<String, (i64, i64)>,
    /// The index of a version, by the id or name of its template and its number.
    places: HashMap<(String, i64), usize>,
}

/// A reference to a template version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    /// Its id or its name.
    pub(super) template: String,
    /// Whether `template` is an id.
    pub(super) by_id: bool,
    /// A number, `$Default` or `$Latest`; the default when absent.
    version: Option<String>,
}

/// The result of looking up a referenced version.
pub(super) enum Seen<'a> {
    /// It exists.
    Version(&'a Version),
    /// The listing has no such template or version, which may have been created since.
    No,
    /// No such version can exist.
    NoVersion,
}

impl Wanted {
    /// A reference by id or by name; `None` if both are missing.
    pub(super) fn new(id: Option<&str>, name: Option<&str>, version: Option<&str>) -> Option<Self> {
        let id = id.filter(|text| !text.is_empty());
        let template = id.or(name.filter(|text| !text.is_empty()))?.to_owned();
        let version = version.filter(|text| !text.is_empty());
        Some(Self { template, by_id: id.is_some(), version: version.map(str::to_owned) })
    }

    /// The version, as EC2 accepts it.
    pub(super) fn version(&self) -> &str {
        self.version.as_deref().unwrap_or("$Default")
    }
}

impl Templates {
    /// Reads all of them.
    pub(super) async fn read(target: &Target) -> Result<Self, Problem> {
        let (listed, versions) = template_versions::all(target).await.map_err(|e| e.problem())?;
        Ok(Self::new(&listed, versions.iter().map(Version::new).collect()))
    }

    fn new(listed: &[Listed], versions: Vec<Version>) -> Self {
        let mut numbers = HashMap::new();
        for template in listed {
            for key in [&template.id, &template.name] {
                numbers.insert(key.clone(), (template.default, template.latest));
            }
        }
        let mut places = HashMap::new();
        for (place, version) in versions.iter().enumerate() {
            for key in [&version.id, &version.name] {
                places.insert((key.clone(), version.number), place);
            }
        }
        Self { count: listed.len(), versions, numbers, places }
    }

    /// The names of all SSM parameters in image fields.
    pub(super) fn parameters(&self) -> BTreeSet<String> {
        let texts = self.versions.iter().filter_map(|version| version.image.as_deref());
        let names = texts.filter_map(|text| match LaunchImage::of(text) {
            LaunchImage::Parameter(name) => Some(name.to_owned()),
            LaunchImage::Ids(_) | LaunchImage::Dead(_) | LaunchImage::Unknown => None,
        });
        names.collect()
    }

    /// Looks up a referenced version.
    pub(super) fn version(&self, wanted: &Wanted) -> Seen<'_> {
        let known = self.numbers.get(&wanted.template);
        let number = match wanted.version() {
            "$Default" => known.map(|(default, _)| *default),
            "$Latest" => known.map(|(_, latest)| *latest),
            text => match text.trim().parse() {
                Ok(number) => Some(number),
                Err(_) => return Seen::NoVersion,
            },
        };
        let place = number.and_then(|number| self.places.get(&(wanted.template.clone(), number)));
        place.map_or(Seen::No, |place| Seen::Version(&self.versions[*place]))
    }
}

impl Version {
    pub(super) fn new(found: &LaunchTemplateVersion) -> Self {
        let name = found.launch_template_name().unwrap_or_default().to_owned();
        let id = found.launch_template_id().map_or_else(|| name.clone(), str::to_owned);
        let data = found.launch_template_data();
        let image = data.and_then(|data| data.image_id()).filter(|text| !text.is_empty());
        let volumes = data.into_iter().flat_map(|data| data.block_device_mappings());
        let snapshots = volumes.filter_map(|volume| volume.ebs()?.snapshot_id()).map(str::to_owned).collect();
        Self {
            id,
            name,
            number: found.version_number().unwrap_or_default(),
            image: image.map(str::to_owned),
            snapshots,
        }
    }
}
