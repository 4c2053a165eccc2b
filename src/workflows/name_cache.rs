//! The cache of names that listings leave behind for completions, one small file a region.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::domain::alias_list::ListedAlias;
use crate::domain::ci_tags::is_ci;
use crate::domain::image::Image;
use crate::domain::known_names::{KnownNames, MOST_BYTES};
use crate::domain::region::Region;
use crate::service::session::settings::Settings;
use crate::workflows::run::context::Context;
use crate::workflows::run::private_file;
use crate::workflows::run::replace_file::{Readers, replace};

/// The most files that are read for one completion.
const MOST_FILES: usize = 64;

/// The cache of one profile, its roles and its endpoint.
pub struct NameCache {
    folder: PathBuf,
}

impl NameCache {
    /// The cache for these settings; `None` where there is no home, in CI, and with `AMICTL_NO_CACHE`.
    pub fn of(settings: &Settings) -> Option<Self> {
        let set = |name: &str| settings.env.get(name).map(String::as_str).filter(|value| !value.is_empty());
        if is_ci(set) || set("AMICTL_NO_CACHE").is_some() {
            return None;
        }
        let absolute = |path: &&str| Path::new(path).is_absolute();
        let home = || Some(Path::new(set("HOME").filter(absolute)?).join(".cache"));
        let base = set("XDG_CACHE_HOME").filter(absolute).map(PathBuf::from).or_else(home)?;
        Some(Self { folder: base.join("amictl").join("names").join(whose(settings)) })
    }

    /// The names in these regions, or in all of which there are names.
    pub fn names(&self, regions: Option<&[Region]>) -> KnownNames {
        let files = match regions {
            Some(regions) => regions.iter().map(|region| self.file(region)).collect(),
            None => self.files(),
        };
        let mut known = KnownNames::default();
        files.iter().take(MOST_FILES).for_each(|file| known.merge(read(file)));
        known
    }

    /// Changes the names of a region. Nobody asked for the file, so nobody is told where it cannot be written.
    pub fn update(&self, region: &Region, change: impl FnOnce(KnownNames) -> KnownNames) {
        let file = self.file(region);
        let before = read(&file);
        let after = change(before.clone());
        if before != after {
            let _ = private_file::folder(&self.folder)
                .and_then(|()| replace(&file, after.text().as_bytes(), Readers::Owner));
        }
    }

    fn file(&self, region: &Region) -> PathBuf {
        self.folder.join(format!("{region}.json"))
    }

    fn files(&self) -> Vec<PathBuf> {
        let found = std::fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        found.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
    }
}

/// The cache that a run leaves behind: nobody completes words where a platform starts the runs.
fn of_run(context: &Context) -> Option<NameCache> {
    if context.delivered { None } else { NameCache::of(&context.settings) }
}

/// Remembers the families of all own images of these regions. A REF finds those of the configuration's patterns.
pub fn remember_families<'a>(context: &Context, regions: &BTreeSet<Region>, images: impl Iterator<Item = &'a Image>) {
    let Some(cache) = of_run(context) else { return };
    let mut families: BTreeMap<&Region, BTreeSet<Cow<'a, str>>> = BTreeMap::new();
    for image in images {
        let named = image.parsed_name.as_ref().map(|name| Cow::Borrowed(name.family().as_str()));
        let group = || context.families.group(image.name.as_deref()?);
        let family = named.or_else(|| group().map(|group| Cow::Owned(group.family().word.to_owned())));
        families.entry(&image.region).or_default().extend(family);
    }
    for region in regions {
        let families = families.remove(region).unwrap_or_default();
        cache.update(region, |known| known.with_families(families.iter().map(AsRef::as_ref)));
    }
}

/// Remembers the aliases of these regions, which were all read.
pub fn remember_aliases(context: &Context, regions: &BTreeSet<Region>, aliases: &[ListedAlias]) {
    let Some(cache) = of_run(context) else { return };
    for region in regions {
        let here = aliases.iter().filter(|alias| alias.region == *region);
        cache.update(region, |known| known.with_aliases(here.map(|alias| alias.alias.to_string())));
    }
}

/// Reads a file of names; nothing where there is none, or something else.
fn read(file: &Path) -> KnownNames {
    // To open a pipe would wait for a writer.
    let opened = file.is_file().then(|| File::open(file).ok()).flatten();
    let mut text = Vec::new();
    let read = opened.map(|opened| opened.take(MOST_BYTES as u64 + 1).read_to_end(&mut text));
    if matches!(read, Some(Ok(_))) { KnownNames::read(&text) } else { KnownNames::default() }
}

/// A name for what the names depend on, which tells nobody what that is.
fn whose(settings: &Settings) -> String {
    let set = |name: &str| settings.env.get(name).filter(|value| !value.is_empty()).cloned();
    let endpoint = settings.endpoint_url.as_ref().map(ToString::to_string);
    let endpoint = endpoint.or_else(|| set("AWS_ENDPOINT_URL_EC2")).or_else(|| set("AWS_ENDPOINT_URL"));
    let profile = settings.profile.clone().or_else(|| set("AWS_PROFILE"));
    let mut parts = vec![profile.unwrap_or_else(|| "default".to_owned()), endpoint.unwrap_or_default()];
    parts.extend(settings.org_role.iter().map(ToString::to_string));
    parts.extend(settings.role_arns.iter().map(ToString::to_string));
    let digest = Sha256::digest(parts.join("\n").as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
