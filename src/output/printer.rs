//! The printer: data to stdout, messages to stderr, progress to a terminal.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use serde::Serialize;

use super::escape::escaped;
use super::json::document;
use super::markdown;
use super::page::Page;
use super::progress::Bars;
use super::query::{AnswerStyle, Expression};
use super::table::{self, Sheet};
use super::tree::Tree;
use crate::domain::failure::Failure;

/// The number of bytes per write: the capacity of a pipe.
pub const AT_ONCE: usize = 64 * 1024;

/// The user's choice of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum FormatChoice {
    /// For people at a terminal.
    #[default]
    Table,
    /// One document with a version.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// With a header line.
    Csv,
    /// One id a line.
    Ids,
    /// For people on a web page.
    Markdown,
    /// For Graphviz; of `lineage` only, and on the command line only.
    #[value(hide = true)]
    Dot,
    /// For code scanning; of `audit` only, and on the command line only.
    #[value(hide = true)]
    Sarif,
}

impl FormatChoice {
    /// Its name, if it writes something else than the whole document: `--query` has nothing to work on.
    pub fn without_document(self) -> Option<&'static str> {
        match self {
            Self::Table | Self::Json => None,
            Self::Jsonl => Some("jsonl"),
            Self::Csv => Some("csv"),
            Self::Ids => Some("ids"),
            Self::Markdown => Some("markdown"),
            Self::Dot => Some("dot"),
            Self::Sarif => Some("sarif"),
        }
    }

    /// The command that alone has it, with the name of the format.
    pub fn of_one_command(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Dot => Some(("lineage", "dot")),
            Self::Sarif => Some(("audit", "sarif")),
            Self::Table | Self::Json | Self::Jsonl | Self::Csv | Self::Ids | Self::Markdown => None,
        }
    }
}

/// What a renderer gives to the printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table or a page for people, which the printer writes as text or as Markdown.
    Table,
    /// One document with a version.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// With a header line.
    Csv,
    /// One id a line.
    Ids,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The settings of the printer: the user's options and the kind of terminal.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// How data is written.
    pub format: FormatChoice,
    /// What is to be printed of the JSON document.
    pub query: Option<Expression>,
    /// When to use colours.
    pub color: ColorChoice,
    /// No messages on stderr.
    pub quiet: bool,
    /// No progress bars.
    pub no_progress: bool,
    /// Whether `NO_COLOR` is set, or the terminal is a dumb one.
    pub plain_terminal: bool,
}

/// The printer of a run.
pub struct Printer {
    settings: Settings,
    on_terminal: bool,
    pub(super) color: bool,
    width: Option<u16>,
    bars: Bars,
    query_failed: AtomicBool,
}

impl Printer {
    /// A printer for this process's stdout and stderr.
    pub fn new(settings: Settings) -> Self {
        let on_terminal = io::stdout().is_terminal();
        let color = match settings.color {
            ColorChoice::Auto => on_terminal && !settings.plain_terminal,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        let width = on_terminal.then(table::terminal_width).flatten();
        let show_progress = io::stderr().is_terminal() && !settings.quiet && !settings.no_progress;
        let bars = Bars::new(show_progress);
        Self { settings, on_terminal, color, width, bars, query_failed: AtomicBool::new(false) }
    }

    /// The progress bars of the run; hidden without a terminal.
    pub fn bars(&self) -> &Bars {
        &self.bars
    }

    /// Prints a message, unless the user wants quiet.
    pub fn say(&self, text: impl AsRef<str>) {
        if !self.settings.quiet {
            self.tell(text.as_ref());
        }
    }

    /// Prints a message even with `--quiet`.
    pub fn tell(&self, text: &str) {
        self.bars.around(|| {
            // Ignored if stderr is closed.
            let _ = writeln!(io::stderr(), "{}", escaped(text));
        });
    }

    /// Writes a whole line to stderr as it is, at once and even with `--quiet`.
    pub fn log(&self, line: &[u8]) -> io::Result<()> {
        self.bars.around(|| io::stderr().write_all(line))
    }

    /// What the renderers give.
    pub fn format(&self) -> Format {
        match self.settings.format {
            _ if self.settings.query.is_some() => Format::Json,
            FormatChoice::Table | FormatChoice::Markdown | FormatChoice::Dot => Format::Table,
            FormatChoice::Json | FormatChoice::Sarif => Format::Json,
            FormatChoice::Jsonl => Format::Jsonl,
            FormatChoice::Csv => Format::Csv,
            FormatChoice::Ids => Format::Ids,
        }
    }

    /// Whether the user chose this format.
    pub fn chose(&self, format: FormatChoice) -> bool {
        self.settings.format == format
    }

    /// Whether the error that ends the run is written as JSON.
    pub fn errors_as_json(&self) -> bool {
        self.settings.format == FormatChoice::Json
    }

    /// Whether `--query` failed on a document.
    pub fn query_failed(&self) -> bool {
        self.query_failed.load(Ordering::Relaxed)
    }

    /// Writes one JSON document, or what `--query` finds in it.
    pub fn json(&self, document: &impl Serialize) -> anyhow::Result<()> {
        self.document(|mut out| {
            document::write(&mut out, document)?;
            Ok(out.write_all(b"\n")?)
        })
    }

    /// Writes the JSON document that `data` writes, or what `--query` finds in it.
    pub fn document(&self, data: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let Some(query) = &self.settings.query else { return self.write(|out| data(out)) };
        let mut document = Vec::new();
        data(&mut document)?;
        let style = match (self.settings.format, self.on_terminal) {
            (FormatChoice::Json, _) => AnswerStyle::Json,
            (_, false) => AnswerStyle::Raw,
            (_, true) => AnswerStyle::Escaped,
        };
        let answer = query.answer(&document, style).unwrap_or_else(|why| {
            self.query_failed.store(true, Ordering::Relaxed);
            self.tell(&format!("warning: --query {why}; this is the whole document"));
            document
        });
        Ok(self.bytes(&answer)?)
    }

    /// Writes one JSON object per line.
    pub fn jsonl<T: Serialize>(&self, items: impl IntoIterator<Item = T>) -> anyhow::Result<()> {
        self.write(|out| {
            items.into_iter().try_for_each(|item| {
                document::write(&mut *out, &item)?;
                Ok(out.write_all(b"\n")?)
            })
        })
    }

    /// Writes one id per line.
    pub fn ids<T: Display>(&self, ids: impl IntoIterator<Item = T>) -> anyhow::Result<()> {
        self.write(|out| Ok(ids.into_iter().try_for_each(|id| writeln!(out, "{id}"))?))
    }

    /// Writes to stdout, many bytes at a time.
    pub fn write(&self, data: impl FnOnce(&mut BufWriter<StdoutLock>) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut out = BufWriter::with_capacity(AT_ONCE, io::stdout().lock());
        data(&mut out)?;
        Ok(out.flush()?)
    }

    /// Writes a table for programs.
    pub fn csv(&self, sheet: &Sheet) -> anyhow::Result<()> {
        self.write(|out| sheet.write_csv(out))
    }

    /// Writes a table for people: nothing if it has no rows, but for Markdown its summary. A narrow terminal drops the
    /// `dispensable` columns, the first named first.
    pub fn table(&self, mut sheet: Sheet, dispensable: &[&str]) -> anyhow::Result<()> {
        if self.settings.format == FormatChoice::Markdown {
            return Ok(self.bytes(markdown::table(&sheet).as_bytes())?);
        }
        if sheet.rows.is_empty() {
            return Ok(());
        }
        if let Some(width) = self.width {
            sheet.leave_out(dispensable, width);
        }
        Ok(self.bytes(sheet.render(self.width, self.color).as_bytes())?)
    }

    /// Writes a tree for people, as wide as the terminal.
    pub fn tree(&self, tree: &Tree) -> anyhow::Result<()> {
        let text = match self.settings.format {
            FormatChoice::Markdown => markdown::table(&tree.unbreaking()),
            _ => tree.sheet(self.width).render(self.width, self.color),
        };
        Ok(self.bytes(text.as_bytes())?)
    }

    /// Writes a page for people, as wide as the terminal.
    pub fn page(&self, page: &Page) -> anyhow::Result<()> {
        let text = match self.settings.format {
            FormatChoice::Markdown => page.markdown(),
            _ => page.render(self.width, self.color),
        };
        Ok(self.bytes(text.as_bytes())?)
    }

    /// Writes text that has no JSON document, so that `--query` is a usage error.
    pub fn text(&self, text: &[u8]) -> anyhow::Result<()> {
        if self.settings.query.is_some() {
            let why = "--query works on a JSON document, and this command prints none";
            return Err(Failure::usage(why).hint("leave --query out").into());
        }
        Ok(self.bytes(text)?)
    }

    /// Writes text that is to be copied as it is; in Markdown a block of code.
    pub fn code(&self, text: &str) -> io::Result<()> {
        let fenced = self.settings.format == FormatChoice::Markdown && !text.is_empty();
        self.bytes(if fenced { format!("\n```\n{text}```\n") } else { text.to_owned() }.as_bytes())
    }

    fn bytes(&self, text: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text)?;
        out.flush()
    }
}
