//! `amictl config show`: each setting, its value, and where it comes from.

use anyhow::Result;
use clap::ValueEnum;

use crate::domain::settings::{Setting, SettingSource};
use crate::output;
use crate::service::client::address::shown_endpoint;
use crate::service::session::profile_settings::ProfileSettings;
use crate::workflows::run::context::Context;

const EXAMPLES: &str = "\
Examples:
  amictl config show
  amictl config show --profile ops -o json
  amictl config show --query \"settings[?name=='region'].value\"";

/// The variables with the endpoint of EC2, the nearer one first.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"];

/// Show each setting, its value, and where it comes from
///
/// Reads the command line, the environment, the configuration file of amictl, and the profile in the files of AWS; calls
/// nothing of AWS, and needs no credentials. Shows no keys; of an external ID only that it is set.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to do
    #[arg(value_name = "ACTION", value_enum)]
    action: Action,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Action {
    /// Show the settings
    Show,
}

pub async fn run(context: &Context, args: &Args) -> Result<()> {
    match args.action {
        Action::Show => show(context).await,
    }
}

/// Prints the settings. What is wrong with the files of AWS is an error after all that is known without them.
async fn show(context: &Context) -> Result<()> {
    let read = ProfileSettings::read(&context.settings).await;
    let mut settings = context.origins.clone();
    if let Ok(found) = &read {
        for setting in &mut settings {
            setting.or_of_profile("region", found.region.clone(), &found.profile);
            if setting.name == "endpoint_url" && context.settings.endpoint_url.is_none() {
                endpoint(context, setting, found);
            }
            setting.or_of_profile("aws_retry_mode", found.retry_mode.clone(), &found.profile);
        }
    }
    output::settings(&context.printer, &settings)?;
    read.map(drop)
}

/// The endpoint of EC2 that neither an option nor the configuration file names.
fn endpoint(context: &Context, setting: &mut Setting, found: &ProfileSettings) {
    let url = found.endpoint_url.as_deref();
    let variable = ENDPOINTS.into_iter().find(|name| url.is_some() && context.env(name) == url);
    (setting.source, setting.detail) = match (url, variable) {
        (None, _) => (SettingSource::Default, None),
        (Some(_), Some(variable)) => (SettingSource::Environment, Some(variable.to_owned())),
        (Some(_), None) => (SettingSource::AwsProfile, Some(found.profile.clone())),
    };
    setting.value = url.map(shown_endpoint);
}
