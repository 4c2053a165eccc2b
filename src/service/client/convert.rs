//! Conversion from SDK types to domain types: fields that EC2 may omit are resolved here.
//!
//! Images have their own conversion in `images/described.rs`.

use aws_sdk_ec2::types;
use chrono::{DateTime, Utc};

use crate::domain::tags::Tags;

/// EC2's code and message for a state, verbatim.
pub fn reason(code: Option<&str>, message: Option<&str>) -> Option<String> {
    match (code, message) {
        (Some(code), Some(message)) if message.contains(code) => Some(message.to_owned()),
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => message.or(code).map(str::to_owned),
    }
}

/// Parses the times of images, which EC2 writes with or without milliseconds.
pub fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).ok()
}

/// Converts the times of Systems Manager.
pub fn timestamp(at: &aws_smithy_types::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(at.secs(), at.subsec_nanos())
}

pub fn tags(found: &[types::Tag]) -> Tags {
    let pair = |tag: &types::Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    found.iter().filter_map(pair).collect()
}

/// The tags for one kind of resource that a call creates.
pub fn tag_specification(kind: types::ResourceType, tags: &Tags) -> types::TagSpecification {
    types::TagSpecification::builder().resource_type(kind).set_tags(Some(sdk_tags(tags))).build()
}

pub fn sdk_tags(tags: &Tags) -> Vec<types::Tag> {
    tags.iter().map(|(key, value)| types::Tag::builder().key(key).value(value).build()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_and_without_milliseconds() {
        let plain = time("2025-02-17T20:22:19Z").unwrap();
        assert_eq!(time("2025-02-17T20:22:19.000Z"), Some(plain));
        assert_eq!(time("yesterday"), None);
    }
}
