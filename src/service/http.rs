//! The one HTTPS client of the process: connections and trusted roots are shared by all regions and accounts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::connections::Turns;

/// Connect and read timeout: what tells one connector from another.
type Timeouts = (Option<Duration>, Option<Duration>);

/// Makes a connector for each set of timeouts once, where the SDK would make one for each client.
#[derive(Debug, Default)]
struct Shared {
    turns: Turns,
    connectors: Mutex<Vec<(Timeouts, SharedHttpConnector)>>,
}

/// The client, with the proxies of the environment.
pub(super) fn client() -> SharedHttpClient {
    SharedHttpClient::new(Shared::default())
}

impl HttpClient for Shared {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let timeouts = (settings.connect_timeout(), settings.read_timeout());
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = connectors.iter().find(|(of, _)| *of == timeouts) {
            return connector.clone();
        }
        let mut builder =
            Connector::builder().connector_settings(settings.clone()).proxy_config(ProxyConfig::from_env());
        builder.set_sleep_impl(components.sleep_impl());
        let connector = builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build();
        let connector = self.turns.with(SharedHttpConnector::new(connector));
        connectors.push((timeouts, connector.clone()));
        connector
    }
}
