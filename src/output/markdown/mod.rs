//! GitHub-flavoured Markdown of the tables for people: job summaries, pull requests, wikis.
//!
//! Texts of other people stay texts: they neither break a table nor become links, mentions, images or HTML.

use super::escape::escaped;
use super::table::{Cell, Sheet, Tone};
use crate::domain::problem::PlaceError;

/// The number of rows from which a table is folded.
const LONG: usize = 50;

/// A table: its summary, its notes, the rows that tell of changes, then those that stay, folded. It ends with an empty
/// line, so that more can follow.
pub fn table(sheet: &Sheet) -> String {
    let mut text = String::new();
    match &sheet.summary {
        Some(summary) => paragraph(summary, &mut text),
        None => paragraph(&counted(sheet.rows.len(), "row"), &mut text),
    }
    notes(&sheet.notes, &mut text);
    let kept = |row: &&Vec<Cell>| row.iter().any(|cell| cell.tone() == Tone::Kept);
    let (stay, others): (Vec<_>, Vec<_>) = sheet.rows.iter().partition(kept);
    let folded = others.len() > LONG;
    block(&sheet.header, &others, folded.then(|| counted(others.len(), "row")), &mut text);
    block(&sheet.header, &stay, Some(format!("{} kept", stay.len())), &mut text);
    text
}

/// A table within a page, without a summary.
pub fn rows(sheet: &Sheet, text: &mut String) {
    let folded = sheet.rows.len() > LONG;
    let all: Vec<_> = sheet.rows.iter().collect();
    block(&sheet.header, &all, folded.then(|| counted(all.len(), "row")), text);
}

/// One line of text.
pub fn paragraph(line: &str, text: &mut String) {
    text.push_str(&inline(line));
    text.push_str("\n\n");
}

/// A heading within a page.
pub fn heading(title: &str, text: &mut String) {
    text.push_str(&format!("**{}**\n\n", inline(title)));
}

/// `no images`, `1 image`, `2 images`.
pub fn counted(count: usize, one: &str) -> String {
    match count {
        0 => format!("no {one}s"),
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    }
}

/// The places that could not be read, as notes.
pub fn unread(errors: &[PlaceError]) -> impl Iterator<Item = String> {
    errors.iter().map(|error| format!("not read: {error}"))
}

/// What else a reader must know, as a list.
pub fn notes(notes: &[String], text: &mut String) {
    for note in notes {
        text.push_str(&format!("- {}\n", inline(note)));
    }
    if !notes.is_empty() {
        text.push('\n');
    }
}

fn block(header: &[String], rows: &[&Vec<Cell>], folded: Option<String>, text: &mut String) {
    if rows.is_empty() {
        return;
    }
    if let Some(title) = &folded {
        // Within HTML, Markdown begins after an empty line.
        text.push_str(&format!("<details><summary>{title}</summary>\n\n"));
    }
    line(header.iter().map(|head| inline(head)), text);
    line(header.iter().map(|_| "---".to_owned()), text);
    rows.iter().for_each(|row| line(row.iter().map(|cell| inline(cell.text())), text));
    text.push_str(if folded.is_some() { "\n</details>\n\n" } else { "\n" });
}

fn line(cells: impl Iterator<Item = String>, text: &mut String) {
    text.push('|');
    cells.for_each(|cell| text.push_str(&format!(" {cell} |")));
    text.push('\n');
}

/// A text on one line that Markdown shows as it is.
fn inline(text: &str) -> String {
    let text = escaped(text);
    // Two of them make a formula of what is between them.
    let formula = text.matches('$').count() > 1;
    let mut shown = String::with_capacity(text.len() + 8);
    let mut rest = text.as_ref();
    let mut before = None;
    while !rest.is_empty() {
        let (word, after) = first_word(rest);
        if is_linked(word) {
            shown.push_str(&format!("`{word}`"));
        } else {
            let mut chars = word.chars().peekable();
            while let Some(c) = chars.next() {
                let next = chars.peek().copied().or(after.chars().next());
                literal(c, before, next, formula, &mut shown);
                before = Some(c);
            }
        }
        let mut chars = after.chars();
        let between = chars.next();
        rest = chars.as_str();
        if let Some(c) = between {
            let code = is_linked(first_word(rest).0);
            let next = if code { Some('`') } else { rest.chars().next() };
            literal(c, word.chars().last().or(before), next, formula, &mut shown);
            before = Some(c);
        }
    }
    shown
}

/// The characters up to the first that is in no word, and the others.
fn first_word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !in_word(c)).unwrap_or(text.len()))
}

/// Writes one character so that it has no meaning for Markdown.
fn literal(c: char, before: Option<char>, next: Option<char>, formula: bool, shown: &mut String) {
    let inside_word = [before, next].iter().all(|c| c.is_some_and(char::is_alphanumeric));
    match c {
        '&' => shown.push_str("&amp;"),
        '<' => shown.push_str("&lt;"),
        '>' => shown.push_str("&gt;"),
        '`' => shown.push_str("&#96;"),
        '$' if formula => shown.push_str("&#36;"),
        '\\' if next.is_none_or(|next| next.is_ascii_punctuation()) => shown.push_str("&#92;"),
        '_' if inside_word => shown.push(c),
        '|' | '*' | '_' | '[' | ']' | '~' => shown.extend(['\\', c]),
        _ => shown.push(c),
    }
}

/// Whether a character may be in a link, a mention or the name of an emoji. None of these has a meaning in code.
fn in_word(c: char) -> bool {
    c.is_alphanumeric() || "@#:/.+-_%=?".contains(c)
}

/// Whether GitHub would make something else of a word: a link, a mention, a reference to an issue, an emoji. Only code
/// prevents that: these are found after escapes are resolved.
fn is_linked(word: &str) -> bool {
    let parts: Vec<&str> = word.split(':').collect();
    let names = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
    let emoji = |name: &&str| name.contains(|c: char| c.is_ascii_alphabetic() || matches!(c, '+' | '-'));
    word.contains(['@', '#']) || word.contains("://") || word.contains("www.") || names.iter().any(emoji)
}

#[cfg(test)]
mod tests;
