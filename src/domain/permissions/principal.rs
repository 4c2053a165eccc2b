//! Principals that images and snapshots are shared with.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::domain::ids::AccountId;

/// A principal that may launch an image or create volumes from a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// All AWS accounts; EC2 calls it `all`.
    Everybody,
    /// An account.
    Account(AccountId),
    /// An organization, by its ARN: EC2 accepts no bare id.
    Organization(String),
    /// An organizational unit, by its ARN.
    Unit(String),
}

/// A text that is not a principal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PrincipalError {
    /// Digits, but not 12 of them.
    #[error("'{text}' has {digits} digits, and an account id has 12")]
    Digits {
        /// The text given.
        text: String,
        /// The number of digits.
        digits: usize,
    },
    /// The id of an organization or organizational unit instead of its ARN.
    #[error(
        "'{0}' is an id, and EC2 takes the ARN only: arn:aws:organizations::<management account>:{kind}; \
         see: aws organizations {call}",
        kind = kind(.0), call = call(.0)
    )]
    BareId(String),
    /// Any other text.
    #[error(
        "an image cannot be shared with '{0}'; give an account id of 12 digits, or the ARN of an organization \
         or of an organizational unit"
    )]
    Shape(String),
}

fn kind(id: &str) -> String {
    if id.starts_with("ou-") { format!("ou/o-…/{id}") } else { format!("organization/{id}") }
}

fn call(id: &str) -> String {
    match id.starts_with("ou-") {
        true => format!("describe-organizational-unit --organizational-unit-id {id}"),
        false => "describe-organization".to_owned(),
    }
}

impl Principal {
    /// Reads the text of EC2 or of amictl's tag, `all` included.
    pub fn read(text: &str) -> Result<Self, PrincipalError> {
        if text == "all" { Ok(Self::Everybody) } else { text.parse() }
    }

    /// A short form for people: the id of an organization or unit instead of its ARN.
    pub fn short(&self) -> &str {
        match self {
            Self::Everybody => "everybody",
            Self::Account(account) => account.as_str(),
            Self::Organization(arn) | Self::Unit(arn) => arn.rsplit('/').next().unwrap_or(arn),
        }
    }

    /// Whether it is an organization or a unit: these can be given an image, but no snapshot.
    pub fn is_organization(&self) -> bool {
        matches!(self, Self::Organization(_) | Self::Unit(_))
    }
}

impl FromStr for Principal {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, PrincipalError> {
        if let Ok(account) = text.parse() {
            return Ok(Self::Account(account));
        }
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PrincipalError::Digits { text: text.to_owned(), digits: text.len() });
        }
        if text.starts_with("o-") || text.starts_with("ou-") {
            return Err(PrincipalError::BareId(text.to_owned()));
        }
        let shape = || PrincipalError::Shape(text.to_owned());
        // arn:PARTITION:organizations::ACCOUNT:organization/o-… or …:ou/o-…/ou-…
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "organizations", "", account, path] = parts[..] else { return Err(shape()) };
        if !partition.starts_with("aws") || account.parse::<AccountId>().is_err() {
            return Err(shape());
        }
        let id = |text: &str, prefix: &str| {
            let rest = text.strip_prefix(prefix).unwrap_or_default();
            !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        match path.split('/').collect::<Vec<_>>()[..] {
            ["organization", organization] if id(organization, "o-") => Ok(Self::Organization(text.to_owned())),
            ["ou", organization, unit] if id(organization, "o-") && id(unit, "ou-") => Ok(Self::Unit(text.to_owned())),
            _ => Err(shape()),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => f.pad("all"),
            Self::Account(account) => account.fmt(f),
            Self::Organization(arn) | Self::Unit(arn) => f.pad(arn),
        }
    }
}

/// `1 permission`, `2 permissions`.
pub fn counted(count: usize) -> String {
    if count == 1 { "1 permission".to_owned() } else { format!("{count} permissions") }
}

/// The number of principals that a message names before it counts the others.
const NAMED: usize = 3;

/// The first principals by name, and the number of the others.
pub fn few(who: &BTreeSet<Principal>) -> String {
    let named: Vec<_> = who.iter().take(NAMED).map(Principal::short).collect();
    let more = if who.len() > NAMED { format!(" and {} more", who.len() - NAMED) } else { String::new() };
    format!("{}{more}", named.join(", "))
}

/// The principals that a command line names: those of `--with`, and everybody for `--public`.
pub fn whom(with: Vec<Principal>, public: bool) -> BTreeSet<Principal> {
    with.into_iter().chain(public.then_some(Principal::Everybody)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";
    const UNIT: &str = "arn:aws-us-gov:organizations::111111111111:ou/o-abcdefghij/ou-ab12-cdefgh34";

    #[test]
    fn principals_read_back_as_written() {
        for text in ["111111111111", ORGANIZATION, UNIT] {
            assert_eq!(text.parse::<Principal>().unwrap().to_string(), text);
        }
        assert_eq!(Principal::read("all").unwrap().to_string(), "all");
        assert!("all".parse::<Principal>().is_err());
        let short = |text: &str| Principal::read(text).unwrap().short().to_owned();
        assert_eq!([short("all"), short(ORGANIZATION), short(UNIT)], ["everybody", "o-abcdefghij", "ou-ab12-cdefgh34"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("11111111111", "11 digits"),
            ("o-abcdefghij", "describe-organization"),
            ("ou-ab12-cdefgh34", "arn:aws:organizations::<management account>:ou/o-…/ou-ab12-cdefgh34"),
            ("", "12 digits"),
            ("everybody", "12 digits"),
            ("arn:aws:iam::111111111111:root", "cannot be shared with"),
            ("arn:aws:organizations::11111111111:organization/o-abcdefghij", "cannot be shared with"),
            ("arn:aws:organizations::111111111111:ou/ou-ab12-cdefgh34", "cannot be shared with"),
        ] {
            let error = text.parse::<Principal>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in proptest::arbitrary::any::<String>()) {
            let _ = text.parse::<Principal>().map_err(|error| error.to_string());
        }
    }
}
