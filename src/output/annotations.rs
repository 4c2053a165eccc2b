//! Annotations of GitHub Actions, and texts that its runner does not take for commands.
//!
//! The runner reads commands in everything that a step prints: a line that begins with `::`, after blanks, and `##[`
//! anywhere. Texts of other people must contain neither, or a tag could set an output or hide an error.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use super::escape::{escaped, escaped_lines};

/// Whether a runner of GitHub reads what is printed. The log and the hook of panics have no printer to ask.
static READ: AtomicBool = AtomicBool::new(false);

/// The title of annotations that have no code.
const PROGRAM: &str = "amictl";

/// Begins to annotate, where a runner of GitHub reads what is printed.
pub fn begin(read: bool) {
    READ.store(read, Ordering::Relaxed);
}

/// Whether a runner reads what is printed.
pub fn is_read() -> bool {
    READ.load(Ordering::Relaxed)
}

/// The line of an error with its hint, to be printed before the error itself; nothing without a runner.
pub fn error(code: &str, message: &str, hint: Option<&str>) -> String {
    if !is_read() {
        return String::new();
    }
    let hint = hint.map(|hint| format!("\nhint: {}", escaped(hint))).unwrap_or_default();
    annotation("error", &format!("{PROGRAM}: {code}"), &format!("{}{hint}", escaped_lines(message)))
}

/// The line of a message that is a warning; nothing for others, and without a runner.
pub fn warning(message: &str) -> String {
    match message.strip_prefix("warning: ") {
        Some(text) if is_read() => annotation("warning", PROGRAM, &escaped(text)),
        _ => String::new(),
    }
}

/// The text without commands, if a runner reads it; else the text as it is.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if is_read() { without_commands(text) } else { Cow::Borrowed(text) }
}

/// A command to the runner, on a line of its own.
fn annotation(level: &str, title: &str, message: &str) -> String {
    format!("::{level} title={}::{}\n", encoded(title, "%\r\n:,"), encoded(message, "%\r\n"))
}

/// The text with these characters as the runner decodes them.
fn encoded(text: &str, meant: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if meant.contains(c) {
            // Writing to a String does not fail.
            let _ = write!(shown, "%{:02X}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The text with the character escaped that would make a command of it.
fn without_commands(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive(['\n', '\r']) {
        let rest = line.trim_start();
        let line = if rest.starts_with("::") {
            format!("{}\\u{{3a}}{}", &line[..line.len() - rest.len()], &rest[1..])
        } else {
            line.to_owned()
        };
        shown.push_str(&line.replace("##[", "##\\u{5b}"));
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_annotation_is_one_line_that_the_runner_decodes() {
        assert_eq!(
            annotation("error", "amictl: A,B%", "50 % of web::x,\r\nhint: y\n"),
            "::error title=amictl%3A A%2CB%25::50 %25 of web::x,%0D%0Ahint: y%0A\n"
        );
    }

    #[test]
    fn a_line_that_would_be_a_command_is_shown_escaped() {
        for (text, shown) in [
            ("web-v1  a::b  ##", "web-v1  a::b  ##"),
            ("::set-output name=x::y", "\\u{3a}:set-output name=x::y"),
            ("a\n \t\u{a0}::stop-commands::x\n::\r::b", "a\n \t\u{a0}\\u{3a}:stop-commands::x\n\\u{3a}:\r\\u{3a}:b"),
            ("a ##[add-mask]web", "a ##\\u{5b}add-mask]web"),
            (":::x ###[error]", "\\u{3a}::x ###\\u{5b}error]"),
        ] {
            assert_eq!(without_commands(text), shown);
        }
    }

    #[test]
    fn nothing_is_annotated_without_a_runner() {
        assert_eq!(error("A", "b", None) + &warning("warning: b") + &harmless("::c"), "::c");
    }

    proptest! {
        #[test]
        fn the_runner_finds_no_command(parts in prop::collection::vec(prop::sample::select(
            vec![":", "::", "#", "##[", "[", "\n", "\r", " ", "\t", "error", "]", "\u{2028}"]), 0..30)) {
            let shown = without_commands(&parts.concat()).into_owned();
            prop_assert!(!shown.contains("##["), "{shown:?}");
            prop_assert!(shown.split(['\n', '\r']).all(|line| !line.trim_start().starts_with("::")), "{shown:?}");
        }
    }
}
