//! Addresses of endpoints and proxies, parsed from URLs.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// The maximum length of an endpoint's URL: a host and at most a short path.
const LONGEST: usize = 2048;
/// DNS's limit for a host name.
const LONGEST_HOST: usize = 253;
/// The number of characters of a wrong setting that messages show.
const SHOWN: usize = 80;

/// The address of a server.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Whether it uses TLS.
    pub(super) https: bool,
    /// The part before the `@`, as written.
    pub(super) user: Option<String>,
    /// Name or IP address, IPv6 in brackets.
    pub(super) host: String,
    /// The port, even if it is the default one.
    pub(super) port: u16,
}

impl Address {
    /// The address of a request, whose path may be long.
    pub(super) fn of(url: &str) -> Option<Self> {
        let begin = url.find("://")? + 3;
        let end = url[begin..].find(['/', '?', '#']).map_or(url.len(), |at| begin + at);
        url[..end].parse().ok()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST {
            return Err("it is too long");
        }
        if !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err("it has blanks or other characters that stand in no URL");
        }
        let scheme = "it begins with neither http:// nor https://";
        let (name, rest) = text.split_once("://").ok_or(scheme)?;
        let https = match name.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(scheme),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, authority),
        };
        let after_brackets = place.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match place[after_brackets..].find(':').map(|at| after_brackets + at) {
            Some(colon) => {
                let port = place[colon + 1..].parse().ok().filter(|port| *port > 0);
                (&place[..colon], port.ok_or("its port is no number from 1 to 65535")?)
            }
            None => (place, if https { 443 } else { 80 }),
        };
        match is_host(host) {
            true => Ok(Self { https, user, host: host.to_owned(), port }),
            false => Err("it names no host"),
        }
    }
}

fn is_host(text: &str) -> bool {
    if let Some(address) = text.strip_prefix('[') {
        return address.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    (1..=LONGEST_HOST).contains(&text.len()) && text.chars().all(fits)
}

/// The URL of an endpoint used instead of AWS's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// The hint for a text that is not such a URL.
    pub const HINT: &str = "give a URL such as http://localhost:5000, or nothing for AWS's own endpoints";
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why: &str| format!("'{}' is no URL of an endpoint: {why}", shown(text));
        let address: Address = text.parse().map_err(wrong)?;
        if address.user.is_some() {
            return Err(wrong("it names a user"));
        }
        match text.contains(['?', '#']) {
            true => Err(wrong("it ends in a query")),
            false => Ok(Self(text.to_owned())),
        }
    }
}

/// The URL of an endpoint for people: one that is refused is shown as in the message about it.
pub fn shown_endpoint(text: &str) -> String {
    text.parse::<Endpoint>().map_or_else(|_| shown(text), |endpoint| endpoint.to_string())
}

/// A wrong setting for messages: shortened, and without a password.
pub fn shown(text: &str) -> String {
    let open = match text.rsplit_once('@') {
        Some((before, after)) => {
            let scheme = before.find("://").map_or("", |at| &before[..at + 3]);
            format!("{scheme}…@{after}")
        }
        None => text.to_owned(),
    };
    let mut characters = open.chars();
    let begin: String = characters.by_ref().take(SHOWN).flat_map(char::escape_debug).collect();
    if characters.next().is_none() { begin } else { format!("{begin}…") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url_of_a_server_and_nothing_else_is() {
        for good in [
            "http://localhost",
            "https://ec2.us-east-1.amazonaws.com",
            "HTTP://127.0.0.1:5000/",
            "http://[::1]:5000/path",
            "http://my_host:65535",
        ] {
            assert_eq!(good.parse::<Endpoint>().unwrap().to_string(), good);
        }
        let long = format!("http://{}", "x".repeat(100_000));
        for bad in [
            "",
            " ",
            "localhost",
            "localhost:5000",
            "ftp://x",
            "http://",
            "http:///x",
            "http://a b",
            "http://x:0",
            "http://x:65536",
            "http://x:",
            "http://x:port",
            "http://[::1",
            "http://[x]",
            "http://u:p@x",
            "http://x?y",
            "http://x#y",
            "http://ü",
            "http://x\n",
            &long,
        ] {
            let error = bad.parse::<Endpoint>().unwrap_err();
            assert!(error.contains("is no URL of an endpoint: ") && error.len() < 300, "{error}");
        }
    }

    #[test]
    fn an_address_has_its_port_also_where_it_is_the_usual_one() {
        let read = |text: &str| text.parse::<Address>().ok().map(|address| (address.to_string(), address.user));
        assert_eq!(read("http://x"), Some(("x:80".to_owned(), None)));
        assert_eq!(read("https://[::1]/y:z"), Some(("[::1]:443".to_owned(), None)));
        assert_eq!(read("http://a:b@c:d@x:3128"), Some(("x:3128".to_owned(), Some("a:b@c:d".to_owned()))));
    }

    #[test]
    fn a_setting_is_shown_short_and_without_a_password() {
        assert_eq!(shown("http://me:secret@x:1"), "http://…@x:1");
        assert_eq!(shown("me:secret@x"), "…@x");
        assert_eq!(shown("a\n\u{1b}b"), "a\\n\\u{1b}b");
        assert_eq!(shown(&"é".repeat(100)).chars().count(), SHOWN + 1);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(https?://)?[a-z@:\\[\\]/?#. é%0-9-]{0,30}") {
            let _ = (text.parse::<Address>().is_ok(), text.parse::<Endpoint>().is_ok(), shown(&text));
        }
    }
}
