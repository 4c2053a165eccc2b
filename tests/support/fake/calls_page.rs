//! The page of the calls that amictl makes, as a rule: what amictl sends must have a row on it.

use std::sync::OnceLock;

use super::call::Call;
use super::forms::general;

/// The page.
const PAGE: &str = include_str!("../../../docs/reference/calls.md");

/// One combination of parameters.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// Service, e.g. `ec2`.
    pub service: String,
    /// Operation, e.g. `DescribeImages`.
    pub action: String,
    /// All that may be sent.
    pub params: Vec<Param>,
}

/// A parameter on the page.
#[derive(Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name, with `N` for each index.
    pub name: String,
    /// What its value may be; anything, where there are none.
    values: Vec<String>,
    /// Whether it is always sent.
    needed: bool,
}

/// The rows, in the order of the page.
pub fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| read(PAGE))
}

/// Reads the tables: a service in backticks in a heading, an operation in the first cell, parameters in the second,
/// those in brackets that are not always sent.
fn read(page: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut service = String::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.split('`').nth(1).unwrap_or_default().clone_into(&mut service);
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let [_, action, params, ..] = cells[..]
            && action.starts_with('`')
        {
            let action = action.trim_matches('`').to_owned();
            rows.push(Row { service: service.clone(), action, params: read_params(params) });
        }
    }
    rows
}

fn read_params(cell: &str) -> Vec<Param> {
    let parts: Vec<&str> = cell.split('`').collect();
    let spans = parts.iter().enumerate().skip(1).step_by(2);
    let read = spans.map(|(at, span)| {
        let (name, values) = span.split_once('=').unwrap_or((span, ""));
        let values = values.split(',').filter(|value| !value.is_empty()).map(str::to_owned).collect();
        Param { name: name.to_owned(), values, needed: !parts[at - 1].ends_with('[') }
    });
    read.collect()
}

impl Row {
    /// Whether a request is one of this row.
    fn covers(&self, given: &[(String, &str)]) -> bool {
        let needed = self.params.iter().filter(|param| param.needed);
        needed.clone().all(|param| given.iter().any(|(name, _)| *name == param.name))
            && given
                .iter()
                .all(|(name, value)| self.params.iter().any(|param| param.name == *name && param.takes(value)))
    }
}

impl Param {
    fn takes(&self, value: &str) -> bool {
        let fits = |known: &String| value == known || (known.ends_with(':') && value.starts_with(known.as_str()));
        self.values.is_empty() || self.values.iter().any(fits)
    }
}

/// The row of a request.
pub fn row_of(call: &Call) -> Option<&'static Row> {
    let given: Vec<(String, &str)> = call.params.iter().map(|(name, value)| (general(name), value.as_str())).collect();
    rows().iter().find(|row| row.service == call.service && row.action == call.action && row.covers(&given))
}

/// Why a request of amictl is none that the page knows.
pub fn stray(call: &Call) -> Option<String> {
    if row_of(call).is_some() {
        return None;
    }
    let names: Vec<String> = call.params.iter().map(|(name, value)| format!("{}={value}", general(name))).collect();
    let (service, action) = (&call.service, &call.action);
    Some(format!("docs/reference/calls.md has no row for {service} {action} with {}", names.join(", ")))
}
