//! Launch templates of a place, with the image field and the snapshots of each version.

use std::collections::{BTreeSet, HashMap};

use super::template_versions::{self, Listed, TemplateVersion, WantedTemplate};
use crate::domain::launch_image::LaunchImage;
use crate::domain::problem::Problem;
use crate::service::client::target::Target;

/// All templates of one account and region.
pub(super) struct Templates {
    pub(super) count: usize,
    pub(super) versions: Vec<TemplateVersion>,
    /// Default and latest version number, by id and by name.
    numbers: HashMap<String, (i64, i64)>,
    /// The index of a version, by the id or name of its template and its number.
    places: HashMap<(String, i64), usize>,
}

/// The result of looking up a referenced version.
pub(super) enum Seen<'a> {
    /// It exists.
    Version(&'a TemplateVersion),
    /// The listing has no such template or version, which may have been created since.
    No,
    /// No such version can exist.
    NoVersion,
}

impl Templates {
    /// Reads all of them.
    pub(super) async fn read(target: &Target) -> Result<Self, Problem> {
        let (listed, versions) = template_versions::all(target).await.map_err(|e| e.problem())?;
        Ok(Self::new(&listed, versions.iter().map(TemplateVersion::new).collect()))
    }

    fn new(listed: &[Listed], versions: Vec<TemplateVersion>) -> Self {
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

    /// Whether a launch without a number, or with `$Latest`, uses the version.
    pub(super) fn is_current(&self, version: &TemplateVersion) -> bool {
        let known = self.numbers.get(&version.id);
        known.is_some_and(|(default, latest)| [default, latest].contains(&&version.number))
    }

    /// Looks up a referenced version.
    pub(super) fn version(&self, wanted: &WantedTemplate) -> Seen<'_> {
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
