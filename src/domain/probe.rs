//! Probes of a boot test: what an instance must answer before its image counts as good.

use std::fmt;
use std::str::FromStr;

const HTTP_PORT: u16 = 80;
const OK: u16 = 200;

/// Something that is asked of a booted instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// A GET request and the status of its answer.
    Http(HttpProbe),
    /// A connection to a port.
    Tcp(u16),
    /// A command that SSM runs on the instance, and its exit code 0.
    Ssm(String),
}

/// `PATH[:PORT][=STATUS]`: a GET request over plain HTTP, and the status that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpProbe {
    /// The path, with its query.
    pub path: String,
    /// The port.
    pub port: u16,
    /// The wanted status.
    pub status: u16,
}

/// A probe that was not answered as wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// How far it came.
    pub reach: Reach,
    /// What happened.
    pub why: String,
}

/// How far a probe came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// No sign of the machine: the network does not lead there, or something drops what is sent.
    Nowhere,
    /// The machine refuses: it is there, and nothing listens on the port.
    Machine,
    /// Something listens on the port.
    Port,
}

impl Probe {
    /// The probe of `--http PATH[:PORT][=STATUS]`.
    pub fn http(text: &str) -> Result<Self, String> {
        text.parse().map(Self::Http)
    }

    /// The probe of `--tcp PORT`.
    pub fn tcp(text: &str) -> Result<Self, String> {
        port(text).map(Self::Tcp)
    }

    /// The probe of `--ssm COMMAND`.
    pub fn ssm(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => Err("there is no command in it".to_owned()),
            _ => Ok(Self::Ssm(text.to_owned())),
        }
    }

    /// What is asked, as the option takes it.
    pub fn what(&self) -> String {
        match self {
            Self::Http(probe) => probe.to_string(),
            Self::Tcp(port) => port.to_string(),
            Self::Ssm(command) => command.clone(),
        }
    }
}

fn port(text: &str) -> Result<u16, String> {
    let known = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    known.filter(|port| *port > 0).ok_or_else(|| format!("'{text}' is not a port: give a number from 1 to 65535"))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Cuts a number off the end, if there is one after `mark`.
fn cut(text: &str, mark: char) -> Option<(&str, &str)> {
    text.rsplit_once(mark).filter(|(_, number)| is_number(number))
}

impl FromStr for HttpProbe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("'{text}' is not PATH[:PORT][=STATUS], e.g. /health:8080=204: {why}"));
        if !text.starts_with('/') {
            return wrong("the path begins with /");
        }
        if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic() || "#\"<>\\^`{|}".contains(*c)) {
            return wrong(&format!("{} must be percent-encoded", bad.escape_debug()));
        }
        let (rest, status) = match cut(text, '=') {
            Some((rest, status)) if status.len() == 3 => match status.parse() {
                Ok(status @ 100..=599) => (rest, Some(status)),
                _ => return wrong("a status is a number from 100 to 599"),
            },
            Some((path, _)) if !path.contains('?') => return wrong("a status has three digits"),
            _ => (text, None),
        };
        // `/x?wait=200`: the value of the query, or the status?
        let last = rest.split_once('?').map(|(_, query)| query.rsplit('&').next().unwrap_or_default());
        if status.is_some() && last.is_some_and(|last| !last.contains('=') && !last.contains(':')) {
            return wrong("say also the status after a query that ends like this, e.g. /x?wait=200=200");
        }
        let (path, port) = match cut(rest, ':') {
            Some((path, number)) => (path, port(number)?),
            None => (rest, HTTP_PORT),
        };
        if status.is_none() && !path.contains('?') && cut(path, '=').is_some() {
            return wrong("the status stands after the port");
        }
        Ok(Self { path: path.to_owned(), port, status: status.unwrap_or(OK) })
    }
}

/// Defaults are left out where the rest is still read as it is meant.
impl fmt::Display for HttpProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = format!("{}:{}={}", self.path, self.port, self.status);
        let port = if self.port == HTTP_PORT { String::new() } else { format!(":{}", self.port) };
        let status = if self.status == OK { String::new() } else { format!("={}", self.status) };
        let short = format!("{}{port}{status}", self.path);
        match short.parse::<Self>().is_ok_and(|read| read == *self) {
            true => f.write_str(&short),
            false => f.write_str(&whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn http(text: &str) -> Result<(String, u16, u16), String> {
        text.parse::<HttpProbe>().map(|probe| (probe.path, probe.port, probe.status))
    }

    #[test]
    fn a_path_may_have_a_port_and_a_status() {
        for (text, path, port, status) in [
            ("/", "/", 80, 200),
            ("/health", "/health", 80, 200),
            ("/health:8080", "/health", 8080, 200),
            ("/health=204", "/health", 80, 204),
            ("/health:8080=204", "/health", 8080, 204),
            ("/a:b", "/a:b", 80, 200),
            ("/v1.0;x=y/z", "/v1.0;x=y/z", 80, 200),
            ("/x?wait=1", "/x?wait=1", 80, 200),
            ("/x?wait=1:8080", "/x?wait=1", 8080, 200),
            ("/x?wait=200=200", "/x?wait=200", 80, 200),
            ("/x?wait=5000", "/x?wait=5000", 80, 200),
            ("/x?a=b&c:8080=204", "/x?a=b&c", 8080, 204),
            ("/x%3A80", "/x%3A80", 80, 200),
        ] {
            assert_eq!(http(text), Ok((path.to_owned(), port, status)), "{text}");
        }
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        for (text, why) in [
            ("", "begins with /"),
            ("health", "begins with /"),
            ("http://localhost/", "begins with /"),
            (":8080/health", "begins with /"),
            ("=200", "begins with /"),
            ("/a b", "percent-encoded"),
            ("/a#b", "percent-encoded"),
            ("/ä", "percent-encoded"),
            ("/a\r\nHost: x", "percent-encoded"),
            ("/x:0", "not a port"),
            ("/x:65536", "not a port"),
            ("/x:99999999999999999999", "not a port"),
            ("/x=20", "three digits"),
            ("/x=2000", "three digits"),
            ("/x=600", "100 to 599"),
            ("/x=099", "100 to 599"),
            ("/x=204:8080", "after the port"),
            ("/x?wait=200", "say also the status"),
            ("/x?a=1&wait=200", "say also the status"),
        ] {
            let error = http(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn ports_and_commands_are_checked() {
        assert_eq!(Probe::tcp("22"), Ok(Probe::Tcp(22)));
        assert_eq!(Probe::tcp("65535"), Ok(Probe::Tcp(65535)));
        for bad in ["", "0", "-1", "+22", "65536", "ssh", "22 "] {
            assert!(Probe::tcp(bad).is_err(), "{bad}");
        }
        assert_eq!(Probe::ssm("systemctl is-active nginx").map(|p| p.what()), Ok("systemctl is-active nginx".into()));
        assert!(Probe::ssm(" \n").is_err());
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_as_the_same(path in "/[a-z0-9:=?&./-]{0,12}", port in 1..=u16::MAX, status in 100_u16..600) {
            let probe = HttpProbe { path, port, status };
            prop_assert_eq!(probe.to_string().parse::<HttpProbe>(), Ok(probe));
        }

        #[test]
        fn no_text_ends_the_reading(text in "/.{0,20}") {
            if let Ok(probe) = text.parse::<HttpProbe>() {
                prop_assert_eq!(probe.to_string().parse::<HttpProbe>(), Ok(probe));
            }
        }
    }
}
