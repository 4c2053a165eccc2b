//! Forms of requests: the parameters of each operation, their number, values and combinations.
//!
//! A parameter that is not in its table is refused, never ignored. The tables are text, to be read beside AWS's own
//! pages.

mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::errors::{Refusal, combination, invalid_value, refuse};
use super::params::Params;
use table::{Field, Kind};

/// What each operation takes, by service and name.
type Tables = BTreeMap<(String, String), Vec<Field>>;

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut tables = table::read("[ec2]\n", include_str!("ec2.txt"));
        tables.extend(table::read("", include_str!("others.txt")));
        tables
    })
}

/// Refuses a request that has not the form of its operation.
pub fn check(service: &str, action: &str, params: &Params) -> Result<(), Refusal> {
    let Some(fields) = tables().get(&(service.to_owned(), action.to_owned())) else {
        return Err(refuse("InvalidAction", format!("The form of {action} is not known: write it into forms/*.txt")));
    };
    let given: Vec<(String, &str, &str)> =
        params.0.iter().map(|(name, value)| (general(name), name.as_str(), value.as_str())).collect();
    let names: BTreeMap<&str, &str> = given.iter().map(|(general, _, value)| (general.as_str(), *value)).collect();
    for (general, name, value) in &given {
        if service == "ec2" && general == "DryRun" {
            params.flag("DryRun")?;
            continue;
        }
        let field = fields.iter().find(|field| field.name == *general);
        let field =
            field.ok_or_else(|| refuse("UnknownParameter", format!("The parameter {name} is not recognized")))?;
        field.check(name, value, &names)?;
    }
    check_lists(fields, &given)
}

/// The first parts of the parameters of an operation.
pub fn heads(service: &str, action: &str) -> BTreeSet<&'static str> {
    let fields = tables().get(&(service.to_owned(), action.to_owned())).into_iter().flatten();
    fields.filter_map(|field| field.name.split('.').next()).collect()
}

/// The name of a parameter with `N` for each index.
pub fn general(name: &str) -> String {
    let index = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = name.split('.').map(|part| if index(&part) { "N" } else { part }).collect();
    parts.join(".")
}

impl Field {
    fn check(&self, name: &str, value: &str, given: &BTreeMap<&str, &str>) -> Result<(), Refusal> {
        let wrong = |why: String| Err(invalid_value(name, value, &why));
        match &self.kind {
            Kind::Flag if !matches!(value, "true" | "false") => return wrong("Expected a boolean.".to_owned()),
            Kind::Number(least, most) if !value.parse().is_ok_and(|n: i64| (*least..=*most).contains(&n)) => {
                return wrong(format!("Expecting a value between {least} and {most}."));
            }
            Kind::Text(least, most) if !(*least..=*most).contains(&value.chars().count()) => {
                return wrong(format!("Expecting {least} to {most} characters."));
            }
            Kind::OneOf(words) if !words.iter().any(|word| word == value) => {
                return wrong(format!("Expecting one of {}.", words.join(", ")));
            }
            _ => {}
        }
        if let Some(other) = self.not_with.iter().find(|other| given.keys().any(|name| is_under(name, other))) {
            return Err(combination(format!("The parameter {name} cannot be used with the parameter {other}")));
        }
        match &self.only_with {
            Some((other, Some(wanted))) if given.get(other.as_str()) != Some(&wanted.as_str()) => {
                Err(combination(format!("The parameter {name} can be used only with {other}={wanted}")))
            }
            Some((other, None)) if !given.keys().any(|name| *name != self.name && is_under(name, other)) => {
                Err(combination(format!("The parameter {name} can be used only with the parameter {other}")))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a name is that of a parameter, of an item of it, or of a part of it.
fn is_under(name: &str, parameter: &str) -> bool {
    name.strip_prefix(parameter).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Every list counts from one without a gap, and is not longer than it may be.
fn check_lists(fields: &[Field], given: &[(String, &str, &str)]) -> Result<(), Refusal> {
    let mut lists: BTreeMap<String, (BTreeSet<usize>, usize)> = BTreeMap::new();
    for (general, name, _) in given {
        let parts: Vec<&str> = name.split('.').collect();
        let most = fields.iter().find(|field| field.name == *general).map_or(usize::MAX, |field| field.most);
        let indexed: Vec<usize> = (0..parts.len()).filter(|at| general.split('.').nth(*at) == Some("N")).collect();
        for at in &indexed {
            let (indexes, limit) = lists.entry(parts[..*at].join(".")).or_insert((BTreeSet::new(), usize::MAX));
            indexes.extend(parts[*at].parse::<usize>());
            if Some(at) == indexed.last() {
                *limit = most.min(*limit);
            }
        }
    }
    for (list, (indexes, most)) in &lists {
        if indexes.iter().copied().ne(1..=indexes.len()) {
            return Err(refuse("InvalidParameterValue", format!("The items of {list} are not numbered from 1")));
        }
        if indexes.len() > *most {
            let many = indexes.len().to_string();
            return Err(invalid_value(list, &many, &format!("At most {most} items at once.")));
        }
    }
    Ok(())
}
