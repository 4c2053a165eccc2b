//! `--query`: a JMESPath expression on the JSON document of a command.

mod functions;
mod syntax;
mod value;

use std::str::FromStr;
use std::{panic, thread};

use jmespath::{Context, Variable, interpret};
use thiserror::Error;

use self::value::{KeyOrder, Ordered};
use super::escape::escaped;
use super::json::document;

/// The stack for the longest expression: the crate descends it for each bracket.
const STACK: usize = 128 << 20;

/// A JMESPath expression that parses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(String);

/// An expression that does not parse, with the place in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unparsable(String);

/// How strings, numbers and lists of them are written; all else is JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerStyle {
    /// As JSON.
    Json,
    /// Bare, one a line, as they are.
    Raw,
    /// Bare, one a line, with invisible characters escaped for a terminal.
    Escaped,
}

impl FromStr for Expression {
    type Err = Unparsable;

    fn from_str(text: &str) -> Result<Self, Unparsable> {
        match deep(|| syntax::parse(text, &functions::runtime()).map(drop)) {
            Ok(()) => Ok(Self(text.to_owned())),
            Err(why) => Err(Unparsable(why)),
        }
    }
}

impl Expression {
    /// What the expression finds in a JSON document, or why it fails on it.
    pub fn answer(&self, document: &[u8], style: AnswerStyle) -> Result<Vec<u8>, String> {
        deep(|| self.find(document, style))
    }

    fn find(&self, document: &[u8], style: AnswerStyle) -> Result<Vec<u8>, String> {
        let runtime = functions::runtime();
        let parsed = syntax::parse(&self.0, &runtime)?;
        let (data, mut order) = value::read(document).map_err(|error| format!("cannot read the document: {error}"))?;
        let mut context = Context::new(&self.0, &runtime);
        let found = interpret(&data, &parsed.tree, &mut context).map_err(|error| syntax::at_run_time(&error))?;
        parsed.objects.into_iter().for_each(|keys| order.put(keys));
        write(&found, &order, style)
    }
}

/// Does the work on a stack of its own.
fn deep<T: Send>(work: impl Fn() -> T + Sync) -> T {
    thread::scope(|scope| match thread::Builder::new().stack_size(STACK).spawn_scoped(scope, &work) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
        // The system allows no more threads.
        Err(_) => work(),
    })
}

fn write(found: &Variable, order: &KeyOrder, style: AnswerStyle) -> Result<Vec<u8>, String> {
    let bare = |value: &Variable| match value {
        Variable::String(text) if style == AnswerStyle::Escaped => Some(escaped(text).into_owned()),
        Variable::String(text) => Some(text.clone()),
        Variable::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let lines: Option<Vec<String>> = match found {
        _ if style == AnswerStyle::Json => None,
        Variable::Null => Some(Vec::new()),
        Variable::Array(items) => items.iter().map(|item| bare(item)).collect(),
        one => bare(one).map(|line| vec![line]),
    };
    let mut text = Vec::new();
    match lines {
        Some(lines) => lines.iter().for_each(|line| {
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }),
        None => {
            document::write(&mut text, &Ordered(found, order)).map_err(|error| format!("finds {error}"))?;
            text.push(b'\n');
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
