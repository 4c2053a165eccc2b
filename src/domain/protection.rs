//! Whether EC2 refuses to deregister an image.

use chrono::{DateTime, Utc};

/// Deregistration protection, in EC2's own words: `disabled`, `enabled-without-cooldown`,
/// `enabled-with-cooldown`, or `disabled after <time>` while a cooldown runs. AWS documents none of them, so no more is
/// read out of them than must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection(String);

impl Protection {
    /// Reads EC2's word; an endpoint that says nothing knows no protection.
    pub fn read(text: Option<&str>) -> Self {
        Self(text.unwrap_or("disabled").to_owned())
    }

    /// Whether EC2 may refuse to deregister the image. Any word but `disabled` counts, a new one too.
    pub fn is_on(&self) -> bool {
        self.0 != "disabled"
    }

    /// Whether it is switched on, and then whether with a cooldown. While a cooldown runs it is switched off, though
    /// EC2 still refuses: any word that begins with `disabled`.
    pub fn enabled(&self) -> Option<bool> {
        match self.0.as_str() {
            text if text.starts_with("disabled") => None,
            text => Some(text == "enabled-with-cooldown"),
        }
    }

    /// Whether EC2 still refuses although the protection was taken away, and until when, where its word has a time.
    pub fn cooling(&self) -> Option<Cooling> {
        let rest = self.0.strip_prefix("disabled").filter(|rest| !rest.is_empty())?;
        let apart = |c: char| c.is_whitespace() || "()[]<>,;'\"".contains(c);
        let time = |word: &str| DateTime::parse_from_rfc3339(word.trim_end_matches('.')).ok();
        Some(rest.split(apart).find_map(time).map_or(Cooling::ForADay, |at| Cooling::Until(at.to_utc())))
    }

    /// The word as EC2 writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How long EC2 refuses to deregister an image whose protection with a cooldown was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cooling {
    /// Until then.
    Until(DateTime<Utc>),
    /// For up to 24 hours; EC2 does not say until when.
    ForADay,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_of_protection_protects() {
        assert!(!Protection::read(None).is_on());
        assert!(!Protection::read(Some("disabled")).is_on());
        for text in ["enabled-without-cooldown", "enabled-with-cooldown", "disabled after 2026-01-01T00:00:00Z", "?"] {
            assert!(Protection::read(Some(text)).is_on(), "{text}");
        }
    }

    #[test]
    fn a_cooldown_is_known_whatever_the_words_for_it() {
        let until = Cooling::Until(DateTime::parse_from_rfc3339("2026-01-02T03:04:05Z").unwrap().to_utc());
        for (word, cooling) in [
            ("disabled", None),
            ("disabled after 2026-01-02T03:04:05Z", Some(until)),
            ("disabled after 2026-01-02T03:04:05.000Z", Some(until)),
            ("disabled-with-cooldown (until 2026-01-02T05:04:05+02:00)", Some(until)),
            ("disabled, ends 2026-01-02T03:04:05Z.", Some(until)),
            ("disabled after Fri Jan 02 03:04:05 UTC 2026", Some(Cooling::ForADay)),
            ("disabled-pending-cooldown", Some(Cooling::ForADay)),
            ("enabled-with-cooldown", None),
            ("enabled-until 2026-01-02T03:04:05Z", None),
        ] {
            let protection = Protection::read(Some(word));
            assert_eq!(protection.cooling(), cooling, "{word}");
            assert_eq!(protection.enabled().is_none(), word.starts_with("disabled"), "{word}");
            assert_eq!(protection.is_on(), word != "disabled", "{word}");
        }
    }
}
