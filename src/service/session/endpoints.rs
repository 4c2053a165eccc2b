//! Checks of the endpoints that the environment and the profile set, per service.

use anyhow::Result;
use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::settings::Settings;
use crate::domain::failure::Failure;
use crate::service::client::address::Endpoint;

const VARIABLE: &str = "AWS_ENDPOINT_URL";
/// The services, as the SDK and their environment variables name them.
const SERVICES: [&str; 9] = ["EC2", "STS", "SSM", "KMS", "Auto Scaling", "rbin", "Organizations", "SSO", "SSO OIDC"];

/// Refuses an endpoint that is not a URL: the SDK ends the process over some, and sends requests to the wrong place for
/// others.
pub(super) fn check(settings: &Settings, config: &SdkConfig) -> Result<()> {
    for service in SERVICES {
        let Some(url) = configured(config, service) else { continue };
        if let Err(why) = url.parse::<Endpoint>() {
            let own = format!("{VARIABLE}_{}", service.to_uppercase().replace(' ', "_"));
            let is_from = |name: &str| settings.env.get(name) == Some(&url);
            let source = [own.as_str(), VARIABLE].into_iter().find(|name| is_from(name));
            let source = source.map_or_else(|| format!("endpoint_url of {service} in the profile"), str::to_owned);
            return Err(Failure::usage(format!("{source}: {why}")).hint(Endpoint::HINT).into());
        }
    }
    Ok(())
}

/// The endpoint of a service in the environment and the profile.
pub(super) fn configured(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service).env(VARIABLE).profile("endpoint_url").build();
    config.service_config()?.load_config(key.ok()?)
}
