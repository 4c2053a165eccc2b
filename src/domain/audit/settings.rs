//! The table `[audit]` of the configuration file.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::limits::AuditLimits;
use super::skip::Skip;
use crate::domain::age::Age;
use crate::domain::permissions::principal::Principal;
use crate::domain::tags::Tag;

/// The table `[audit]`; an unknown key is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditSettings {
    #[serde(deserialize_with = "each")]
    allow_accounts: Option<Vec<Principal>>,
    #[serde(deserialize_with = "keys")]
    required_tags: Option<Vec<String>>,
    #[serde(deserialize_with = "one")]
    max_age: Option<Age>,
    #[serde(deserialize_with = "one")]
    rebuild_age: Option<Age>,
    #[serde(deserialize_with = "one")]
    critical_fix: Option<Age>,
    #[serde(deserialize_with = "least_one")]
    behind_versions: Option<u64>,
    /// Findings that do not count.
    pub skip: Vec<Skip>,
}

impl AuditSettings {
    /// The limits, with those of the command line: who images may be shared with beside those of the file.
    pub fn limits(&self, allow_accounts: &[Principal]) -> AuditLimits {
        let usual = AuditLimits::default();
        let given = !allow_accounts.is_empty() || self.allow_accounts.is_some();
        let allowed = || allow_accounts.iter().chain(self.allow_accounts.iter().flatten()).cloned();
        AuditLimits {
            allow_accounts: given.then(|| BTreeSet::from_iter(allowed())),
            required_tags: self.required_tags.clone().unwrap_or(usual.required_tags),
            max_age: self.max_age.unwrap_or(usual.max_age),
            rebuild_age: self.rebuild_age.unwrap_or(usual.rebuild_age),
            critical_fix: self.critical_fix.unwrap_or(usual.critical_fix),
            behind_versions: self.behind_versions.unwrap_or(usual.behind_versions),
        }
    }
}

fn one<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(input: D) -> Result<Option<T>, D::Error> {
    String::deserialize(input)?.parse().map(Some).map_err(serde::de::Error::custom)
}

fn each<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(input: D) -> Result<Option<Vec<T>>, D::Error> {
    let texts = Vec::<String>::deserialize(input)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect::<Result<_, _>>().map(Some)
}

fn least_one<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u64>, D::Error> {
    match u64::try_from(i64::deserialize(input)?) {
        Ok(number @ 1..) => Ok(Some(number)),
        Ok(0) | Err(_) => Err(serde::de::Error::custom("it must be 1 or more")),
    }
}

/// Keys of tags, as EC2 takes them.
fn keys<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Vec<String>>, D::Error> {
    let keys = Vec::<String>::deserialize(input)?;
    keys.iter().try_for_each(|key| Tag::new(key, "").map(drop)).map_err(serde::de::Error::custom)?;
    Ok(Some(keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AuditSettings, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_is_read() {
        let text = "allow_accounts = ['111122223333']\nrequired_tags = ['Team']\nmax_age = '30d'\nrebuild_age = '2w'\n\
                    critical_fix = '1d'\nbehind_versions = 5\n\
                    skip = [{ rule = 'public-image', resource = 'ami-01234567', reason = 'meant', until = '2026-12-31' },\n\
                    { rule = 'name-pattern', resource = 'x', reason = 'old', until = 2026-12-31 }]\n";
        let settings = read(text).unwrap();
        let limits = settings.limits(&["444455556666".parse().unwrap()]);
        assert_eq!(limits.allow_accounts.map(|all| all.len()), Some(2));
        assert_eq!((limits.required_tags, limits.behind_versions), (vec!["Team".to_owned()], 5));
        assert_eq!((limits.max_age, limits.critical_fix), (Age::days(30), Age::days(1)));
        assert_eq!(settings.skip.len(), 2);
        assert_eq!(settings.skip[0].until, settings.skip[1].until);
        assert_eq!(AuditSettings::default().limits(&[]), AuditLimits::default());
    }

    #[test]
    fn an_error_names_the_line() {
        for text in [
            "\nmax_aged = '1d'",
            "max_age = 'soon'",
            "allow_accounts = ['1']",
            "behind_versions = 0",
            "behind_versions = -1",
            "required_tags = ['Owner', '']",
            "required_tags = ['aws:team']",
            "required_tags = 'Owner'",
            "\nskip = [{ rule = 'public-image', resource = 'ami-01234567' }]",
            "\nskip = [{ rule = 'public-image', resource = 'ami-01234567', reason = ' ' }]",
            "\nskip = [{ rule = 'public', resource = 'ami-01234567', reason = 'meant' }]",
            "skip = [{ rule = 'public-image', resource = 'a', reason = 'b', until = '2026-02-30' }]",
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains("line"), "{text}: {error}");
        }
        assert!(read("behind_versions = -1").unwrap_err().contains("1 or more"));
        let unknown = read("skip = [{ rule = 'public', resource = 'a', reason = 'b' }]").unwrap_err();
        assert!(unknown.contains("public-image"), "{unknown}");
    }
}
