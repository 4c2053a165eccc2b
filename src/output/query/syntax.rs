//! Parser of `--query` expressions, with limits and the places of errors.

use std::mem;

use jmespath::ast::Ast;
use jmespath::{ErrorReason, JmespathError, Runtime, RuntimeError, Variable};

use super::functions::ordering;

/// The maximum length, in characters.
const LONGEST: usize = 1000;
/// The maximum step of a slice: the crate adds it to an index of 32 bits.
const WIDEST: u32 = 1_000_000;
/// The number of characters that an error quotes.
const QUOTED: usize = 20;

/// A parsed expression.
#[derive(Debug)]
pub struct Parsed {
    /// The tree to interpret.
    pub tree: Ast,
    /// The keys of each object that the expression makes, in its order.
    pub objects: Vec<Vec<String>>,
}

/// Parses an expression. What would fail on every document fails here too, before any call.
pub fn parse(text: &str, runtime: &Runtime) -> Result<Parsed, String> {
    let length = text.chars().count();
    if length > LONGEST {
        return Err(format!("it has {length} characters; at most {LONGEST} are allowed"));
    }
    let mut tree =
        jmespath::parse(&with_bare_texts(text)).map_err(|error| problem(text, error.offset, &reason(&error)))?;
    let mut check = Check { text, runtime, objects: Vec::new() };
    check.node(&mut tree)?;
    Ok(Parsed { tree, objects: check.objects })
}

/// The expression with `'web'` for `` `web` ``: a literal that is no JSON is a text, as in the AWS CLI. The length stays,
/// and so do the places of errors.
fn with_bare_texts(text: &str) -> String {
    let (mut written, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, quote, inside, after)) = next_quoted(rest) {
        let quote = if quote == '`' && is_bare(inside) { '\'' } else { quote };
        written.push_str(before);
        written.push(quote);
        written.push_str(inside);
        written.push(quote);
        rest = after;
    }
    written + rest
}

/// What stands before the next quotes, the quotes, what is in them, and the rest; none where they are not closed.
fn next_quoted(text: &str) -> Option<(&str, char, &str, &str)> {
    let (at, quote) = text.char_indices().find(|(_, c)| "'\"`".contains(*c))?;
    let (before, from) = text.split_at_checked(at)?;
    let inside = from.strip_prefix(quote)?;
    let mut escaped = false;
    let closing = |(_, c): &(usize, char)| {
        let closes = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    };
    let (end, _) = inside.char_indices().find(closing)?;
    let (inside, from) = inside.split_at_checked(end)?;
    Some((before, quote, inside, from.strip_prefix(quote)?))
}

/// Whether a literal is a text without its quotes, and not JSON with an error.
fn is_bare(literal: &str) -> bool {
    let plain = !literal.starts_with(['{', '[', ' ']) && !literal.contains(['\\', '\'', '"']);
    plain && Variable::from_json(literal).is_err()
}

/// Why an expression fails on a document.
pub fn at_run_time(error: &JmespathError) -> String {
    problem(&error.expression, error.offset, &reason(error)).replacen("does not parse", "fails", 1)
}

/// An error with its place, counted in characters from 1.
fn problem(text: &str, offset: usize, why: &str) -> String {
    let (before, rest) = text.split_at_checked(offset).unwrap_or((text, ""));
    if rest.trim().is_empty() {
        return format!("does not parse at its end: {why}");
    }
    let near: String = rest.chars().take(QUOTED).collect();
    let more = if rest.chars().nth(QUOTED).is_some() { "…" } else { "" };
    format!("does not parse at character {}, before {near}{more}: {why}", before.chars().count() + 1)
}

/// The reason in plain words, without the names of the crate's own parts.
fn reason(error: &JmespathError) -> String {
    let text = match &error.reason {
        ErrorReason::Parse(text) => text.split(" -- found ").next().unwrap_or(text).to_owned(),
        // The crate counts from 0.
        ErrorReason::Runtime(RuntimeError::InvalidType { expected, actual, position }) => {
            format!("argument {} must be {expected}, not {actual}", position + 1)
        }
        ErrorReason::Runtime(error) => error.to_string(),
    };
    match text.as_str() {
        "Unexpected nud token" => "a name, a value or an opening bracket is missing".to_owned(),
        "Unexpected led token" | "Did not parse the complete expression" => {
            "an operator or the end is missing".to_owned()
        }
        // The rest of the expression is quoted with the place.
        unclosed if unclosed.starts_with("Unclosed ") => {
            format!("the {} that closes it is missing", unclosed.chars().nth(9).unwrap_or('"'))
        }
        _ => {
            let mut chars = text.chars();
            chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
        }
    }
}

struct Check<'a> {
    text: &'a str,
    runtime: &'a Runtime,
    objects: Vec<Vec<String>>,
}

impl Check<'_> {
    fn node(&mut self, node: &mut Ast) -> Result<(), String> {
        match node {
            Ast::Identity { .. } | Ast::Field { .. } | Ast::Index { .. } | Ast::Literal { .. } => {}
            Ast::Slice { offset, step, .. } => match step.unsigned_abs() {
                0 => return Err(problem(self.text, *offset, "the step of a slice cannot be 0")),
                1..=WIDEST => {}
                _ => return Err(problem(self.text, *offset, &format!("a step of at most {WIDEST} is allowed"))),
            },
            Ast::Expref { ast: inner, .. }
            | Ast::Flatten { node: inner, .. }
            | Ast::Not { node: inner, .. }
            | Ast::ObjectValues { node: inner, .. } => self.node(inner)?,
            Ast::Comparison { lhs, rhs, .. }
            | Ast::Condition { predicate: lhs, then: rhs, .. }
            | Ast::Projection { lhs, rhs, .. }
            | Ast::And { lhs, rhs, .. }
            | Ast::Or { lhs, rhs, .. }
            | Ast::Subexpr { lhs, rhs, .. } => {
                self.node(lhs)?;
                self.node(rhs)?;
            }
            Ast::MultiList { elements, .. } => elements.iter_mut().try_for_each(|element| self.node(element))?,
            Ast::MultiHash { elements, .. } => {
                self.objects.push(elements.iter().map(|pair| pair.key.clone()).collect());
                elements.iter_mut().try_for_each(|pair| self.node(&mut pair.value))?;
            }
            Ast::Function { offset, name, args } => {
                if self.runtime.get_function(name).is_none() {
                    return Err(problem(self.text, *offset, &format!("there is no function {name}")));
                }
                args.iter_mut().try_for_each(|arg| self.node(arg))?;
            }
        }
        compare_by_function(node);
        Ok(())
    }
}

/// The crate finds no order in texts; the function that replaces the comparison does.
fn compare_by_function(node: &mut Ast) {
    if let Ast::Comparison { offset, comparator, lhs, rhs } = node
        && let Some(name) = ordering(comparator)
    {
        let nothing = Ast::Identity { offset: *offset };
        let args = vec![mem::replace(lhs.as_mut(), nothing.clone()), mem::replace(rhs.as_mut(), nothing)];
        *node = Ast::Function { offset: *offset, name: name.to_owned(), args };
    }
}
