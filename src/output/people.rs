//! Tables, trees and pages for people, as text or as Markdown.

use super::annotations::harmless;
use super::markdown;
use super::page::Page;
use super::printer::{FormatChoice, Printer};
use super::table::Sheet;
use super::tree::Tree;

impl Printer {
    /// Writes a table for people: nothing if it has no rows, but for Markdown its summary. A narrow terminal drops the
    /// `dispensable` columns, the first named first.
    pub fn table(&self, mut sheet: Sheet, dispensable: &[&str]) -> anyhow::Result<()> {
        if self.settings.format == FormatChoice::Markdown {
            return self.shown(&markdown::table(&sheet));
        }
        if sheet.rows.is_empty() {
            return Ok(());
        }
        if let Some(width) = self.width {
            sheet.leave_out(dispensable, width);
        }
        self.shown(&sheet.render(self.width, self.color))
    }

    /// Writes a tree for people, as wide as the terminal.
    pub fn tree(&self, tree: &Tree) -> anyhow::Result<()> {
        let text = match self.settings.format {
            FormatChoice::Markdown => markdown::table(&tree.unbreaking()),
            _ => tree.sheet(self.width).render(self.width, self.color),
        };
        self.shown(&text)
    }

    /// Writes a page for people, as wide as the terminal.
    pub fn page(&self, page: &Page) -> anyhow::Result<()> {
        let text = match self.settings.format {
            FormatChoice::Markdown => page.markdown(),
            _ => page.render(self.width, self.color),
        };
        self.shown(&text)
    }

    /// Writes text that is to be copied as it is; in Markdown a block of code.
    pub fn code(&self, text: &str) -> anyhow::Result<()> {
        let fenced = self.settings.format == FormatChoice::Markdown && !text.is_empty();
        self.shown(&if fenced { format!("\n```\n{text}```\n") } else { text.to_owned() })
    }

    /// Writes text in which other people have a say.
    fn shown(&self, text: &str) -> anyhow::Result<()> {
        self.bytes(harmless(text).as_bytes())
    }
}
