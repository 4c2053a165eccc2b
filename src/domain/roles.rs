//! IAM roles in other accounts: ARNs, names and external ids.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::ids::AccountId;

/// The ARN of a role: `arn:aws:iam::111122223333:role/path/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleArn {
    partition: String,
    account: AccountId,
    name: RoleName,
}

/// The name of a role, with its path if it has one: `name` or `path/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

/// The external id that the trust policy of a role may require.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalId(String);

/// An account as policies name it: by a role in it, or by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountChoice {
    /// This role.
    Role(RoleArn),
    /// The role that has one name in all accounts, in this account.
    Account(AccountId),
}

/// A text that is not a role, role name, external id or account.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RoleError {
    /// Not the ARN of a role.
    #[error("'{0}' is not the ARN of a role; it should look like arn:aws:iam::111122223333:role/NAME")]
    Arn(String),
    /// Not the name of a role.
    #[error(
        "'{0}' is not the name of a role; give the name, with its path where it has one, e.g. \
         OrganizationAccountAccessRole"
    )]
    Name(String),
    /// Not an external id.
    #[error("an external id has 2 to 1224 letters, digits and characters of + = , . @ : / - _")]
    ExternalId,
    /// Neither a role nor an account.
    #[error(
        "'{0}' names no account; give the ARN of a role, e.g. arn:aws:iam::111122223333:role/NAME, or an account id \
         of twelve digits"
    )]
    Choice(String),
}

impl RoleArn {
    /// The role of that name in an account.
    pub fn new(partition: &str, account: AccountId, name: RoleName) -> Self {
        Self { partition: partition.to_owned(), account, name }
    }

    /// The account it leads to.
    pub fn account(&self) -> &AccountId {
        &self.account
    }
}

impl FromStr for RoleArn {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let wrong = || RoleError::Arn(text.to_owned());
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts[..] else { return Err(wrong()) };
        let known = partition == "aws" || partition.strip_prefix("aws-").is_some_and(|rest| !rest.is_empty());
        let name =
            resource.strip_prefix("role/").filter(|name| !name.starts_with('/')).and_then(|name| name.parse().ok());
        match (account.parse(), name) {
            (Ok(account), Some(name)) if known => Ok(Self { partition: partition.to_owned(), account, name }),
            _ => Err(wrong()),
        }
    }
}

impl FromStr for RoleName {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let whole = text.strip_prefix('/').unwrap_or(text);
        let (path, name) = whole.rsplit_once('/').unwrap_or(("", whole));
        let in_name = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
        let named = (1..=64).contains(&name.len()) && name.bytes().all(in_name);
        match named && path.len() <= 510 && path.bytes().all(|b| b.is_ascii_graphic()) {
            true => Ok(Self(whole.to_owned())),
            false => Err(RoleError::Name(text.to_owned())),
        }
    }
}

impl FromStr for ExternalId {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let taken = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
        match (2..=1224).contains(&text.len()) && text.bytes().all(taken) {
            true => Ok(Self(text.to_owned())),
            false => Err(RoleError::ExternalId),
        }
    }
}

impl FromStr for AccountChoice {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        match (text.parse(), text.parse()) {
            (Ok(account), _) => Ok(Self::Account(account)),
            (_, Ok(role)) => Ok(Self::Role(role)),
            _ => Err(RoleError::Choice(text.to_owned())),
        }
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:{}:iam::{}:role/{}", self.partition, self.account, self.name)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for AccountChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => role.fmt(f),
            Self::Account(account) => account.fmt(f),
        }
    }
}

impl Serialize for AccountChoice {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AccountChoice {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for RoleName {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RoleName {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:iam::111122223333:role/ops/ami";

    #[test]
    fn roles_read_back_as_written() {
        for text in
            [ARN, "arn:aws-us-gov:iam::111122223333:role/ami+x=1@b-c_d,.", "arn:aws-cn:iam::000000000000:role/a"]
        {
            assert_eq!(text.parse::<RoleArn>().unwrap().to_string(), text);
        }
        assert_eq!(ARN.parse::<RoleArn>().unwrap().account().as_str(), "111122223333");
        let made = RoleArn::new("aws", "111122223333".parse().unwrap(), "/ops/ami".parse().unwrap());
        assert_eq!(made.to_string(), ARN);
    }

    #[test]
    fn what_is_no_role_is_said_to_be_none() {
        for text in [
            "",
            "ami",
            "arn:aws:iam::11112222333:role/ami",
            "arn:aws:iam::111122223333:user/ami",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:sts::111122223333:assumed-role/ami/me",
            "arn:aws:iam:us-east-1:111122223333:role/ami",
            "arn:aws:iam::111122223333:role/a b",
            "arn:azure:iam::111122223333:role/ami",
        ] {
            let error = text.parse::<RoleArn>().unwrap_err().to_string();
            assert!(error.contains("arn:aws:iam::111122223333:role/NAME"), "{text}: {error}");
        }
        let long = "x".repeat(65);
        for text in ["", "/", "ops/", "a b", "a:b", "é", &long] {
            assert!(text.parse::<RoleName>().is_err(), "{text}");
        }
    }

    #[test]
    fn external_ids_are_those_sts_takes() {
        let long = "x".repeat(1225);
        for text in ["", "x", "a b", "a#b", &long] {
            assert!(text.parse::<ExternalId>().is_err(), "{text}");
        }
        assert!("Ab-1_+=,.@:/".parse::<ExternalId>().is_ok());
    }

    #[test]
    fn an_account_is_named_by_its_id_or_by_a_role_in_it() {
        assert!(matches!("111122223333".parse(), Ok(AccountChoice::Account(_))));
        assert!(matches!(ARN.parse(), Ok(AccountChoice::Role(_))));
        let error = "11112222333".parse::<AccountChoice>().unwrap_err().to_string();
        assert!(error.contains("twelve digits") && error.contains("role/NAME"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in proptest::arbitrary::any::<String>()) {
            let _ = text.parse::<RoleArn>().map_err(|error| error.to_string());
            let _ = text.parse::<ExternalId>().map_err(|error| error.to_string());
            let _ = text.parse::<AccountChoice>().map_err(|error| error.to_string());
        }

        #[test]
        fn a_role_that_is_taken_is_written_as_it_was_given(text in "arn:aws(-cn)?:iam::[0-9]{11,13}:role/[a-z/ ]{0,6}") {
            if let Ok(role) = text.parse::<RoleArn>() {
                proptest::prop_assert_eq!(role.to_string(), text);
            }
        }
    }
}
