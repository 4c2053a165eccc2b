//! Deregistration protection of images, as EC2 words it.

use chrono::{DateTime, Utc};

/// EC2's word for no protection.
const OFF: &str = "disabled";

/// Deregistration protection, in EC2's own words: `disabled`, `enabled-without-cooldown`, `enabled-with-cooldown`, or
/// `disabled after <time>` while a cooldown runs. AWS documents none of them, so no more is read from them than
/// necessary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection(String);

impl Protection {
    /// Reads EC2's word; an endpoint that returns none knows no protection.
    pub fn read(text: Option<&str>) -> Self {
        Self(text.unwrap_or(OFF).to_owned())
    }

    /// Whether EC2 may refuse to deregister the image at `now`. Any word but `disabled` counts, unknown ones too; an
    /// ended cooldown does not.
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        self.word(now) != OFF
    }

    /// EC2's word, as it applies at `now`: EC2 was seen to report a cooldown long after its end.
    pub fn word(&self, now: DateTime<Utc>) -> &str {
        match self.end() {
            Some(end) if end <= now => OFF,
            _ => &self.0,
        }
    }

    /// The end of a cooldown, read only from the one word known for it. A time in another word may mean something else.
    fn end(&self) -> Option<DateTime<Utc>> {
        let end = DateTime::parse_from_rfc3339(self.0.strip_prefix("disabled after ")?.trim()).ok()?;
        Some(end.to_utc())
    }

    /// `Some` if protection is enabled, with whether it has a cooldown. During a cooldown it is disabled, though EC2
    /// still refuses: any word that begins with `disabled`.
    pub fn enabled(&self) -> Option<bool> {
        match self.0.as_str() {
            text if text.starts_with("disabled") => None,
            text => Some(text == "enabled-with-cooldown"),
        }
    }

    /// For people: EC2's word, or the end of a cooldown instead of `disabled after …`.
    pub fn told(&self, now: DateTime<Utc>) -> String {
        match self.cooling(now) {
            Some(Cooling::Until(end)) => {
                format!("lifted, but protects until {} (cooldown)", end.format("%Y-%m-%d %H:%M UTC"))
            }
            Some(Cooling::ForADay) => "lifted, but protects for up to 24 hours (cooldown)".to_owned(),
            None => self.word(now).to_owned(),
        }
    }

    /// The cooldown that still runs at `now` after the protection was disabled, with its end if EC2's word has a future
    /// time.
    pub fn cooling(&self, now: DateTime<Utc>) -> Option<Cooling> {
        let rest = self.word(now).strip_prefix(OFF).filter(|rest| !rest.is_empty())?;
        let apart = |c: char| c.is_whitespace() || "()[]<>,;'\"".contains(c);
        let time = |word: &str| DateTime::parse_from_rfc3339(word.trim_end_matches('.')).ok();
        let until = rest.split(apart).filter_map(time).map(|at| at.to_utc()).find(|at| *at > now);
        Some(until.map_or(Cooling::ForADay, Cooling::Until))
    }
}

/// The remaining cooldown of an image whose protection was disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cooling {
    /// Until this time.
    Until(DateTime<Utc>),
    /// For up to 24 hours; EC2 does not report the end.
    ForADay,
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn an_unknown_word_of_protection_protects() {
        let now = at("2026-01-01T00:00:00Z");
        assert!(!Protection::read(None).holds(now));
        assert!(!Protection::read(Some("disabled")).holds(now));
        for text in [
            "enabled-without-cooldown",
            "enabled-with-cooldown",
            "disabled after 2026-01-01T00:00:01Z",
            "disabled after",
            "disabled after Fri Jan 02 03:04:05 UTC 2020",
            "disabled before 2020-01-01T00:00:00Z",
            "enabled after 2020-01-01T00:00:00Z",
            "disabled-pending (since 2020-01-01T00:00:00Z)",
            "?",
            "",
        ] {
            let protection = Protection::read(Some(text));
            assert!(protection.holds(now), "{text}");
            assert_eq!(protection.word(now), text);
        }
    }

    #[test]
    fn a_cooldown_that_has_ended_is_no_protection() {
        let end = at("2020-01-01T10:00:00Z");
        for word in ["disabled after 2020-01-01T10:00:00.000Z", "disabled after 2020-01-01T12:00:00+02:00"] {
            let protection = Protection::read(Some(word));
            let before = end - TimeDelta::seconds(1);
            assert_eq!((protection.holds(before), protection.word(before)), (true, word));
            assert_eq!(protection.cooling(before), Some(Cooling::Until(end)), "{word}");
            for now in [end, end + TimeDelta::days(2000)] {
                assert_eq!((protection.holds(now), protection.word(now)), (false, "disabled"), "{word}");
                assert_eq!((protection.cooling(now), protection.enabled()), (None, None), "{word}");
            }
        }
    }

    #[test]
    fn a_cooldown_is_known_whatever_the_words_for_it() {
        let now = at("2026-01-01T12:00:00Z");
        let until = Cooling::Until(at("2026-01-02T03:04:05Z"));
        for (word, cooling) in [
            ("disabled", None),
            ("disabled after 2026-01-02T03:04:05Z", Some(until)),
            ("disabled after 2026-01-02T03:04:05.000Z", Some(until)),
            ("disabled-with-cooldown (until 2026-01-02T05:04:05+02:00)", Some(until)),
            ("disabled, ends 2026-01-02T03:04:05Z.", Some(until)),
            ("disabled 2026-01-01T03:04:05Z, ends 2026-01-02T03:04:05Z", Some(until)),
            ("disabled since 2026-01-01T03:04:05Z", Some(Cooling::ForADay)),
            ("disabled after Fri Jan 02 03:04:05 UTC 2026", Some(Cooling::ForADay)),
            ("disabled-pending-cooldown", Some(Cooling::ForADay)),
            ("enabled-with-cooldown", None),
            ("enabled-until 2026-01-02T03:04:05Z", None),
        ] {
            let protection = Protection::read(Some(word));
            assert_eq!(protection.cooling(now), cooling, "{word}");
            assert_eq!(protection.enabled().is_none(), word.starts_with("disabled"), "{word}");
            assert_eq!(protection.holds(now), word != "disabled", "{word}");
        }
    }
}
