//! The HTTP client of the process: regions and accounts share its connections and trusted roots.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ec2::config::SharedAsyncSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::retry::ErrorKind;

use super::address::Address;
use super::connections::Turns;
use super::proxies::{Proxies, Proxy};

const AUTHORIZATION: &str = "proxy-authorization";

/// The key of a connector: connect timeout, read timeout and proxy.
type Kind = (Option<Duration>, Option<Duration>, Option<String>);

/// The network settings: trusted roots, proxies and permits for calls.
#[derive(Default)]
pub struct Network {
    /// Trusted roots, if not those of the system.
    pub(super) trust: Option<TlsContext>,
    pub(super) proxies: Proxies,
    turns: Turns,
    made: Mutex<Vec<(Kind, SharedHttpConnector)>>,
}

impl Network {
    pub fn new(trust: Option<TlsContext>, proxies: Proxies) -> Self {
        Self { trust, proxies, turns: Turns::default(), made: Mutex::default() }
    }

    /// Builds the client. It creates each kind of connector once, while the SDK would create one per client.
    pub fn client(self) -> SharedHttpClient {
        SharedHttpClient::new(Shared(Arc::new(self)))
    }
}

/// The destination and signing time of a request, for messages about its answer.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// Host and port, and the proxy in between.
    pub(super) place: String,
    /// The time of this machine in the request.
    pub(super) signed: Option<String>,
}

/// The error for a server that did not answer.
#[derive(Debug)]
pub(super) struct Unreached {
    place: String,
    why: BoxError,
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer from {}", self.place)
    }
}

impl Error for Unreached {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.why.as_ref())
    }
}

struct Shared(Arc<Network>);

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl HttpClient for Shared {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let (settings, sleep) = (settings.clone(), components.sleep_impl());
        SharedHttpConnector::new(Routed { network: Arc::clone(&self.0), settings, sleep })
    }
}

/// Sends each request directly or through its proxy.
struct Routed {
    network: Arc<Network>,
    settings: HttpConnectorSettings,
    sleep: Option<SharedAsyncSleep>,
}

impl fmt::Debug for Routed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routed").finish_non_exhaustive()
    }
}

impl Routed {
    fn connector(&self, proxy: Option<&Proxy>) -> SharedHttpConnector {
        let timeouts = (self.settings.connect_timeout(), self.settings.read_timeout());
        let kind = (timeouts.0, timeouts.1, proxy.map(ToString::to_string));
        let mut made = self.network.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = made.iter().find(|(of, _)| *of == kind) {
            return connector.clone();
        }
        let through = proxy.map_or_else(ProxyConfig::disabled, Proxy::config);
        let mut builder = Connector::builder().connector_settings(self.settings.clone()).proxy_config(through);
        builder.set_sleep_impl(self.sleep.clone());
        let mut builder = builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        if let Some(trust) = &self.network.trust {
            builder = builder.tls_context(trust.clone());
        }
        let connector = self.network.turns.with(SharedHttpConnector::new(builder.build()));
        made.push((kind, connector.clone()));
        connector
    }
}

impl HttpConnector for Routed {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let address = Address::of(request.uri());
        let proxy = address.as_ref().and_then(|address| self.network.proxies.before(address));
        let place = match (&address, proxy) {
            (Some(address), None) => address.to_string(),
            (Some(address), Some(proxy)) => format!("{address} through {proxy}"),
            (None, _) => "the endpoint".to_owned(),
        };
        // In a tunnel the connector authenticates to the proxy; the header would reach the server.
        let open = address.is_some_and(|address| !address.https);
        if let Some(secret) = proxy.and_then(|proxy| proxy.authorization.clone()).filter(|_| open) {
            request.headers_mut().insert(AUTHORIZATION, secret);
        }
        let signed = request.headers().get("x-amz-date").map(str::to_owned);
        let answer = self.connector(proxy).call(request);
        HttpConnectorFuture::new(async move {
            match answer.await {
                Ok(mut answer) => {
                    answer.add_extension(Sent { place, signed });
                    Ok(answer)
                }
                Err(error) => Err(named(error, place)),
            }
        })
    }
}

/// Adds the address to an error and keeps its kind, which decides about retries.
fn named(error: ConnectorError, place: String) -> ConnectorError {
    let (timeout, user, io) = (error.is_timeout(), error.is_user(), error.is_io());
    let kind: Option<ErrorKind> = error.as_other();
    let why = Box::new(Unreached { place, why: error.into_source() });
    match (timeout, user, io) {
        (true, ..) => ConnectorError::timeout(why),
        (_, true, _) => ConnectorError::user(why),
        (.., true) => ConnectorError::io(why),
        _ => ConnectorError::other(why, kind),
    }
}
