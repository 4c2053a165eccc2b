//! TOML as people write it: errors with the nearest key, and the line of each key.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::reference::nearest;

/// Reads a file's text. An error shows the line; for an unknown key it also names the nearest one that there is.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let shown = error.to_string().trim_end().to_owned();
        match meant(error.message()) {
            Some(key) => format!("{shown}\ndid you mean `{key}`?"),
            None => shown,
        }
    })
}

/// The known key next to an unknown one, from serde's message: it names first the unknown key, then all known ones.
fn meant(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field ").or_else(|| message.strip_prefix("unknown variant "))?;
    let mut words = rest.split('`').skip(1).step_by(2);
    let unknown = words.next()?;
    nearest(unknown, words).first().copied()
}

/// The line of each key, counted from 1; keys of tables have the table's name before them: `audit.max_age`.
pub fn lines(text: &str) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    let Ok(table) = DeTable::parse(text) else { return lines };
    let line = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    for (key, value) in table.get_ref() {
        let name = key.get_ref();
        lines.insert(name.to_string(), line(key.span().start));
        if let DeValue::Table(inner) = value.get_ref() {
            lines.extend(inner.keys().map(|key| (format!("{name}.{}", key.get_ref()), line(key.span().start))));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::AuditSettings;
    use crate::domain::policy::Policy;

    #[test]
    fn an_unknown_key_leads_to_the_nearest_and_to_its_line() {
        for (text, line, meant) in [
            ("\nmax_aged = '1d'", "line 2", Some("max_age")),
            ("max-age = '1d'", "line 1", Some("max_age")),
            ("\n\nskip = [{ rul = 'public-image' }]", "line 3", Some("rule")),
            ("colour = 'pink'", "line 1", None),
        ] {
            let error = read::<AuditSettings>(text).unwrap_err();
            assert!(error.contains(line) && error.contains("unknown field"), "{text}: {error}");
            match meant {
                Some(key) => assert!(error.ends_with(&format!("did you mean `{key}`?")), "{text}: {error}"),
                None => assert!(!error.contains("did you mean"), "{text}: {error}"),
            }
        }
        let rule = read::<Policy>("version = 1\n[[rule]]\nkeep = 2\nmin_agee = '3d'\n").unwrap_err();
        assert!(rule.contains("line 4") && rule.ends_with("did you mean `min_age`?"), "{rule}");
    }

    #[test]
    fn other_errors_stay_as_they_are() {
        for text in ["x =", "max_age = 'soon'", "behind_versions = `1`"] {
            let error = read::<AuditSettings>(text).unwrap_err();
            assert!(error.contains("line 1") && !error.contains("did you mean"), "{text}: {error}");
        }
    }

    #[test]
    fn each_key_has_its_line() {
        let text = "# a file\nregion = ['us-east-1']\n\n[audit]\nmax_age = '1d'\n# more\nskip = []\n";
        let found = lines(text);
        let expected = [("audit", 4), ("audit.max_age", 5), ("audit.skip", 7), ("region", 2)];
        assert_eq!(found, expected.map(|(key, line)| (key.to_owned(), line)).into_iter().collect());
        assert!(lines("x =").is_empty());
    }
}
