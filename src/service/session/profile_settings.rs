//! The settings in the profile of AWS's files, read without credentials and without a call.

use anyhow::Result;

use super::aws_files::AwsFiles;
use super::settings::Settings;

/// The settings of the profile in use.
pub struct ProfileSettings {
    /// Its name.
    pub profile: String,
    /// Its region, or that of its source profile.
    pub region: Option<String>,
    /// Its endpoint for every service.
    pub endpoint_url: Option<String>,
    /// Its retry mode.
    pub retry_mode: Option<String>,
}

impl ProfileSettings {
    /// Reads them from AWS's files.
    pub async fn read(settings: &Settings) -> Result<Self> {
        let files = AwsFiles::read(settings).await?;
        let ignored = settings.env.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value == "true");
        let text = |key: &str| files.get(key).map(str::to_owned);
        Ok(Self {
            profile: files.profiles.selected_profile().to_owned(),
            region: files.region().await?.map(|region| region.to_string()),
            endpoint_url: text("endpoint_url").filter(|_| !ignored),
            retry_mode: text("retry_mode"),
        })
    }
}
