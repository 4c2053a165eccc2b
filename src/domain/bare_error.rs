//! Errors in the text of a file, told without a word of it: where, and of what kind.
//!
//! Where others order what runs, an error that quotes a file would give them its text.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// What stands for a word of a file.
pub const UNSHOWN: &str = "(not shown)";
/// The kinds of errors that TOML's reader tells apart, as its messages begin.
const KINDS: [&str; 8] = [
    "duplicate field",
    "duplicate key",
    "invalid length",
    "invalid type",
    "invalid value",
    "missing field",
    "unknown field",
    "unknown variant",
];

/// What is wrong with a text that should be the TOML of a `T`.
pub fn of_toml<T: DeserializeOwned>(text: &str) -> String {
    let Err(error) = toml::from_str::<T>(text) else { return "its values do not go together".to_owned() };
    let kind = match toml::from_str::<toml::Table>(text) {
        Err(_) => "it is no TOML",
        Ok(_) => KINDS.into_iter().find(|kind| error.message().starts_with(kind)).unwrap_or("invalid value"),
    };
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = 1 + before.matches('\n').count();
            let column = 1 + before.chars().rev().take_while(|c| *c != '\n').count();
            format!("line {line}, column {column}: {kind}")
        }
        None => kind.to_owned(),
    }
}

/// What is wrong with a text that should be the JSON of a `T`.
pub fn of_json<T: DeserializeOwned>(text: &str) -> String {
    let Err(error) = serde_json::from_str::<T>(text) else { return "its values do not go together".to_owned() };
    let kind = match error.classify() {
        Category::Eof => "it ends early",
        Category::Data => "a field is missing, unknown or of another type",
        Category::Syntax | Category::Io => "it is no JSON",
    };
    format!("line {}, column {}: {kind}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only errors count")]
    struct Asked {
        number: u8,
        names: Option<Vec<String>>,
    }

    #[test]
    fn toml_is_told_by_place_and_kind() {
        for (text, told) in [
            ("number = 1\ncanary = 2", "line 2, column 1: unknown field"),
            ("number = 'canary'", "line 1, column 10: invalid type"),
            ("number = 1\nnames = [\n  'a',\n  7 ]", "line 4, column 3: invalid type"),
            ("number = 300", "line 1, column 10: invalid value"),
            ("number = 1\nnumber = 2", "line 2, column 1: it is no TOML"),
            ("root:canary:0:0:root\n", "line 1, column 5: it is no TOML"),
            ("names = []", "line 1, column 1: missing field"),
            ("number = 1", "its values do not go together"),
        ] {
            assert_eq!(of_toml::<Asked>(text), told, "{text}");
        }
    }

    #[test]
    fn json_is_told_by_place_and_kind() {
        for (text, told) in [
            ("root:canary", "line 1, column 1: it is no JSON"),
            ("{\"number\": 1,\n \"canary\": 2}", "line 2, column 9: a field is missing, unknown or of another type"),
            ("{\"number\": \"canary\"}", "line 1, column 19: a field is missing, unknown or of another type"),
            ("{\"number\": 1", "line 1, column 12: it ends early"),
            ("{\"number\": 1}", "its values do not go together"),
        ] {
            assert_eq!(of_json::<Asked>(text), told, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_word_of_a_text_is_told(text in "[a-z =\\[\\]'\"{}:,\n]{0,30}canary[a-z =\\[\\]'\"{}:,\n]{0,30}") {
            for told in [of_toml::<Asked>(&text), of_json::<Asked>(&text)] {
                proptest::prop_assert!(!told.contains("canary"), "{}", told);
            }
        }
    }
}
