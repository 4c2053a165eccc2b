//! The settings in the profile of AWS's files, read without credentials and without a call.

use anyhow::Result;

use aws_config::{BehaviorVersion, Region};

use super::aws_files::AwsFiles;
use super::endpoints;
use super::settings::Settings;

/// The settings of the profile in use.
pub struct ProfileSettings {
    /// Its name.
    pub profile: String,
    /// Its region, or that of its source profile.
    pub region: Option<String>,
    /// The endpoint that the SDK takes for EC2 from the environment, the profile, or its section of services.
    pub endpoint_url: Option<String>,
    /// Its retry mode.
    pub retry_mode: Option<String>,
}

impl ProfileSettings {
    /// Reads them from AWS's files.
    pub async fn read(settings: &Settings) -> Result<Self> {
        let files = AwsFiles::read(settings).await?;
        let text = |key: &str| files.get(key).map(str::to_owned);
        Ok(Self {
            profile: files.profiles.selected_profile().to_owned(),
            region: files.region().await?.map(|region| region.to_string()),
            endpoint_url: endpoint(&files).await,
            retry_mode: text("retry_mode"),
        })
    }
}

/// Asks the SDK, which knows what is ignored and what is nearer. Nothing is called: region and credentials are given.
async fn endpoint(files: &AwsFiles) -> Option<String> {
    let loader = aws_config::defaults(BehaviorVersion::latest()).no_credentials().profile_files(files.sources());
    let profile = files.profiles.selected_profile();
    let loader = loader.region(Region::from_static("us-east-1")).profile_name(profile);
    endpoints::configured(&loader.load().await, "EC2")
}
