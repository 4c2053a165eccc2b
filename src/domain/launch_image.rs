//! Image fields of launch templates, groups and fleets: an image id, an SSM parameter or a dead text.
//!
//! A dead text certainly launches nothing; that differs from a reference whose image is unknown.

use std::collections::{BTreeSet, HashMap};

use super::ids::ImageId;
use super::text::image_ids;

/// EC2's prefix of a reference to an SSM parameter.
pub const BY_PARAMETER: &str = "resolve:ssm:";
/// SSM returns at most this many values per call.
const NAMES_A_CALL: usize = 10;

/// The meaning of a text in the place of an image id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchImage<'a> {
    /// Image ids; every id in the text counts.
    Ids(Vec<ImageId>),
    /// An SSM parameter: its name or ARN, with `:version` or `:label` if one is given.
    Parameter(&'a str),
    /// A text that can never launch anything, and why.
    Dead(String),
    /// A reference of an unknown kind: it may stand for any image.
    Unknown,
}

impl<'a> LaunchImage<'a> {
    /// Reads the text of an image field.
    pub fn of(text: &'a str) -> Self {
        // SSM ignores blanks around a name.
        let text = text.trim();
        if let Some(name) = text.strip_prefix(BY_PARAMETER).map(str::trim) {
            return match is_name(name) {
                true => Self::Parameter(name),
                false => Self::Dead("no SSM parameter can have that name".to_owned()),
            };
        }
        let ids: Vec<_> = image_ids(text).collect();
        match (ids.is_empty(), text.contains(':')) {
            (false, _) => Self::Ids(ids),
            // `resolve:ssm:` and ARNs have colons, and so will any other reference that EC2 may resolve one day.
            (true, true) => Self::Unknown,
            (true, false) => Self::Dead(format!("'{text}' is no image id")),
        }
    }
}

/// Whether it is a valid name, with or without a version or label: SSM refuses a whole call for one invalid name.
fn is_name(text: &str) -> bool {
    !parameter(text).is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/:".contains(c))
}

/// The bare name of a parameter, without version, label and first slash: an ARN does not distinguish `web` from `/web`.
pub fn parameter(name: &str) -> &str {
    let local = match name.starts_with("arn:") {
        true => name.splitn(6, ':').nth(5).and_then(|rest| rest.strip_prefix("parameter")).unwrap_or_default(),
        false => name,
    };
    let whole = local.split_once(':').map_or(local, |(path, _)| path);
    whole.strip_prefix('/').unwrap_or(whole)
}

/// The names of parameters, split into calls of at most ten, without duplicates. Versions of one parameter go into
/// different calls: SSM may count them as the same, and each answer has one name it can belong to.
pub fn calls(names: &BTreeSet<String>) -> Vec<Vec<String>> {
    let (mut rounds, mut seen) = (Vec::<Vec<String>>::new(), HashMap::<&str, usize>::new());
    for name in names {
        let round = seen.entry(parameter(name)).or_default();
        if *round == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds[*round].push(name.clone());
        *round += 1;
    }
    rounds.iter().flat_map(|round| round.chunks(NAMES_A_CALL).map(<[_]>::to_vec)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(text: &str) -> bool {
        matches!(LaunchImage::of(text), LaunchImage::Dead(_))
    }

    #[test]
    fn an_id_counts_whatever_stands_around_it() {
        let id: ImageId = "ami-0123456789abcdef0".parse().unwrap();
        for text in
            ["ami-0123456789abcdef0", " ami-0123456789abcdef0\n", "arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0"]
        {
            assert_eq!(LaunchImage::of(text), LaunchImage::Ids(vec![id.clone()]), "{text}");
        }
    }

    #[test]
    fn a_parameter_is_named_with_its_version_label_or_arn() {
        let arn = "arn:aws:ssm:us-east-1:111111111111:parameter/web:3";
        for name in ["/amictl/web/prod", "web:3", "web:prod_2", arn] {
            assert_eq!(LaunchImage::of(&format!("resolve:ssm:{name}")), LaunchImage::Parameter(name));
        }
        assert_eq!(LaunchImage::of(" resolve:ssm: web\n"), LaunchImage::Parameter("web"));
    }

    #[test]
    fn a_text_that_stands_for_no_image_is_dead_and_one_of_an_unknown_kind_is_not() {
        for text in [
            "ami-CHANGEME",
            "ami-012",
            "TODO",
            "resolve:ssm:",
            "resolve:ssm:a b",
            "resolve:ssm:${name}",
            "resolve:ssm:/",
        ] {
            assert!(dead(text), "{text}");
        }
        for text in ["resolve:imagebuilder:web", "arn:aws:imagebuilder:us-east-1:111111111111:image/web/x.x.x"] {
            assert_eq!(LaunchImage::of(text), LaunchImage::Unknown, "{text}");
        }
    }

    #[test]
    fn a_call_asks_for_ten_names_at_most_and_for_no_parameter_twice() {
        let mut names: BTreeSet<String> = (0..23).map(|n| format!("/p/{n}")).collect();
        names.extend((0..12).map(|n| format!("/p/1:{n}")));
        names.extend(["p/2", "arn:aws:ssm:us-east-1:111111111111:parameter/p/2:prod"].map(str::to_owned));
        let calls = calls(&names);
        for call in &calls {
            let distinct: BTreeSet<_> = call.iter().map(|name| parameter(name)).collect();
            assert!(call.len() <= 10 && distinct.len() == call.len(), "{call:?}");
        }
        let asked: Vec<_> = calls.into_iter().flatten().collect();
        assert_eq!((asked.len(), asked.into_iter().collect::<BTreeSet<_>>()), (names.len(), names));
    }
}
