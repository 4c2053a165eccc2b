//! A page for people: sections of aligned lines and of small tables.

use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};

use super::markdown;
use super::table::{Cell, Sheet, Tone, styled};

/// The indentation of a section.
const INDENT: u16 = 2;
/// The width of the column of names, with the space after it.
const NAMES: u16 = 16;

/// A page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    sections: Vec<Section>,
    summary: Option<String>,
    notes: Vec<String>,
}

#[derive(Debug, Clone)]
struct Section {
    title: &'static str,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    /// A name and its values, one per line.
    Lines(&'static str, Vec<Cell>),
    /// A name, and below it its values, each on a line of its own.
    Below(&'static str, Vec<Cell>),
    /// A table, and the columns to drop on a narrow terminal.
    Table(Sheet, &'static [&'static str]),
}

impl Page {
    /// Begins a section.
    pub fn section(&mut self, title: &'static str) {
        self.sections.push(Section { title, parts: Vec::new() });
    }

    /// Sets the line that Markdown begins with.
    pub fn summed(&mut self, summary: impl Into<String>) {
        self.summary = Some(summary.into());
    }

    /// Adds what a reader of Markdown must know beside the sections; a terminal has it on stderr.
    pub fn noted(&mut self, notes: impl IntoIterator<Item = String>) {
        self.notes.extend(notes);
    }

    /// Adds a line to the section.
    pub fn line(&mut self, name: &'static str, value: impl Into<Cell>) {
        self.lines(name, [value]);
    }

    /// Adds one line for each value, the first with the name.
    pub fn lines<T: Into<Cell>>(&mut self, name: &'static str, values: impl IntoIterator<Item = T>) {
        if let Some(section) = self.sections.last_mut() {
            section.parts.push(Part::Lines(name, values.into_iter().map(Into::into).collect()));
        }
    }

    /// Adds a line with the name, and below it one for each value.
    pub fn below(&mut self, name: &'static str, values: Vec<Cell>) {
        if let Some(section) = self.sections.last_mut() {
            section.parts.push(Part::Below(name, values));
        }
    }

    /// Adds a table to the section. A narrow terminal drops the `dispensable` columns, the first named first.
    pub fn table(&mut self, sheet: Sheet, dispensable: &'static [&'static str]) {
        if let Some(section) = self.sections.last_mut() {
            section.parts.push(Part::Table(sheet, dispensable));
        }
    }

    /// The page as text. With a width, values wrap within it and tables are cut to it.
    pub fn render(&self, width: Option<u16>, color: bool) -> String {
        let mut text = String::new();
        for section in &self.sections {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&Sheet::new([section.title]).render(None, color));
            for (at, part) in section.parts.iter().enumerate() {
                match part {
                    Part::Lines(name, values) => write(name, values, width, color, &mut text),
                    Part::Below(name, values) => below(name, values, width, color, &mut text),
                    Part::Table(sheet, dispensable) => {
                        // A table that follows a line belongs to it.
                        let indent = if at > 0 { 2 * INDENT } else { INDENT };
                        let inner = width.map(|width| width.saturating_sub(indent));
                        let mut sheet = sheet.clone();
                        if let Some(inner) = inner {
                            sheet.leave_out(dispensable, inner);
                        }
                        indented(&sheet.render(inner, color), indent, &mut text);
                    }
                }
            }
        }
        text
    }

    /// The page as Markdown: a table for the lines of a section, titled by it, and its other tables below.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        self.summary.iter().for_each(|summary| markdown::paragraph(summary, &mut text));
        markdown::notes(&self.notes, &mut text);
        for section in &self.sections {
            if matches!(section.parts.first(), Some(Part::Table(..))) {
                markdown::heading(section.title, &mut text);
            }
            let mut lines = Sheet::new([section.title, ""]);
            for part in &section.parts {
                match part {
                    Part::Lines(name, values) | Part::Below(name, values) => {
                        lines.rows.extend(values.iter().enumerate().map(|(at, value)| {
                            let name = if at == 0 { Cell::from(*name) } else { Cell::default() };
                            vec![name, value.clone()]
                        }));
                    }
                    Part::Table(sheet, _) => {
                        flush(&mut lines, &mut text);
                        markdown::rows(sheet, &mut text);
                    }
                }
            }
            flush(&mut lines, &mut text);
        }
        text
    }
}

/// The lines of a section as a table; a further value has no name beside it.
fn flush(lines: &mut Sheet, text: &mut String) {
    markdown::rows(lines, text);
    lines.rows.clear();
}

/// Writes values next to their name, or below it if one would be split: half an ARN is useless.
fn write(name: &str, values: &[Cell], width: Option<u16>, color: bool, text: &mut String) {
    let less = |by: u16| width.map(|width| width.saturating_sub(by));
    let fits = |value: &Cell| less(INDENT + NAMES).is_none_or(|room| value.longest_word() <= usize::from(room));
    if values.iter().all(fits) {
        for (at, value) in values.iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            indented(&row(&[(name, NAMES)], value, less(INDENT), color), INDENT, text);
        }
        return;
    }
    below(name, values, width, color, text);
}

/// Writes values below their name.
fn below(name: &str, values: &[Cell], width: Option<u16>, color: bool, text: &mut String) {
    indented(name, INDENT, text);
    for value in values {
        let inner = width.map(|width| width.saturating_sub(2 * INDENT)).filter(|_| value.tone() != Tone::Command);
        indented(&row(&[], value, inner, color), 2 * INDENT, text);
    }
}

fn indented(block: &str, indent: u16, text: &mut String) {
    for line in block.lines() {
        text.push_str(&" ".repeat(usize::from(indent)));
        text.push_str(line);
        text.push('\n');
    }
}

/// A value after columns of fixed width, wrapped to the width, if given.
fn row(before: &[(&str, u16)], value: &Cell, width: Option<u16>, color: bool) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    if color {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.add_row(before.iter().map(|(text, _)| comfy_table::Cell::new(text)).chain([styled(value)]));
    for column in table.column_iter_mut() {
        column.set_padding((0, 0));
    }
    for (column, (_, width)) in table.column_iter_mut().zip(before) {
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(*width)));
    }
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:kms:us-east-1:111111111111:key/4587530a-0000-4000-8000-0000d116f4ca";

    fn page() -> Page {
        let mut page = Page::default();
        page.section("Identity");
        page.line("Name", "web-v1-2026-01-02");
        page.lines("Tags", ["Name=web", "Note=more words than fit into a line of a narrow terminal"]);
        page.line("Key", Cell::toned(ARN, Tone::Good));
        page.section("Use");
        page.line("In use", "yes");
        let mut sheet = Sheet::new(["ID", "DETAIL"]);
        sheet.rows.push(vec!["i-0123456789abcdef0".into(), "for a reason that takes more room than there is".into()]);
        page.table(sheet, &[]);
        page
    }

    #[test]
    fn values_are_aligned_below_their_titles() {
        insta::assert_snapshot!(page().render(None, false));
    }

    #[test]
    fn markdown_has_a_table_for_each_section() {
        let mut page = page();
        page.summed("Image web-v1-2026-01-02");
        page.section("Volumes");
        let mut sheet = Sheet::new(["DEVICE"]);
        sheet.rows.push(vec!["/dev/xvda".into()]);
        page.table(sheet, &[]);
        insta::assert_snapshot!(page.markdown());
    }

    #[test]
    fn a_narrow_terminal_gets_wrapped_values_and_cut_tables() {
        insta::assert_snapshot!(page().render(Some(60), false));
        for width in [20, 30, 40, 80, 120] {
            let text = page().render(Some(width), false);
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width).max(34)), "{width}\n{text}");
        }
    }

    #[test]
    fn what_would_be_torn_goes_below_its_name() {
        let beside = page().render(Some(120), false);
        assert!(beside.contains(&format!("  Key             {ARN}\n")), "{beside}");
        let below = page().render(Some(80), false);
        assert!(below.contains(&format!("  Key\n    {ARN}\n")), "{below}");
    }

    #[test]
    fn colours_and_steering_characters_only_where_they_belong() {
        let mut page = page();
        page.line("Name", "a\u{1b}[2Jb");
        assert!(page.render(None, true).contains("\u{1b}["));
        assert!(!page.render(None, false).contains('\u{1b}'));
        assert!(!page.render(None, true).contains("\u{1b}[2J"));
    }
}
