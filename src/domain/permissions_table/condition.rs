//! Conditions of policies: those that narrow a permission to what amictl does with it.

use serde_json::{Map, Value, json};

/// The service principal in whose name EC2 looks for references to images.
const REFERENCES: &str = "ec2-images.amazonaws.com";

/// A condition under which an action is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// None.
    None,
    /// Tags that this operation gives to what it makes.
    MadeBy(&'static str),
    /// Tags with these keys only.
    TagKeys(&'static [&'static str]),
    /// Resources that amictl has made.
    OfAmictl,
    /// Calls that EC2 makes in the name of the caller to find references to images.
    ThroughEc2,
    /// Grants for an AWS service.
    GrantForAws,
    /// Roles that EC2 gets.
    PassedToEc2,
}

impl Condition {
    /// The `Condition` of a statement; `made_by` are the operations of [`Self::MadeBy`].
    pub(super) fn json(self, made_by: &[&str]) -> Option<Map<String, Value>> {
        let (operator, key, value) = match self {
            Self::None => return None,
            Self::MadeBy(_) => ("StringEquals", "ec2:CreateAction", one_or_all(made_by)),
            Self::TagKeys(keys) => ("ForAllValues:StringEquals", "aws:TagKeys", json!(keys)),
            Self::OfAmictl => ("StringLike", "aws:ResourceTag/amictl:created-by", json!("amictl/*")),
            Self::ThroughEc2 => ("ForAnyValue:StringEquals", "aws:CalledVia", json!(REFERENCES)),
            Self::GrantForAws => ("Bool", "kms:GrantIsForAWSResource", json!("true")),
            Self::PassedToEc2 => {
                ("StringEquals", "iam:PassedToService", json!(["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]))
            }
        };
        let mut of = Map::new();
        of.insert(key.to_owned(), value);
        let mut condition = Map::new();
        condition.insert(operator.to_owned(), Value::Object(of));
        Some(condition)
    }

    /// The words for people; empty without a condition.
    pub fn words(self) -> String {
        match self {
            Self::None => String::new(),
            Self::MadeBy(operation) => format!("made by {operation}"),
            Self::TagKeys(keys) => format!("tags {}", keys.join(", ")),
            Self::OfAmictl => "made by amictl".to_owned(),
            Self::ThroughEc2 => "called by EC2".to_owned(),
            Self::GrantForAws => "grants for AWS".to_owned(),
            Self::PassedToEc2 => "passed to EC2".to_owned(),
        }
    }

    /// The end of the name of a statement.
    pub(super) fn sid(self) -> &'static str {
        match self {
            Self::None | Self::PassedToEc2 => "",
            Self::MadeBy(_) => "WhenMade",
            Self::TagKeys(_) => "OwnTags",
            Self::OfAmictl => "OfAmictl",
            Self::ThroughEc2 => "ThroughEc2",
            Self::GrantForAws => "ForAws",
        }
    }
}

fn one_or_all(values: &[&str]) -> Value {
    match values {
        [one] => json!(one),
        all => json!(all),
    }
}
