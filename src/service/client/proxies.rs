//! Proxies from the environment, chosen as the AWS CLI does.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;

use anyhow::Result;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_types::base64;
use ipnet::IpNet;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::address::{Address, shown};
use crate::domain::failure::Failure;

/// The characters that must be encoded in any part of a URL.
const OF_URLS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Networks of the metadata services of instances and containers.
const NEXT_DOOR: [&str; 2] = ["169.254.0.0/16", "fd00:ec2::/32"];

/// The proxies of the environment.
#[derive(Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    except: Vec<String>,
}

/// A proxy, and the variable that names it.
#[derive(Clone)]
pub(super) struct Proxy {
    address: Address,
    variable: &'static str,
    config: ProxyConfig,
    /// The header `Proxy-Authorization` for requests that the proxy can read.
    pub(super) authorization: Option<String>,
}

/// The name in messages.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", self.address, self.variable)
    }
}

impl Proxies {
    /// Reads the variables; refuses an invalid proxy before it is needed.
    pub fn read(env: &HashMap<String, String>) -> Result<Self> {
        // In a CGI process a client could set HTTP_PROXY with its header `Proxy`, so the variable does not count.
        let upper = if env.contains_key("REQUEST_METHOD") { "" } else { "HTTP_PROXY" };
        let all = match set(env, "all_proxy", "ALL_PROXY") {
            // The AWS CLI does not read this variable, and other programs use it for SOCKS proxies.
            Some(("ALL_PROXY" | "all_proxy", value)) if value.to_ascii_lowercase().starts_with("socks") => None,
            other => other,
        };
        let one = |lower, upper| set(env, lower, upper).or(all).map(|(name, value)| Proxy::read(name, value));
        Ok(Self {
            http: one("http_proxy", upper).transpose()?,
            https: one("https_proxy", "HTTPS_PROXY").transpose()?,
            except: set(env, "no_proxy", "NO_PROXY").map(|(_, list)| entries(list)).unwrap_or_default(),
        })
    }

    /// The proxy for an address, if there is one. The metadata services of instances and containers are never behind
    /// one: a proxy would return the keys of another machine.
    pub(super) fn before(&self, address: &Address) -> Option<&Proxy> {
        if NEXT_DOOR.iter().any(|network| is_excepted(address, network)) {
            return None;
        }
        let proxy = if address.https { &self.https } else { &self.http };
        proxy.as_ref().filter(|_| !self.except.iter().any(|entry| is_excepted(address, entry)))
    }
}

/// The lower-case variable takes precedence, even if empty, which disables the proxy.
fn set<'a>(
    env: &'a HashMap<String, String>,
    lower: &'static str,
    upper: &'static str,
) -> Option<(&'static str, &'a str)> {
    let name = if env.contains_key(lower) { lower } else { upper };
    env.get(name).map(|value| (name, value.trim())).filter(|(_, value)| !value.is_empty())
}

fn entries(list: &str) -> Vec<String> {
    let each = list.split(',').map(|entry| entry.trim().to_ascii_lowercase());
    each.filter(|entry| !entry.is_empty()).collect()
}

/// Whether an entry of NO_PROXY matches an address: `*`, an IP address, a network, or the end of a name, with or
/// without a port.
fn is_excepted(address: &Address, entry: &str) -> bool {
    let host = address.host.to_ascii_lowercase();
    if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>()
        && (entry.parse() == Ok(ip) || entry.parse::<IpNet>().is_ok_and(|network| network.contains(&ip)))
    {
        return true;
    }
    let end = entry.strip_prefix('*').unwrap_or(entry);
    let bare = end.strip_prefix('.').unwrap_or(end);
    let with_port = format!("{host}:{}", address.port);
    entry == "*" || [host, with_port].iter().any(|name| name.ends_with(end) || name == bare)
}

impl Proxy {
    fn read(variable: &'static str, value: &str) -> Result<Self> {
        let wrong = |why: &str| {
            Failure::usage(format!("{variable}: '{}' is no URL of a proxy: {why}", shown(value)))
                .hint("give it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or unset it")
        };
        let url = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
        let address: Address = url.parse().map_err(wrong)?;
        let place = format!("{}://{address}", if address.https { "https" } else { "http" });
        let config = ProxyConfig::all(place.as_str()).map_err(|_| wrong("it names no host"))?;
        let Some(user) = &address.user else { return Ok(Self { address, variable, config, authorization: None }) };
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        let (name, password) = (decoded(name), decoded(password));
        let secret = [&name[..], b":", &password[..]].concat();
        // The SDK parses them again, and accepts only characters of a URL.
        let config = config.with_basic_auth(encoded(&name), encoded(&password));
        let authorization = Some(format!("Basic {}", base64::encode(secret)));
        Ok(Self { address, variable, config, authorization })
    }

    /// The SDK's configuration of the proxy.
    pub(super) fn config(&self) -> ProxyConfig {
        self.config.clone()
    }
}

/// Decodes `%41` and the like.
fn decoded(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

fn encoded(bytes: &[u8]) -> String {
    percent_encode(bytes, OF_URLS).to_string()
}

#[cfg(test)]
#[path = "proxies_tests.rs"]
mod tests;
