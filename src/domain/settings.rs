//! A setting of amictl with its value, and where that comes from.

use serde::Serialize;

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name: the key in the configuration file, where there is one.
    pub name: String,
    /// Its value; `None` if it has none.
    pub value: Option<String>,
    /// The kind of place that the value comes from.
    pub source: SettingSource,
    /// The option, the variable, the file with its line, or the profile.
    pub detail: Option<String>,
}

/// Kinds of places that values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingSource {
    /// An option.
    CommandLine,
    /// A variable of the environment.
    Environment,
    /// The configuration file of amictl.
    File,
    /// The profile in the files of AWS.
    AwsProfile,
    /// Nobody set it.
    Default,
}

impl SettingSource {
    /// The word for it, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CommandLine => "command-line",
            Self::Environment => "environment",
            Self::File => "file",
            Self::AwsProfile => "aws-profile",
            Self::Default => "default",
        }
    }

    /// The words for people.
    pub fn shown(self) -> &'static str {
        match self {
            Self::CommandLine => "command line",
            Self::Environment => "environment",
            Self::File => "file",
            Self::AwsProfile => "AWS profile",
            Self::Default => "default",
        }
    }
}

impl Setting {
    /// Takes the value of a profile, if nobody has set one nearer.
    pub fn or_of_profile(&mut self, name: &str, value: Option<String>, profile: &str) {
        if self.name == name && self.source == SettingSource::Default && value.is_some() {
            (self.value, self.source, self.detail) = (value, SettingSource::AwsProfile, Some(profile.to_owned()));
        }
    }
}
