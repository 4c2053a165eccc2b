//! Identifiers of EC2 resources and AWS accounts, checked when they are read.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// A text that is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{text}' is not {what} id; it should look like {prefix}-0123456789abcdef0")]
pub struct IdError {
    text: String,
    what: &'static str,
    prefix: &'static str,
}

/// `prefix-` and hexadecimal digits: 8 in resources made before 2016, 17 since.
fn well_formed(text: &str, prefix: &str) -> bool {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
    digits.is_some_and(|d| matches!(d.len(), 8 | 17) && d.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

macro_rules! resource_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if well_formed(text, $prefix) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { text: text.to_owned(), what: $what, prefix: $prefix })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

resource_id!(
    /// An image: `ami-…`.
    ImageId, "ami", "an image"
);
resource_id!(
    /// An EBS snapshot: `snap-…`.
    SnapshotId, "snap", "a snapshot"
);
resource_id!(
    /// An EC2 instance: `i-…`.
    InstanceId, "i", "an instance"
);
resource_id!(
    /// A subnet of a VPC: `subnet-…`.
    SubnetId, "subnet", "a subnet"
);
resource_id!(
    /// A security group: `sg-…`.
    SecurityGroupId, "sg", "a security group"
);

/// An AWS account: twelve digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    /// The account as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is not an account id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not an account id; an account id is twelve digits, e.g. 111122223333")]
pub struct AccountIdError(String);

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, AccountIdError> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AccountIdError(text.to_owned()))
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_of_ids_are_read() {
        assert!("ami-0123456789abcdef0".parse::<ImageId>().is_ok());
        assert!("ami-01234567".parse::<ImageId>().is_ok());
    }

    #[test]
    fn a_wrong_id_says_what_it_should_look_like() {
        for text in ["snap-0123456789abcdef0", "ami-", "ami-0123456789ABCDEF0", "ami-012", "", "ami-0123456789abcdef0 "]
        {
            let error = text.parse::<ImageId>().unwrap_err().to_string();
            assert!(error.contains("ami-0123456789abcdef0"), "{error}");
        }
    }

    #[test]
    fn an_account_has_twelve_digits() {
        assert!("111122223333".parse::<AccountId>().is_ok());
        assert!("11112222333".parse::<AccountId>().is_err());
        assert!("11112222333a".parse::<AccountId>().is_err());
    }
}
