//! Source of a policy: a file, or an SSM parameter.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use super::parameter::{ParameterError, ParameterName};

/// The prefix of the name of an SSM parameter.
const SSM: &str = "ssm:";

/// Source of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicySource {
    /// A file.
    File(PathBuf),
    /// An SSM parameter of the account of the run.
    Parameter(ParameterName),
}

/// A text that names neither.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PolicySourceError {
    /// No path.
    #[error("'{0}' names no SSM parameter by its path, e.g. ssm:/policies/prod; for a file of that name give ./{0}")]
    NoPath(String),
    /// No name.
    #[error(transparent)]
    Name(#[from] ParameterError),
}

impl PolicySource {
    /// Reads what the command line gives.
    pub fn read(given: PathBuf) -> Result<Self, PolicySourceError> {
        match given.to_str().and_then(|text| text.strip_prefix(SSM)) {
            Some(name) if name.starts_with('/') => Ok(Self::Parameter(name.parse()?)),
            Some(name) => Err(PolicySourceError::NoPath(format!("{SSM}{name}"))),
            None => Ok(Self::File(given)),
        }
    }
}

impl fmt::Display for PolicySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Parameter(name) => write!(f, "{SSM}{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PolicySource, PolicySourceError> {
        PolicySource::read(PathBuf::from(text))
    }

    #[test]
    fn a_parameter_is_named_by_its_path() {
        for text in ["ssm:/policies/prod", "ssm:/policies/prod:3", "ssm:/policies/prod:live"] {
            let source = read(text).unwrap();
            assert!(matches!(source, PolicySource::Parameter(_)), "{text}");
            assert_eq!(source.to_string(), text);
        }
        for text in ["prod.toml", "/etc/amictl/prod.toml", "./ssm:/prod", "resolve:ssm:/prod", "-", "SSM:/prod"] {
            assert_eq!(read(text), Ok(PolicySource::File(PathBuf::from(text))));
        }
    }

    #[test]
    fn what_names_neither_is_refused() {
        for text in ["ssm:", "ssm:prod", "ssm:arn:aws:ssm:us-east-1:111111111111:parameter/prod", "ssm:/", "ssm:/a b"] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("e.g. ssm:/"), "{error}");
        }
    }
}
