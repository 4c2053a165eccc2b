//! Names of SSM parameters: `/golden/web`, `/golden/web:3`, or the ARN of another account's parameter.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// SSM's limit for the name of a parameter, ARNs included.
const MAX_NAME: usize = 2048;
/// SSM's limit for a label.
const MAX_LABEL: usize = 100;

/// A text that does not name an SSM parameter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "in '{0}': an SSM parameter has a name of letters, digits and . - _ /, and after a colon the number of a version or \
     a label, e.g. ssm:/golden/web:3"
)]
pub struct ParameterError(String);

/// The name or ARN of an SSM parameter, optionally with a version or label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterName(String);

impl ParameterName {
    /// The name as SSM takes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ParameterName {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        // An ARN has colons of its own, before the name.
        let local = match text.strip_prefix("arn:") {
            Some(arn) => arn.split_once(":parameter/").filter(|(owner, _)| owner.contains(":ssm:")).map(|arn| arn.1),
            None => Some(text),
        };
        let good = local.is_some_and(|local| match local.split_once(':') {
            Some((name, selector)) => is_name(name) && is_selector(selector),
            None => is_name(local),
        });
        match good && text.len() <= MAX_NAME {
            true => Ok(Self(text.to_owned())),
            false => Err(ParameterError(text.to_owned())),
        }
    }
}

impl fmt::Display for ParameterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn is_name(text: &str) -> bool {
    let characters = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b));
    characters && !text.is_empty() && !text.ends_with('/') && !text.contains("//")
}

/// A version number, or a label, which never begins with a digit.
fn is_selector(text: &str) -> bool {
    let number = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    let label = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && !text.starts_with(|c: char| c.is_ascii_digit());
    !text.is_empty() && text.len() <= MAX_LABEL && (number || label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_versions_labels_and_arns_are_read() {
        for text in [
            "/golden",
            "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
            "/golden/web:3",
            "/golden/web:prod",
            "golden",
            "golden:12",
            "arn:aws:ssm:us-east-1:111111111111:parameter/golden/web",
            "arn:aws-cn:ssm:cn-north-1:111111111111:parameter/golden:3",
        ] {
            assert_eq!(text.parse::<ParameterName>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_ssm_would_refuse_is_refused() {
        let long = format!("/{}", "a".repeat(MAX_NAME));
        for text in [
            "",
            "/",
            "/golden/",
            "//golden",
            "/gol den",
            "/golden:",
            "/golden:0",
            "/golden:3a",
            "/golden:1:2",
            "/golden\n",
            "arn:aws:ssm:us-east-1:111111111111:document/golden",
            "arn:aws:ec2:us-east-1:111111111111:parameter/golden",
            &long,
        ] {
            let error = text.parse::<ParameterName>().unwrap_err().to_string();
            assert!(error.contains("ssm:/golden/web:3"), "{error}");
        }
    }
}
