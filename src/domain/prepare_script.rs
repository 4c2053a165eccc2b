//! The script of `create --prepare`: a file as it is sent to the instance.

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::text::BYTE_ORDER_MARK;

/// The largest script, in bytes.
pub const LARGEST: usize = 64 * 1024;

/// A script to be run on an instance before an image is made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrepareScript {
    /// The name of its file.
    pub name: String,
    text: String,
}

/// A file that is no script.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScriptError {
    /// Nothing but blanks.
    #[error("it is empty")]
    Empty,
    /// Over 64 KB.
    #[error("it has more than {LARGEST} bytes")]
    TooLarge,
    /// Not UTF-8, or with a NUL character.
    #[error("it is not UTF-8 text: save it as UTF-8")]
    NotText,
    /// A byte order mark, which no shell knows.
    #[error("it begins with a byte order mark: save it as UTF-8 without one")]
    ByteOrderMark,
    /// Lines of a Unix script that end as on Windows: its interpreter would not be found.
    #[error("it begins with #!, but its lines end with carriage returns: convert it with dos2unix")]
    CarriageReturns,
}

impl PrepareScript {
    /// A script with these contents.
    pub fn new(name: &str, contents: Vec<u8>) -> Result<Self, ScriptError> {
        if contents.len() > LARGEST {
            return Err(ScriptError::TooLarge);
        }
        let text = String::from_utf8(contents).map_err(|_| ScriptError::NotText)?;
        match text.trim() {
            "" => Err(ScriptError::Empty),
            _ if text.contains('\0') => Err(ScriptError::NotText),
            _ if text.starts_with(BYTE_ORDER_MARK) => Err(ScriptError::ByteOrderMark),
            _ if text.starts_with("#!") && text.contains('\r') => Err(ScriptError::CarriageReturns),
            _ => Ok(Self { name: name.to_owned(), text }),
        }
    }

    /// Its lines, as SSM takes them; the agent joins them by line feeds.
    pub fn lines(&self) -> Vec<String> {
        let text = self.text.strip_suffix('\n').unwrap_or(&self.text);
        text.split('\n').map(str::to_owned).collect()
    }

    /// The SHA-256 digest of the file, as `sha256sum` prints it.
    pub fn digest(&self) -> String {
        Sha256::digest(&self.text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a line ends as on Windows: a Unix shell takes the carriage return for a part of it.
    pub fn has_carriage_returns(&self) -> bool {
        self.text.contains("\r\n")
    }

    /// Its name, size and digest.
    pub fn label(&self) -> String {
        format!("{} ({} bytes, SHA-256 {})", self.name, self.text.len(), self.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_sent_line_by_line_as_it_is() {
        let script = PrepareScript::new("a.sh", b"#!/bin/sh\n\techo \"a\"  \n\nexit 0\n".to_vec()).unwrap();
        assert_eq!(script.lines(), ["#!/bin/sh", "\techo \"a\"  ", "", "exit 0"]);
        assert_eq!(PrepareScript::new("a", b"true".to_vec()).unwrap().lines(), ["true"]);
    }

    #[test]
    fn the_digest_is_that_of_sha256sum() {
        let script = PrepareScript::new("a.sh", b"abc".to_vec()).unwrap();
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(script.label(), format!("a.sh (3 bytes, SHA-256 {digest})"));
    }

    #[test]
    fn a_file_that_is_no_script_is_refused() {
        let new = |contents: &[u8]| PrepareScript::new("a", contents.to_vec()).map(drop);
        assert_eq!(new(b""), Err(ScriptError::Empty));
        assert_eq!(new(b" \n\t\n"), Err(ScriptError::Empty));
        assert_eq!(new(b"\xff\xfe"), Err(ScriptError::NotText));
        assert_eq!(new(b"a\0b"), Err(ScriptError::NotText));
        assert_eq!(new(b"\xef\xbb\xbf#!/bin/sh\ntrue\n"), Err(ScriptError::ByteOrderMark));
        assert_eq!(new(b"#!/bin/sh\r\ntrue\r\n"), Err(ScriptError::CarriageReturns));
        assert_eq!(new(b"Write-Output 1\r\n"), Ok(()));
        assert_eq!(new(&vec![b'a'; LARGEST + 1]), Err(ScriptError::TooLarge));
        assert_eq!(new(&vec![b'a'; LARGEST]), Ok(()));
    }
}
