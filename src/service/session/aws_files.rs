//! The AWS configuration files, without empty settings.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::{Profile, ProfileFileRegionProvider, ProfileSet};

use super::settings::Settings;
use crate::domain::failure::{Failure, Kind};
use crate::domain::region::Region;
use crate::domain::text::BYTE_ORDER_MARK;
use crate::service::client::error::causes;

#[expect(deprecated, reason = "the builders of the SDK take this type, and give it no newer name")]
use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};

const COMMENT: [char; 2] = ['#', ';'];

/// The files for the SDK, and their profiles.
pub struct AwsFiles {
    #[expect(deprecated, reason = "see above")]
    sources: ProfileFiles,
    /// The profiles; none if the files cannot be read and nothing depends on them.
    pub(super) profiles: ProfileSet,
    /// The profile selected by option or variable.
    pub(super) asked: Option<String>,
}

impl AwsFiles {
    /// Reads the files that the environment names, or the default ones. Their errors do not matter if the environment
    /// has keys that need no profile. But a profile that they do not have is an error then, too, as in the AWS CLI: the
    /// keys may be those of another account.
    pub(super) async fn read(settings: &Settings) -> Result<Self> {
        let set = |name: &str| settings.env.get(name).filter(|value| !value.is_empty());
        let asked = settings.profile.clone().or_else(|| set("AWS_PROFILE").cloned());
        let keys = settings.profile.is_none() && set("AWS_ACCESS_KEY_ID").is_some();
        let paths = [path(&settings.env, "AWS_CONFIG_FILE", "config"), path(&settings.env, SECRETS, "credentials")];
        let sources = sources(&paths, true);
        let unreadable = paths.iter().flatten().find_map(|path| text(path).err());
        let known = match profiles(&sources, asked.as_deref()).await {
            Ok(profiles) if unreadable.is_none() => Some(profiles),
            _ if keys => None,
            // Parses the original file for the error, as that names it.
            other => {
                let error = match (unreadable, other.err()) {
                    (None, Some(error)) => profiles_error(&paths, asked.as_deref()).await.unwrap_or(error),
                    (unreadable, error) => unreadable.or(error).unwrap_or_default(),
                };
                let hint = "correct the file; AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name the files";
                return Err(Failure::usage(format!("the AWS configuration: {error}")).hint(hint).into());
            }
        };
        let lacks = |name: &str| known.as_ref().is_some_and(|profiles| profiles.get_profile(name).is_none());
        if let Some(name) = asked.as_deref().filter(|name| lacks(name)) {
            let read: Vec<_> = paths.iter().flatten().map(|path| path.display().to_string()).collect();
            let files = if read.is_empty() { "any file, as HOME is not set".to_owned() } else { read.join(" or ") };
            let message = format!("profile `{name}` was not defined in {files}");
            let hint = "list the profiles with: aws configure list-profiles";
            return Err(Failure::new(Kind::Failed, crate::service::client::error::codes::CREDENTIALS, message)
                .hint(hint)
                .into());
        }
        Ok(Self { sources, profiles: known.unwrap_or_default(), asked })
    }

    /// The sources that the SDK reads instead of the files.
    #[expect(deprecated, reason = "see above")]
    pub(super) fn sources(&self) -> ProfileFiles {
        self.sources.clone()
    }

    /// A setting of the profile in use.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.profiles.get(key)
    }

    /// The profile in use.
    pub(super) fn profile(&self) -> Option<&Profile> {
        self.profiles.get_profile(self.profiles.selected_profile())
    }

    /// The region of the profile, or of its source profile.
    pub(super) async fn region(&self) -> Result<Option<Region>> {
        let name = self.profiles.selected_profile().to_owned();
        let provider = ProfileFileRegionProvider::builder().profile_files(self.sources()).profile_name(&name).build();
        let Some(region) = provider.region().await else { return Ok(None) };
        let read = region.as_ref().parse();
        let wrong = |error| Failure::usage(format!("region in the profile {name}: {error}"));
        let hint = "give --region, or correct the profile";
        Ok(Some(read.map_err(|error| wrong(error).hint(hint))?))
    }
}

const SECRETS: &str = "AWS_SHARED_CREDENTIALS_FILE";

fn path(env: &HashMap<String, String>, variable: &str, usual: &str) -> Option<PathBuf> {
    match env.get(variable).filter(|value| !value.is_empty()) {
        Some(path) => Some(below_home(env, path)),
        None => Some(home(env)?.join(".aws").join(usual)),
    }
}

fn home(env: &HashMap<String, String>) -> Option<PathBuf> {
    let set = |name: &str| env.get(name).filter(|value| !value.is_empty());
    set("HOME").or_else(|| set("USERPROFILE")).map(PathBuf::from)
}

/// A path as a user writes it: `~/` is the home directory.
pub(super) fn below_home(env: &HashMap<String, String>, path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), home(env)) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

#[expect(deprecated, reason = "see above")]
fn sources(paths: &[Option<PathBuf>; 2], cleaned: bool) -> ProfileFiles {
    let mut builder = ProfileFiles::builder();
    for (kind, path) in [ProfileFileKind::Config, ProfileFileKind::Credentials].into_iter().zip(paths) {
        builder = match path.as_deref().and_then(|path| Some((path, text(path).ok().flatten()?))) {
            Some((path, text)) => match (without_empty(&text), text.strip_prefix(BYTE_ORDER_MARK)) {
                (Some(clean), _) if cleaned => builder.with_contents(kind, clean.replace(BYTE_ORDER_MARK, "")),
                (_, Some(text)) => builder.with_contents(kind, text),
                _ => builder.with_file(kind, path),
            },
            None => builder.with_contents(kind, ""),
        };
    }
    builder.build()
}

/// The text of a file. One that cannot be opened counts as missing, as in the SDK; one that is not text is an error.
fn text(path: &Path) -> Result<Option<String>, String> {
    let Ok(bytes) = std::fs::read(path) else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|_| format!("{} is not text in UTF-8", path.display()))
}

#[expect(deprecated, reason = "see above")]
async fn profiles(sources: &ProfileFiles, name: Option<&str>) -> Result<ProfileSet, String> {
    let (fs, env) = (&Default::default(), &Default::default());
    let name = name.map(|name| name.to_owned().into());
    aws_config::profile::load(fs, env, sources, name).await.map_err(|error| causes(&error).replace('\n', " "))
}

async fn profiles_error(paths: &[Option<PathBuf>; 2], name: Option<&str>) -> Option<String> {
    profiles(&sources(paths, false), name).await.err()
}

/// The text without `key =` lines that have neither a value nor nested settings; line numbers stay. `None` if there are
/// no such lines.
fn without_empty(text: &str) -> Option<String> {
    let (mut lines, mut below, mut changed): (Vec<&str>, bool, bool) = (text.lines().collect(), false, false);
    for line in lines.iter_mut().rev() {
        let inner = line.starts_with([' ', '\t']);
        if line.trim().is_empty() || line.starts_with(COMMENT) {
            continue;
        }
        if says_nothing(line) && (inner || !below) {
            (*line, changed) = ("", true);
        } else {
            below = inner;
        }
    }
    changed.then(|| lines.join("\n"))
}

fn says_nothing(line: &str) -> bool {
    let value = line.split_once('=').map(|(key, value)| (key.trim(), value));
    value.is_some_and(|(key, value)| {
        let comment = value.trim_start().starts_with(COMMENT) && value.starts_with([' ', '\t']);
        !key.is_empty() && !key.starts_with('[') && (value.trim().is_empty() || comment)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_is_set_to_nothing_is_none() {
        let text = "[default]\nendpoint_url =\nregion = x\nca_bundle = # none\ns3 =\n  max = 5\nec2 =\n  endpoint_url =\n\
                    [services a]\nec2 =\n  endpoint_url = \n  x = y\nkms =\n";
        let clean = "[default]\n\nregion = x\n\ns3 =\n  max = 5\n\n\n\
                     [services a]\nec2 =\n\n  x = y\n";
        assert_eq!(without_empty(text).as_deref(), Some(clean));
        for whole in ["", "[default]\nregion = x\n", "[a=]\n", "x\n= y\n", "a=b#\ns3 =\n  x = y#z\n"] {
            assert_eq!(without_empty(whole), None, "{whole}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_line_stays_where_it_was(text in "(\\[a\\]\n|a =\n|  b =\n|c = d\n|  e = f\n|# x\n|\n){0,12}") {
            if let Some(clean) = without_empty(&text) {
                for (line, was) in clean.lines().zip(text.lines()) {
                    proptest::prop_assert!(line == was || (line.is_empty() && says_nothing(was)));
                }
            }
        }
    }
}
