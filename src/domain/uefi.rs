//! The variables of a UEFI firmware, as RegisterImage takes them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// EC2's limit, in characters of base64.
pub const LONGEST: usize = 64_000;

/// The non-volatile UEFI variables, in base64. They may hold secrets, so nothing prints them.
#[derive(Clone, PartialEq, Eq)]
pub struct UefiData(String);

/// The reason why a text is not such data, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UefiError {
    /// An empty text.
    #[error("it is empty")]
    Empty,
    /// A text longer than EC2 accepts.
    #[error("it has more than {LONGEST} characters of base64, and EC2 takes no more")]
    TooLong,
    /// A text that is not base64.
    #[error("it is not base64")]
    NotBase64,
}

impl UefiData {
    /// The base64 as EC2 takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UefiData {
    type Err = UefiError;

    /// Drops line ends and blanks: files have them, and EC2 accepts none.
    fn from_str(text: &str) -> Result<Self, UefiError> {
        let data: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let digits = data.trim_end_matches('=');
        let plain = digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
        match data.len() {
            0 => Err(UefiError::Empty),
            length if length > LONGEST => Err(UefiError::TooLong),
            length if !plain || length % 4 != 0 || length - digits.len() > 2 => Err(UefiError::NotBase64),
            _ => Ok(Self(data)),
        }
    }
}

impl fmt::Debug for UefiData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UefiData of {} characters", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, UefiError> {
        text.parse().map(|data: UefiData| data.as_str().to_owned())
    }

    #[test]
    fn what_ec2_would_refuse_is_refused() {
        for (text, why) in [
            ("", UefiError::Empty),
            (" \n", UefiError::Empty),
            ("QU1aTlVFRkk", UefiError::NotBase64),
            ("QU1aTlVFR===", UefiError::NotBase64),
            ("QU=aTlVFRkk=", UefiError::NotBase64),
            ("secret key!!", UefiError::NotBase64),
            ("QU1aTlVFRki\u{e9}", UefiError::NotBase64),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error, why, "{text}");
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
        assert_eq!(read("QU1a\nTlVF\r\nRkk=\n").as_deref(), Ok("QU1aTlVFRkk="));
    }

    #[test]
    fn the_limit_is_that_of_ec2() {
        assert!(read(&"A".repeat(LONGEST)).is_ok());
        assert_eq!(read(&"A".repeat(LONGEST + 4)), Err(UefiError::TooLong));
    }

    #[test]
    fn nothing_shows_what_is_in_it() {
        let data: UefiData = "QU1aTlVFRkk=".parse().unwrap();
        assert_eq!(format!("{data:?}"), "UefiData of 12 characters");
    }
}
