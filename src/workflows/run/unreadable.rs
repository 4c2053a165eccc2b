//! The failure of a file of the user that cannot be read.

use std::fmt::Display;
use std::io;

use crate::domain::failure::Failure;

/// A usage error about a `file`, such as `policy prod.toml`, with the next step.
pub fn unreadable(file: impl Display, why: &io::Error) -> Failure {
    let failure = Failure::usage(format!("{file}: {why}"));
    match why.kind() {
        io::ErrorKind::InvalidData => failure.hint("save it as UTF-8"),
        io::ErrorKind::NotFound => failure.hint("check the path, seen from the current directory"),
        _ => failure.hint("name a file that you may read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_step_fits_the_error() {
        for (kind, step) in [
            (io::ErrorKind::NotFound, "check the path"),
            (io::ErrorKind::InvalidData, "UTF-8"),
            (io::ErrorKind::IsADirectory, "a file that you may read"),
        ] {
            let failure = unreadable("policy prod.toml", &io::Error::from(kind));
            assert!(failure.message.starts_with("policy prod.toml: "), "{failure}");
            assert!(failure.hint.as_deref().unwrap().contains(step), "{kind}");
        }
    }
}
