//! The printer: data to stdout, messages to stderr, progress to a terminal.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use clap::ValueEnum;
use serde::Serialize;
use thiserror::Error;

use super::annotations::{self, harmless};
use super::escape::escaped;
use super::json::document;
use super::progress::Bars;
use super::query::{AnswerStyle, Expression};
use super::table::{self, Sheet};
use crate::domain::failure::Failure;

/// The error of output that stdout does not take, such as that of a full disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("cannot write to stdout")]
pub struct Unwritten;

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
    /// The file that gets what is printed as Markdown too.
    pub summary: Option<PathBuf>,
}

/// The printer of a run.
pub struct Printer {
    pub(super) settings: Settings,
    on_terminal: bool,
    pub(super) color: bool,
    pub(super) width: Option<u16>,
    bars: Bars,
    query_failed: AtomicBool,
    file: Option<PathBuf>,
    summary: Option<Box<Printer>>,
}

impl Printer {
    /// A printer for this process's stdout and stderr.
    pub fn new(mut settings: Settings) -> Self {
        let on_terminal = io::stdout().is_terminal();
        let color = match settings.color {
            ColorChoice::Auto => on_terminal && !settings.plain_terminal,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        let width = on_terminal.then(table::terminal_width).flatten();
        let show_progress = io::stderr().is_terminal() && !settings.quiet && !settings.no_progress;
        let bars = Bars::new(show_progress);
        let summary = settings.summary.take().map(|file| Box::new(Self::of_summary(file)));
        let query_failed = AtomicBool::new(false);
        Self { settings, on_terminal, color, width, bars, query_failed, file: None, summary }
    }

    /// The printer of the summary: Markdown into a file.
    fn of_summary(file: PathBuf) -> Self {
        let settings =
            Settings { format: FormatChoice::Markdown, quiet: true, no_progress: true, ..Settings::default() };
        Self { file: Some(file), on_terminal: false, color: false, width: None, ..Self::new(settings) }
    }

    /// Writes what a renderer gives, and once more as Markdown where there is a summary.
    pub fn each(&self, render: impl Fn(&Self) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let written = render(self);
        if let Some(Err(why)) = self.summary.as_deref().map(render) {
            self.tell(&format!("warning: the summary could not be written: {why:#}"));
        }
        written
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
            let text = escaped(text);
            // Ignored if stderr is closed.
            let _ = write!(io::stderr(), "{}\n{}", harmless(&text), annotations::warning(&text));
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
        self.bytes(&answer)
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
        let written = data(&mut out).and_then(|()| Ok(out.flush()?));
        written.map_err(|error| {
            match error.chain().any(|cause| cause.is::<io::Error>() || cause.is::<serde_json::Error>()) {
                true => error.context(Unwritten),
                false => error,
            }
        })
    }

    /// Writes a table for programs.
    pub fn csv(&self, sheet: &Sheet) -> anyhow::Result<()> {
        self.write(|out| sheet.write_csv(out))
    }

    /// Writes text that has no JSON document, so that `--query` is a usage error.
    pub fn text(&self, text: &[u8]) -> anyhow::Result<()> {
        if self.settings.query.is_some() {
            let why = "--query works on a JSON document, and this command prints none";
            return Err(Failure::usage(why).hint("leave --query out").into());
        }
        self.bytes(text)
    }

    /// Writes to stdout, or to the file of the summary.
    pub(super) fn bytes(&self, text: &[u8]) -> anyhow::Result<()> {
        if let Some(file) = &self.file {
            return Ok(OpenOptions::new().append(true).create(true).open(file)?.write_all(text)?);
        }
        let mut out = io::stdout().lock();
        out.write_all(text).and_then(|()| out.flush()).context(Unwritten)
    }
}
