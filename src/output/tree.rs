//! Trees for a terminal: branches before the names, and names cut in the middle so that the rest fits.

use std::borrow::Cow;

use super::escape::escaped;
use super::table::{Cell, GAP, Sheet, Tone};

/// The room for the first column while it is decided which other columns fit.
const NARROW: usize = 24;
/// The least room for the first column.
const NARROWEST: usize = 14;

/// A table whose first column is a tree.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The names of the columns.
    pub header: Vec<&'static str>,
    /// The rows, parents before children.
    pub rows: Vec<TreeRow>,
    /// The columns that a narrow terminal drops, the first named first.
    pub dispensable: &'static [&'static str],
    /// What it says, in one line, for Markdown.
    pub summary: String,
    /// What else a reader of Markdown must know.
    pub notes: Vec<String>,
}

/// A row of a tree.
#[derive(Debug, Clone)]
pub struct TreeRow {
    /// The number of rows above it in the tree.
    pub depth: usize,
    /// The name.
    pub name: String,
    /// Whether it is the one in question.
    pub marked: bool,
    /// The other cells.
    pub cells: Vec<Cell>,
}

impl Tree {
    /// The tree as a table, within a width if there is one.
    pub fn sheet(&self, width: Option<u16>) -> Sheet {
        let branches = branches(self.rows.iter().map(|row| row.depth));
        let drawn = |room: Option<usize>| -> Vec<String> {
            branches.iter().zip(&self.rows).map(|(branch, row)| row.drawn(branch, room)).collect()
        };
        let mut sheet = Sheet::new(self.header.iter().copied());
        let first = drawn(width.map(|_| NARROW));
        let cell = |(text, row): (String, &TreeRow)| {
            let tone = if row.marked { Tone::Good } else { Tone::Plain };
            std::iter::once(Cell::toned(text, tone)).chain(row.cells.iter().cloned()).collect()
        };
        sheet.rows = first.into_iter().zip(&self.rows).map(cell).collect();
        if let Some(width) = width {
            sheet.leave_out(self.dispensable, width);
            let others: usize = sheet.widths().iter().skip(1).map(|width| width + usize::from(GAP)).sum();
            let room = usize::from(width).saturating_sub(others + usize::from(GAP)).max(NARROWEST);
            for (row, text) in sheet.rows.iter_mut().zip(drawn(Some(room))) {
                if let Some(first) = row.first_mut() {
                    *first = Cell::toned(text, first.tone());
                }
            }
        }
        sheet.summed(self.summary.clone()).noted(self.notes.iter().cloned())
    }
}

impl Tree {
    /// The tree as a table for Markdown, which shows several blanks as one: those of the branches do not break.
    pub fn unbreaking(&self) -> Sheet {
        let mut sheet = self.sheet(None);
        for (row, branch) in sheet.rows.iter_mut().zip(branches(self.rows.iter().map(|row| row.depth))) {
            if let Some(first) = row.first_mut() {
                let name = first.text().split_at(branch.len()).1;
                *first = Cell::toned(branch.replace(' ', "\u{a0}") + name, first.tone());
            }
        }
        sheet
    }
}

impl TreeRow {
    /// The branch and the name, within `room` if there is one.
    fn drawn(&self, branch: &str, room: Option<usize>) -> String {
        let (name, mark) = (escaped(&self.name), if self.marked { " ←" } else { "" });
        let Some(room) = room else { return format!("{branch}{name}{mark}") };
        // Of a deep tree the branches nearest to the name tell most.
        let branch = last(branch, room / 3);
        let room = room.saturating_sub(branch.chars().count() + mark.chars().count());
        format!("{branch}{}{mark}", cut(&name, room))
    }
}

/// The lines before the names of a tree in which each row has this depth.
pub fn branches(depths: impl DoubleEndedIterator<Item = usize>) -> Vec<String> {
    // From the last row up: whether more follows at each depth.
    let mut more: Vec<bool> = Vec::new();
    let mut branches: Vec<String> = Vec::new();
    for depth in depths.rev() {
        more.resize(depth + 1, false);
        let mut branch: String =
            more.iter().take(depth).skip(1).map(|more| if *more { "│  " } else { "   " }).collect();
        if depth > 0 {
            branch.push_str(if more[depth] { "├─ " } else { "└─ " });
        }
        more[depth] = true;
        branches.push(branch);
    }
    branches.reverse();
    branches
}

/// The end of a text, with a sign that something is left out.
fn last(text: &str, room: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= room {
        return Cow::Borrowed(text);
    }
    Cow::Owned(std::iter::once('…').chain(text.chars().skip(length + 1 - room.max(1))).collect())
}

/// A text cut in the middle: the beginnings of names are alike, and so are their ends.
fn cut(text: &str, room: usize) -> Cow<'_, str> {
    let length = text.chars().count();
    if length <= room {
        return Cow::Borrowed(text);
    }
    let left = room.saturating_sub(1);
    let (head, tail) = (left.div_ceil(2), left / 2);
    Cow::Owned(text.chars().take(head).chain(['…']).chain(text.chars().skip(length - tail)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(depths: &[usize]) -> Tree {
        let row = |(n, depth): (usize, &usize)| TreeRow {
            depth: *depth,
            name: format!("golden-base-image-of-the-platform-team-v{n}-2026-01-02"),
            marked: n == 1,
            cells: vec!["ami-0123456789abcdef0".into(), "us-east-1".into(), "available".into()],
        };
        Tree {
            header: vec!["IMAGE", "ID", "REGION", "STATE"],
            rows: depths.iter().enumerate().map(row).collect(),
            dispensable: &["REGION", "STATE"],
            ..Tree::default()
        }
    }

    #[test]
    fn branches_lead_to_each_name() {
        let drawn = branches([0, 1, 2, 2, 1, 2].into_iter());
        assert_eq!(drawn, ["", "├─ ", "│  ├─ ", "│  └─ ", "└─ ", "   └─ "]);
        assert!(branches(std::iter::empty()).is_empty());
    }

    #[test]
    fn a_tree_fits_and_names_are_cut_in_the_middle() {
        let tree = tree(&[0, 1, 2]);
        let wide = tree.sheet(None).render(None, false);
        assert!(wide.contains("└─ golden-base-image-of-the-platform-team-v1-2026-01-02 ←"), "{wide}");
        for width in [40, 60, 80] {
            let text = tree.sheet(Some(width)).render(Some(width), false);
            assert!(tree.sheet(Some(width)).header.contains(&"ID".to_owned()), "{width}");
            assert_eq!(text.matches("ami-0123456789abcdef0").count(), 3, "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{width}:\n{text}");
            assert_eq!(text.lines().count(), 4, "{text}");
            assert!(text.contains("…") && text.contains("2 ←") && text.contains("└─ g"), "{text}");
        }
        assert_eq!(tree.sheet(Some(40)).header, ["IMAGE", "ID"]);
        assert_eq!(tree.sheet(Some(70)).header, ["IMAGE", "ID", "STATE"]);
    }

    #[test]
    fn markdown_keeps_the_branches() {
        let sheet = tree(&[0, 1, 2]).unbreaking();
        let names: Vec<_> = sheet.rows.iter().map(|row| row[0].text().chars().take(7).collect::<String>()).collect();
        assert_eq!(names, ["golden-", "└─\u{a0}gold", "\u{a0}\u{a0}\u{a0}└─\u{a0}g"]);
    }

    #[test]
    fn a_deep_tree_still_shows_names() {
        let tree = tree(&(0..60).collect::<Vec<_>>());
        let text = tree.sheet(Some(60)).render(Some(60), false);
        let deepest = text.lines().last().unwrap();
        assert!(deepest.starts_with('…') && deepest.contains("└─ golden"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
    }

    #[test]
    fn what_steers_a_terminal_is_shown() {
        let mut tree = tree(&[0]);
        tree.rows[0].name = "a\u{1b}[31m\n".to_owned();
        let text = tree.sheet(Some(80)).render(Some(80), false);
        assert!(text.contains("a\\u{1b}[31m\\n"), "{text}");
    }

    #[test]
    fn a_cut_keeps_beginning_and_end() {
        for (room, said) in [(9, "web-v1-02"), (8, "web-…-02"), (3, "w…2"), (2, "w…"), (1, "…"), (0, "…")] {
            assert_eq!(cut("web-v1-02", room), said);
        }
    }
}
