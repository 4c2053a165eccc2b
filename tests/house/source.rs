//! One parsed source file: the names it uses, its items, modules and strings, each with its line.

use proc_macro2::TokenStream;

use crate::reader;
use crate::tokens::{self, Token};

/// Where something stands in a file.
#[derive(Debug, Clone)]
pub struct Place {
    pub line: usize,
    /// In code for unit tests.
    pub test: bool,
    /// The modules that are written out in the file and hold it.
    pub within: Vec<String>,
}

/// A name as it is written, `use` groups written out.
#[derive(Debug)]
pub struct Name {
    pub place: Place,
    pub path: Vec<String>,
    pub role: Role,
}

#[derive(Debug)]
pub enum Role {
    /// Named in code.
    Code,
    /// Imported under this name.
    Import(String),
    /// `use path::*`
    Glob,
}

/// Anything with a name that a module holds.
#[derive(Debug)]
pub struct Item {
    pub place: Place,
    pub name: String,
    pub kind: Kind,
    /// Visible outside of its module.
    pub public: bool,
    /// The variants of an enum.
    pub variants: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Type,
    /// A constant of type `usize`.
    Count,
    Other,
}

/// `mod name;`
#[derive(Debug)]
pub struct Child {
    pub place: Place,
    pub name: String,
    /// What its `#[path]` says.
    pub path: Option<String>,
}

/// A string and the constant that it is part of.
#[derive(Debug)]
pub struct Text {
    pub place: Place,
    pub value: String,
    pub constant: Option<String>,
}

/// All of a file that rules ask for. Syntax trees stay in the thread that parses, this does not.
#[derive(Debug, Default)]
pub struct Source {
    /// From the root of the repository, with `/`.
    pub path: String,
    pub text: String,
    pub tokens: Vec<Token>,
    pub names: Vec<Name>,
    pub items: Vec<Item>,
    pub children: Vec<Child>,
    pub texts: Vec<Text>,
    /// Holds nothing but `mod` and `use` (unit tests aside), so that it is only a door to its children.
    pub facade: bool,
}

impl Source {
    /// A file of which only the path and the text matter.
    pub fn unparsed(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), ..Self::default() }
    }

    pub fn parse(path: &str, text: &str) -> Self {
        let stream: TokenStream = text.parse().unwrap_or_else(|e| panic!("{path}: {e}"));
        let syntax: syn::File =
            syn::parse2(stream.clone()).unwrap_or_else(|e| panic!("{path}:{}: {e}", e.span().start().line));
        let (tokens, facade) = (tokens::flat(stream), reader::is_facade(&syntax));
        reader::read(&syntax, Self { tokens, facade, ..Self::unparsed(path, text) })
    }
}
