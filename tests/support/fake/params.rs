//! The parameters of one request: `Name`, `Owner.1`, `Filter.1.Value.2`, `Ebs.SnapshotId`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::errors::{Refusal, invalid_value, missing, refuse};

/// Parameters by their full dotted name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Params(pub BTreeMap<String, String>);

impl Params {
    /// Reads a form body; each name stands in it once.
    pub fn from_form(body: &[u8]) -> Result<Params, Refusal> {
        let mut params = Params::default();
        for (name, value) in form_urlencoded::parse(body).into_owned() {
            if let Some(twice) = params.0.insert(name.clone(), value) {
                return Err(invalid_value(&name, &twice, "The parameter is given twice."));
            }
        }
        Ok(params)
    }

    /// Reads a JSON object, named as a form would be: `{"Names": ["a"]}` is `Names.1`.
    pub fn from_json(body: &[u8]) -> Result<Params, Refusal> {
        let bad = |message: &str| refuse("SerializationException", message);
        let value: Value = serde_json::from_slice(body).map_err(|error| bad(&error.to_string()))?;
        if !value.is_object() {
            return Err(bad("Expected an object."));
        }
        let mut params = Params::default();
        params.flatten(String::new(), &value);
        Ok(params)
    }

    fn flatten(&mut self, name: String, value: &Value) {
        let below = |part: &str| if name.is_empty() { part.to_owned() } else { format!("{name}.{part}") };
        match value {
            Value::Null => {}
            Value::Object(fields) => {
                for (field, value) in fields {
                    self.flatten(below(field), value);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    self.flatten(below(&(index + 1).to_string()), value);
                }
            }
            Value::String(text) => drop(self.0.insert(name, text.clone())),
            other => drop(self.0.insert(name, other.to_string())),
        }
    }

    /// One value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// One value that must be there and not be empty.
    pub fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).filter(|value| !value.is_empty()).ok_or_else(|| missing(name))
    }

    /// A boolean; absent is `None`.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(invalid_value(name, other, "Expected a boolean.")),
        }
    }

    /// A whole number; absent is `None`.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.get(name)
            .map(|text| text.parse().map_err(|_| invalid_value(name, text, "Expected an integer.")))
            .transpose()
    }

    /// Whether anything is given under this name.
    pub fn has(&self, prefix: &str) -> bool {
        self.under(prefix).next().is_some()
    }

    /// The values of `prefix.1`, `prefix.2`, … in order.
    pub fn list(&self, prefix: &str) -> Vec<&str> {
        let mut found: Vec<(usize, &str)> =
            self.under(prefix).filter_map(|(rest, value)| Some((rest.parse().ok()?, value))).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, value)| value).collect()
    }

    /// The structures `prefix.1.*`, `prefix.2.*`, … in order.
    pub fn structs(&self, prefix: &str) -> Vec<Params> {
        let mut found: BTreeMap<usize, Params> = BTreeMap::new();
        for (rest, value) in self.under(prefix) {
            if let Some((index, field)) = rest.split_once('.')
                && let Ok(index) = index.parse()
            {
                let entry = found.entry(index).or_default();
                entry.0.insert(field.to_owned(), value.to_owned());
            }
        }
        found.into_values().collect()
    }

    /// The structure `prefix.*`.
    pub fn sub(&self, prefix: &str) -> Params {
        let fields = self.under(prefix).filter(|(rest, _)| !rest.is_empty());
        Params(fields.map(|(rest, value)| (rest.to_owned(), value.to_owned())).collect())
    }

    /// The first part of every name, e.g. `Filter` of `Filter.1.Name`.
    pub fn heads(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|name| head(name))
    }

    /// These parameters, completed by those of `other` whose first part is not given here.
    pub fn over(&self, other: &Params) -> Params {
        let mut merged = self.clone();
        for (name, value) in &other.0 {
            if !self.heads().any(|own| own == head(name)) {
                merged.0.insert(name.clone(), value.clone());
            }
        }
        merged
    }

    /// All parameters but those named; what makes two requests "the same".
    pub fn without(&self, names: &[&str]) -> Params {
        let kept = self.0.iter().filter(|(name, _)| !names.contains(&head(name)));
        Params(kept.map(|(n, v)| (n.clone(), v.clone())).collect())
    }

    fn under<'a, 'p>(&'a self, prefix: &'p str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a, 'p> {
        self.0.iter().filter_map(move |(name, value)| {
            let rest = name.strip_prefix(prefix)?;
            let rest = match rest.strip_prefix('.') {
                Some(rest) => rest,
                None if rest.is_empty() => rest,
                None => return None,
            };
            Some((rest, value.as_str()))
        })
    }
}

fn head(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}
