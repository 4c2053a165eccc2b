//! `Filter.N`: checked for name and number, matched with EC2's wildcards.

use super::errors::{Refusal, refuse};
use super::params::Params;

/// Most filters in one request.
const MOST_FILTERS: usize = 50;
/// Most filter values EC2 takes in one request.
const MOST_VALUES: usize = 200;
/// Most characters of a filter value.
const MOST_CHARACTERS: usize = 255;

/// One filter: any of its values may match.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Name, e.g. `tag:Role`.
    pub name: String,
    values: Vec<String>,
}

/// All filters of a request: each must match.
#[derive(Clone, Debug, Default)]
pub struct Filters(Vec<Filter>);

impl Filters {
    /// Reads the filters and refuses unknown names; `tag:` stands for all tag filters.
    pub fn read(params: &Params, known: &[&str]) -> Result<Filters, Refusal> {
        Filters::read_from(params, ("Filter", "Value"), known)
    }

    /// Reads filters that are called otherwise than EC2's: the list, and the values in each.
    pub fn read_from(params: &Params, names: (&str, &str), known: &[&str]) -> Result<Filters, Refusal> {
        let mut filters = Vec::new();
        for given in params.structs(names.0) {
            let name = given.need("Name")?.to_owned();
            let values: Vec<String> = given.list(names.1).iter().map(|v| (*v).to_owned()).collect();
            let is_known = known.contains(&name.as_str())
                || (known.contains(&"tag:") && name.len() > 4 && name.starts_with("tag:"));
            if !is_known {
                return Err(refuse("InvalidParameterValue", format!("The filter '{name}' is invalid")));
            }
            if filters.iter().any(|filter: &Filter| filter.name == name) {
                return Err(refuse("InvalidParameterValue", format!("The filter '{name}' is given twice")));
            }
            if values.is_empty() {
                return Err(refuse("InvalidParameterValue", format!("The filter '{name}' needs at least one value")));
            }
            filters.push(Filter { name, values });
        }
        let limit = |message: String| Err(refuse("FilterLimitExceeded", message));
        if filters.len() > MOST_FILTERS {
            return limit(format!("The maximum number of filters specified on a single call is {MOST_FILTERS}"));
        }
        if filters.iter().flat_map(|filter| &filter.values).any(|value| value.chars().count() > MOST_CHARACTERS) {
            return limit(format!("The maximum length for a filter value is {MOST_CHARACTERS} characters"));
        }
        let values: usize = filters.iter().map(|filter| filter.values.len()).sum();
        if values > MOST_VALUES {
            return limit(format!("The maximum number of filter values specified on a single call is {MOST_VALUES}"));
        }
        Ok(Filters(filters))
    }

    /// Whether a filter asks for exactly this value.
    pub fn asks_for(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|filter| filter.name == name && filter.values.iter().any(|one| one == value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every filter matches; `field` says whether any value of a field passes a test.
    pub fn accept(&self, mut field: impl FnMut(&str, &dyn Fn(&str) -> bool) -> bool) -> bool {
        self.0
            .iter()
            .all(|filter| field(&filter.name, &|value| filter.values.iter().any(|pattern| matches(pattern, value))))
    }
}

/// Whether the tags pass `tag:<key>` or `tag-key`; `None` when the filter is about something else.
pub fn tag_field<'a>(
    name: &str,
    tags: impl IntoIterator<Item = (&'a String, &'a String)>,
    test: &dyn Fn(&str) -> bool,
) -> Option<bool> {
    if let Some(key) = name.strip_prefix("tag:") {
        Some(tags.into_iter().any(|(k, v)| k == key && test(v)))
    } else if name == "tag-key" {
        Some(tags.into_iter().any(|(k, _)| test(k)))
    } else {
        None
    }
}

/// Case-sensitive match with `*`, `?` and `\` before a literal one.
pub fn matches(pattern: &str, text: &str) -> bool {
    if !pattern.contains(['*', '?', '\\']) {
        return pattern == text;
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('\\') if pattern.get(p + 1) == Some(&text[t]) => Some(2),
            Some('\\') => None,
            Some(c) if *c == text[t] => Some(1),
            _ => None,
        };
        match (step, retry) {
            (Some(step), _) => {
                p += step;
                t += 1;
            }
            (None, Some((after_star, from))) => {
                p = after_star;
                t = from + 1;
                retry = Some((after_star, t));
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}
