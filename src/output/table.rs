//! Tables for terminals and for programs.

use std::borrow::Cow;
use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Color, ColumnConstraint, ContentArrangement, Row, Table};

use super::cut_columns::cut;
use super::escape::{defused, escaped};

/// The space after a column.
pub(super) const GAP: u16 = 2;

/// The meaning of a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// No meaning.
    #[default]
    Plain,
    /// Good.
    Good,
    /// In progress, or notable.
    Notice,
    /// Wrong, or to be removed.
    Bad,
    /// Less important than the rest.
    Faint,
    /// A command line, which a page does not break into lines.
    Command,
    /// Stays as it is, among rows that tell of changes: good, and folded in Markdown.
    Kept,
    /// The same as in the row above: a terminal leaves it out.
    Repeated,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell with a meaning.
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The meaning.
    pub(super) fn tone(&self) -> Tone {
        self.tone
    }

    /// The text for people at a terminal.
    fn shown(&self) -> Cow<'_, str> {
        if self.tone == Tone::Repeated { Cow::Borrowed("") } else { escaped(&self.text) }
    }

    /// The length of the longest word, which cannot be wrapped.
    pub(super) fn longest_word(&self) -> usize {
        self.shown().split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0)
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

/// A table: a header, and rows with the same number of cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// The names of the columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// What it says, in one line, for Markdown; a terminal has it on stderr.
    pub(super) summary: Option<String>,
    /// What else a reader must know, for Markdown; a terminal has it on stderr.
    pub(super) notes: Vec<String>,
}

impl Sheet {
    /// An empty table with these columns.
    pub fn new<T: Into<String>>(header: impl IntoIterator<Item = T>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Adds the line that Markdown begins with. Without it, Markdown counts the rows.
    #[must_use]
    pub fn summed(mut self, summary: impl Into<String>) -> Self {
        self.summary = Some(summary.into());
        self
    }

    /// Adds what a reader of Markdown must know beside the rows, such as places that could not be read.
    #[must_use]
    pub fn noted(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// The table as aligned text, one line per row, cut to `width` columns, if given.
    pub fn render(&self, width: Option<u16>, color: bool) -> String {
        let mut table = Table::new();
        table.load_style(NOTHING);
        if color {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table.set_header(line(&self.header, |h| comfy_table::Cell::new(escaped(h)).add_attribute(Attribute::Bold)));
        for row in &self.rows {
            table.add_row(line(row, styled));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        if let Some(width) = width {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
            self.hold(&mut table, width);
        }
        let mut text = String::new();
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Drops columns, the first named first, until the table fits a terminal of that width.
    pub fn leave_out(&mut self, columns: &[&str], width: u16) {
        for column in columns {
            if self.widths().iter().map(|w| w + usize::from(GAP)).sum::<usize>() <= usize::from(width) {
                return;
            }
            self.remove(column);
        }
    }

    /// The table without these columns.
    #[must_use]
    pub fn without(mut self, columns: &[&str]) -> Self {
        columns.iter().for_each(|column| self.remove(column));
        self
    }

    fn remove(&mut self, column: &str) {
        if let Some(at) = self.header.iter().position(|head| head == column) {
            self.header.remove(at);
            self.rows.iter_mut().for_each(|row| {
                row.remove(at);
            });
        }
    }

    /// Keeps the columns whole that are not to be cut.
    fn hold(&self, table: &mut Table, width: u16) {
        let widths = self.widths();
        let gaps = widths.len() * usize::from(GAP);
        let cut = cut(&widths, usize::from(width).saturating_sub(gaps));
        for (at, column) in table.column_iter_mut().enumerate() {
            if !cut.contains(&at) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
    }

    /// The width of each column without cuts.
    pub(super) fn widths(&self) -> Vec<usize> {
        let of_rows =
            |at: usize| self.rows.iter().filter_map(|row| row.get(at)).map(|c| c.shown().chars().count()).max();
        self.header
            .iter()
            .enumerate()
            .map(|(at, head)| escaped(head).chars().count().max(of_rows(at).unwrap_or(0)))
            .collect()
    }

    /// The table as CSV with a header line.
    pub fn write_csv(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(&self.header).map_err(io_error)?;
        for row in &self.rows {
            for cell in row {
                csv.write_field(defused(&cell.text).as_bytes()).map_err(io_error)?;
            }
            csv.write_record(None::<&[u8]>).map_err(io_error)?;
        }
        Ok(csv.flush()?)
    }
}

/// The writer's own error, which may be a closed pipe; csv hides it.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn line<T>(cells: &[T], show: impl Fn(&T) -> comfy_table::Cell) -> Row {
    let mut row = Row::from(cells.iter().map(show).collect::<Vec<_>>());
    row.max_height(1);
    row
}

pub(super) fn styled(cell: &Cell) -> comfy_table::Cell {
    let shown = comfy_table::Cell::new(cell.shown());
    match cell.tone {
        Tone::Plain | Tone::Repeated => shown,
        Tone::Good | Tone::Kept => shown.fg(Color::Green),
        Tone::Notice => shown.fg(Color::Yellow),
        Tone::Bad => shown.fg(Color::Red),
        Tone::Faint | Tone::Command => shown.add_attribute(Attribute::Dim),
    }
}

/// The width of the terminal in columns.
pub fn terminal_width() -> Option<u16> {
    Table::new().set_content_arrangement(ContentArrangement::Dynamic).width()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new(["NAME", "STATE"]);
        sheet.rows.push(vec!["web-v10-2026-01-02".into(), Cell::toned("available", Tone::Good)]);
        sheet.rows.push(vec!["a\u{1b}[31m".into(), "pending".into()]);
        sheet
    }

    #[test]
    fn columns_are_aligned_and_harmless() {
        insta::assert_snapshot!(sheet().render(None, false));
    }

    #[test]
    fn a_narrow_terminal_gets_one_line_a_row() {
        let text = sheet().render(Some(20), false);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 20), "{text}");
    }

    #[test]
    fn only_the_widest_column_is_cut() {
        let mut sheet = Sheet::new(["ID", "WHY"]);
        sheet.rows.push(vec!["ami-0123456789abcdef0".into(), "for a reason that takes more room than there is".into()]);
        let text = sheet.render(Some(40), false);
        assert!(text.contains("ami-0123456789abcdef0"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    }

    #[test]
    fn columns_are_left_out_in_order_until_the_rest_fits() {
        let mut sheet = Sheet::new(["NAME", "STATE", "AGE", "SIZE"]);
        sheet.rows.push(["web-v10-2026-01-02", "available", "12d", "16 GiB"].map(Cell::from).to_vec());
        let left = |width| {
            let mut sheet = sheet.clone();
            sheet.leave_out(&["SIZE", "AGE"], width);
            sheet.header.join(" ")
        };
        assert_eq!(left(100), "NAME STATE AGE SIZE");
        assert_eq!(left(40), "NAME STATE AGE");
        assert_eq!(left(10), "NAME STATE");
    }

    #[test]
    fn colours_only_where_asked_for() {
        assert!(sheet().render(None, true).contains("\u{1b}["));
        assert!(!sheet().render(None, false).contains('\u{1b}'));
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let mut sheet = Sheet::new(["a", "b"]);
        sheet.rows.push(vec!["x,y".into(), "\"".into()]);
        let mut out = Vec::new();
        sheet.write_csv(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a,b\n\"x,y\",\"\"\"\"\n");
    }

    #[test]
    fn csv_carries_data_that_a_spreadsheet_does_not_run() {
        let mut sheet = Sheet::new(["a", "b", "c", "d"]);
        sheet.rows.push(["=1+1", "-", "-5", "\u{202e}x\n"].map(Cell::from).to_vec());
        let mut out = Vec::new();
        sheet.write_csv(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a,b,c,d\n'=1+1,-,-5,\"\u{202e}x\n\"\n");
    }
}
