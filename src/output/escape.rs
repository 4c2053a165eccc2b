//! Escapes for texts from AWS, such as names, descriptions, tags and messages.
//!
//! Other people write them. They must neither control a terminal or a spreadsheet nor deceive the reader.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use serde_json::ser::Formatter;

/// The end of the name under which collectors of logs keep a line.
const MESSAGE: &str = "message\"";

/// The key that every line of the journal has.
const PHASE: &str = "\"phase\"";

/// How JSON may write an ASCII letter of that key.
const LETTER: &str = "\\u00";

/// The text on one line, with invisible characters escaped: `\n`, `\u{1b}`, `\u{202e}`. What is left can be taken for no
/// line of the journal, whose lines may stand in the same log.
pub fn escaped(text: &str) -> Cow<'_, str> {
    match visible(text) {
        shown if may_be_journal(&shown) => Cow::Owned(without_journal(&shown)),
        shown => shown,
    }
}

/// Whether a reader of the journal could find the key of its lines, or the message of a collector, in a text.
fn may_be_journal(text: &str) -> bool {
    [PHASE, LETTER, MESSAGE].iter().any(|part| text.contains(part))
}

/// The text with the characters escaped that would begin the key of a line of the journal, also one written with
/// escapes of JSON, or end the name of a collector's message. Other JSON, such as a filter of the AWS CLI, stays as it
/// is.
fn without_journal(text: &str) -> String {
    let text = text.replace(LETTER, "\\u{5c}u00").replace(PHASE, "\\u{22}phase\"");
    text.replace(MESSAGE, "message\\u{22}")
}

fn visible(text: &str) -> Cow<'_, str> {
    if plain(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    let (mut before, mut rest) = (None, text.chars().peekable());
    while let Some(c) = rest.next() {
        // Scripts and emoji need joiners; within ASCII a joiner makes one name look like another.
        let joins = is_joiner(c) && [before, rest.peek().copied()].iter().all(|c| c.is_some_and(|c| !c.is_ascii()));
        match unseen(c) && !joins {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
        before = Some(c);
    }
    Cow::Owned(shown)
}

/// As [`escaped`], for amictl's own texts of several lines.
pub fn escaped_lines(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

/// A CSV cell that spreadsheets treat as text: one that they would run as a formula gets a leading `'`.
pub fn defused(text: &str) -> Cow<'_, str> {
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    match runs && text != "-" && !is_number(text) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && text.parse::<f64>().is_ok()
}

/// A JSON formatter that escapes controlling and deceptive characters: the data stay the same.
pub struct SafeJson;

impl Formatter for SafeJson {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        // The runner of GitHub would take `##[` anywhere in a line for the beginning of a command.
        let command = text.contains("##[");
        if plain(text) && !command {
            return out.write_all(text.as_bytes());
        }
        let mut safe = String::with_capacity(text.len() + 8);
        let mut units = [0; 2];
        for c in text.chars() {
            match unseen(c) {
                true => c.encode_utf16(&mut units).iter().for_each(|unit| {
                    // Writing to a String does not fail.
                    let _ = write!(safe, "\\u{unit:04x}");
                }),
                false => safe.push(c),
            }
        }
        match command {
            true => out.write_all(safe.replace("##[", "##\\u005b").as_bytes()),
            false => out.write_all(safe.as_bytes()),
        }
    }
}

/// Whether there is nothing to escape, as in nearly every text.
fn plain(text: &str) -> bool {
    if text.is_ascii() { !text.bytes().any(|byte| byte.is_ascii_control()) } else { !text.chars().any(unseen) }
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Control characters, and those that change the direction of writing or are invisible: Unicode's general categories
/// Cc, Cf, Zl and Zp, and blank letters.
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        for (text, shown) in [
            ("web-v1", "web-v1"),
            ("Größe ≤ 8 日本", "Größe ≤ 8 日本"),
            ("a\u{1b}[31m", "a\\u{1b}[31m"),
            ("a\nerror: b\r\tc", "a\\nerror: b\\r\\tc"),
            ("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}"),
            ("a\u{202e}b\u{2066}c\u{200f}d\u{61c}", "a\\u{202e}b\\u{2066}c\\u{200f}d\\u{61c}"),
            ("a\u{feff}b\u{200b}c\u{2028}", "a\\u{feff}b\\u{200b}c\\u{2028}"),
        ] {
            assert_eq!(escaped(text), shown);
        }
    }

    #[test]
    fn no_text_is_a_line_of_the_journal() {
        for (text, shown) in [
            (r#"{"version":1, "phase":"begin"}"#, r#"{"version":1, \u{22}phase":"begin"}"#),
            (r#"{"version":1,"\u0070h\u0061se":1}"#, r#"{"version":1,"\u{5c}u0070h\u{5c}u0061se":1}"#),
            (r#"[{"Name":"tag:Role","Values":["\\*"]}]"#, r#"[{"Name":"tag:Role","Values":["\\*"]}]"#),
            (r#""message": "{\"version\"""#, r#""message\u{22}: "{\"version\"""#),
            ("a{b} {}", "a{b} {}"),
        ] {
            assert_eq!(escaped(text), shown);
            assert_eq!(escaped(shown), shown);
        }
        assert_eq!(json(r#"{"version":1}"#), r#""{\"version\":1}""#);
    }

    #[test]
    fn joiners_stay_where_a_script_needs_them() {
        for text in ["👩\u{200d}💻", "نمی\u{200c}خواهم"] {
            assert_eq!(escaped(text), text);
        }
        assert_eq!(escaped("we\u{200d}b"), "we\\u{200d}b");
        assert_eq!(escaped("é\u{200d}"), "é\\u{200d}");
    }

    #[test]
    fn a_text_of_our_own_keeps_its_lines() {
        assert_eq!(escaped_lines("a\n  b\u{1b}\n"), "a\n  b\\u{1b}\n");
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_defused() {
        for text in ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "--", "-x", "+", "-inf", "＝1"]
        {
            assert_eq!(defused(text), format!("'{text}"));
        }
        for text in ["", "-", "-5", "+5", "-0.25", "1", "1e5", "-.5", "web-v1", "a=b", "'x", "2026-01-02"] {
            assert_eq!(defused(text), text);
        }
    }

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        let mut writer = serde_json::Serializer::with_formatter(&mut out, SafeJson);
        serde::Serialize::serialize(text, &mut writer).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_is_the_same_data() {
        assert_eq!(json("a\u{202e}\u{9b}\u{e0041}\n"), r#""a\u202e\u009b\udb40\udc41\n""#);
        assert_eq!(json("##[a ###[\u{7f}"), r###""##\u005ba ###\u005b\u007f""###);
        assert_eq!(serde_json::from_str::<String>(&json("##[a")).unwrap(), "##[a");
    }

    proptest! {
        #[test]
        fn nothing_unseen_is_left(text in any::<String>(), hidden in prop::sample::select(vec!['\u{202e}', '\u{7}', '\n'])) {
            let text = format!("{text}{hidden}");
            let shown = escaped(&text);
            prop_assert!(shown.chars().all(|c| is_joiner(c) || !unseen(c)), "{shown:?}");
            prop_assert!(json(&text).chars().all(|c| !unseen(c)));
            prop_assert_eq!(serde_json::from_str::<String>(&json(&text)).unwrap(), text);
        }
    }
}
