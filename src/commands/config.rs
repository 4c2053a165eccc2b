//! `amictl config show`: each setting, its value, and where it comes from.

use anyhow::Result;
use clap::ValueEnum;

use crate::output;
use crate::service::session::profile_settings::ProfileSettings;
use crate::workflows::run::context::Context;

const EXAMPLES: &str = "\
Examples:
  amictl config show
  amictl config show --profile ops -o json
  amictl config show --query \"settings[?name=='region'].value\"";

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
            setting.or_of_profile("endpoint_url", found.endpoint_url.clone(), &found.profile);
            setting.or_of_profile("aws_retry_mode", found.retry_mode.clone(), &found.profile);
        }
    }
    output::settings(&context.printer, &settings)?;
    read.map(drop)
}
