//! Trust policies: who may assume a role.

use std::str::FromStr;

use serde::Serialize;
use serde_json::{Value, json};

use super::policy::LANGUAGE;
use crate::domain::ids::AccountId;
use crate::domain::roles::ExternalId;

/// A principal that a role trusts: an account by its id, or an identity by its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted(String);

impl FromStr for Trusted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is neither an account id of twelve digits nor the ARN of an account, a role or a user, e.g. \
                 arn:aws:iam::111122223333:role/NAME; '*' would trust everybody"
            )
        };
        if text.parse::<AccountId>().is_ok() {
            return Ok(Self(text.to_owned()));
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, resource] = parts[..] else { return Err(wrong()) };
        let known = partition == "aws" || partition.strip_prefix("aws-").is_some_and(|rest| !rest.is_empty());
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-:/".contains(&b));
        let named = |kind: &str| resource.strip_prefix(kind).is_some_and(|name| !name.is_empty());
        let identity = match service {
            "iam" => resource == "root" || named("role/") || named("user/"),
            "sts" => named("assumed-role/") || named("federated-user/"),
            _ => false,
        };
        match known && plain && identity && account.parse::<AccountId>().is_ok() {
            true => Ok(Self(text.to_owned())),
            false => Err(wrong()),
        }
    }
}

/// The trust policy of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TrustPolicy {
    version: &'static str,
    statement: [TrustStatement; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TrustStatement {
    sid: &'static str,
    effect: &'static str,
    principal: Value,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

impl TrustPolicy {
    /// The policy that lets this principal in, with this external id if there is one.
    pub fn new(trusted: &Trusted, external_id: Option<&ExternalId>) -> Self {
        let condition = external_id.map(|id| json!({"StringEquals": {"sts:ExternalId": id.to_string()}}));
        let statement = TrustStatement {
            sid: "Enter",
            effect: "Allow",
            principal: json!({"AWS": trusted.0}),
            action: "sts:AssumeRole",
            condition,
        };
        Self { version: LANGUAGE, statement: [statement] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_somebody_in_particular_is_trusted() {
        for good in [
            "111111111111",
            "arn:aws:iam::111111111111:root",
            "arn:aws-cn:iam::111111111111:role/ops/ami",
            "arn:aws:iam::111111111111:user/jane",
            "arn:aws:sts::111111111111:assumed-role/ami/jane",
        ] {
            assert!(good.parse::<Trusted>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "*",
            "11111111111",
            "arn:aws:iam::*:root",
            "arn:aws:iam::111111111111:role/*",
            "arn:aws:iam::111111111111:role/",
            "arn:aws:iam::111111111111:group/x",
            "arn:*:iam::111111111111:root",
            "arn:aws:iam::111111111111:role/a b",
            "arn:aws:s3:::bucket",
            "lambda.amazonaws.com",
            "o-abc",
        ] {
            assert!(bad.parse::<Trusted>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_external_id_is_a_condition() {
        let who = "111111111111".parse().unwrap();
        let text = |id: Option<&ExternalId>| serde_json::to_string(&TrustPolicy::new(&who, id)).unwrap();
        assert!(!text(None).contains("Condition"), "{}", text(None));
        let id = "customer-7".parse().unwrap();
        assert!(text(Some(&id)).ends_with(r#""Condition":{"StringEquals":{"sts:ExternalId":"customer-7"}}}]}"#));
    }
}
