//! The file of defaults for the global options.

use std::collections::HashMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Result;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::domain::age::Age;
use crate::domain::audit::AuditSettings;
use crate::domain::bare_error;
use crate::domain::failure::Failure;
use crate::domain::family::FamilyPatterns;
use crate::domain::region::RegionChoice;
use crate::domain::roles::{ExternalId, RoleArn, RoleName};
use crate::domain::toml_text;
use crate::output::printer::{ColorChoice, FormatChoice};

/// The keys of the file; an unknown key is an error.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// Where the file is, or would be.
    #[serde(skip)]
    pub place: Option<PathBuf>,
    /// Its text, if there is one.
    #[serde(skip)]
    pub text: Option<String>,
    pub profile: Option<String>,
    #[serde(deserialize_with = "each")]
    pub region: Vec<RegionChoice>,
    #[serde(deserialize_with = "each")]
    pub role_arn: Vec<RoleArn>,
    #[serde(deserialize_with = "one")]
    pub org_role: Option<RoleName>,
    #[serde(deserialize_with = "one")]
    pub external_id: Option<ExternalId>,
    pub endpoint_url: Option<String>,
    #[serde(deserialize_with = "choice")]
    pub output: Option<FormatChoice>,
    #[serde(deserialize_with = "choice")]
    pub color: Option<ColorChoice>,
    #[serde(deserialize_with = "one")]
    pub timeout: Option<Age>,
    pub max_attempts: Option<u32>,
    pub family_patterns: FamilyPatterns,
    pub audit: AuditSettings,
}

fn choice<'de, D: Deserializer<'de>, T: clap::ValueEnum>(input: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(input)?;
    T::from_str(&text, false).map(Some).map_err(|_| {
        let known: Vec<_> = T::value_variants().iter().filter_map(|v| v.to_possible_value()).collect();
        let names: Vec<_> = known.iter().filter(|v| !v.is_hide_set()).map(|v| v.get_name()).collect();
        D::Error::custom(format!("'{text}' must be one of {}", names.join(", ")))
    })
}

fn one<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(input: D) -> Result<Option<T>, D::Error> {
    String::deserialize(input)?.parse().map(Some).map_err(D::Error::custom)
}

fn each<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(input: D) -> Result<Vec<T>, D::Error> {
    Vec::<String>::deserialize(input)?.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

impl Defaults {
    /// Reads the given file, or the default one if it exists. If `contained`, no error quotes it.
    pub fn read(asked: Option<&Path>, env: &HashMap<String, String>, contained: bool) -> Result<Self> {
        let Some(path) = place(asked, env) else { return Ok(Self::default()) };
        let text = match std::fs::read_to_string(&path) {
            Err(error) if asked.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { place: Some(path), ..Self::default() });
            }
            other => other.map_err(|error| wrong(&path, &error.to_string()))?,
        };
        let told = |error| if contained { bare_error::of_toml::<Self>(&text) } else { error };
        let read = Self::parse(&text).map_err(|error| wrong(&path, &told(error)))?;
        Ok(Self { place: Some(path), text: Some(text), ..read })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let defaults: Self = toml_text::read(text)?;
        let of_one = defaults.output.and_then(FormatChoice::of_one_command);
        match (defaults.max_attempts, of_one) {
            (Some(0 | 101..), _) => Err("max_attempts must be between 1 and 100".to_owned()),
            (_, Some((command, format))) => {
                Err(format!("output = '{format}' would hold for every command, and only '{command}' writes it"))
            }
            _ => Ok(defaults),
        }
    }
}

fn wrong(path: &Path, why: &str) -> Failure {
    let hint = "docs/reference/configuration.md lists its keys; --config (AMICTL_CONFIG) names another file";
    Failure::usage(format!("configuration {}: {why}", path.display())).hint(hint)
}

/// The file that is read if it exists: the one asked for, else the default one.
fn place(asked: Option<&Path>, env: &HashMap<String, String>) -> Option<PathBuf> {
    asked.map(Path::to_owned).or_else(|| usual(env))
}

fn usual(env: &HashMap<String, String>) -> Option<PathBuf> {
    let set = |name: &str| env.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base =
        set("XDG_CONFIG_HOME").filter(|path| path.is_absolute()).or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(base.join("amictl").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_read() {
        let text = "profile = 'ops'\nregion = ['us-east-1', 'all']\nendpoint_url = 'http://x'\n\
                    role_arn = ['arn:aws:iam::111122223333:role/x']\norg_role = 'a/b'\nexternal_id = 'c1'\n\
                    output = 'json'\ncolor = 'never'\ntimeout = '30m'\nmax_attempts = 5\n\
                    family_patterns = ['(?<family>.+)-\\d+']\n";
        let read = Defaults::parse(text).unwrap();
        assert_eq!(read.region.len(), 2);
        assert_eq!((read.output, read.color), (Some(FormatChoice::Json), Some(ColorChoice::Never)));
        assert_eq!(read.timeout.unwrap().duration().as_secs(), 1800);
        assert!(!read.family_patterns.is_empty());
        assert_eq!((read.role_arn.len(), read.org_role.is_some(), read.external_id.is_some()), (1, true, true));
    }

    #[test]
    fn an_error_names_the_line() {
        for text in [
            "a = 1",
            "\nouput = 'json'",
            "output = 'yaml'",
            "timeout = '30x'",
            "region = ['nowhere']",
            "role_arn = ['arn:aws:iam::1:role/x']",
            "org_role = 'a b'",
            "external_id = 'c'",
            "family_patterns = ['(?<family>.+']",
            "family_patterns = ['.+']",
            "family_patterns = ['(?<family>.+)', '(?<family>.+)']",
            "x =",
        ] {
            let error = Defaults::parse(text).unwrap_err();
            assert!(error.contains("line"), "{text}: {error}");
        }
        assert!(Defaults::parse("max_attempts = 0").is_err());
        assert!(Defaults::parse("output = 'dot'").unwrap_err().contains("only 'lineage' writes it"));
    }
    proptest::proptest! {
        #[test]
        fn no_text_panics(
            text in proptest::arbitrary::any::<String>(),
            key in "(profile|region|endpoint_url|role_arn|org_role|external_id|output|color|timeout|max_attempts|family_patterns|x)",
            value in "(-?[0-9]{1,20}|'[a-z0-9%:/-]{0,9}'|\\['[a-z0-9:-]{0,9}'\\]|\\{\\}|true)",
        ) {
            for text in [text, format!("{key} = {value}")] {
                if let Err(error) = Defaults::parse(&text) {
                    proptest::prop_assert!(!error.is_empty());
                }
            }
        }
    }
}
