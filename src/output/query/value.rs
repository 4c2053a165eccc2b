//! JSON texts as values of the `jmespath` crate, and back, with their keys in order.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use jmespath::{Rcvar, Variable};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error, Serialize, Serializer};

/// The order of the keys of objects: the crate sorts them. Objects with the same keys have one order.
#[derive(Debug, Default)]
pub struct KeyOrder(HashMap<String, Vec<String>>);

impl KeyOrder {
    /// Sets the order of objects with these keys.
    pub fn put(&mut self, keys: Vec<String>) {
        let mut sorted: Vec<&str> = keys.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        self.0.insert(joined(sorted.into_iter()), keys);
    }

    /// Keeps the order of an object, unless it is sorted as most tags are.
    fn keep(&mut self, keys: Vec<String>) {
        if !keys.is_sorted() {
            self.put(keys);
        }
    }

    fn of(&self, object: &BTreeMap<String, Rcvar>) -> Option<&Vec<String>> {
        if self.0.is_empty() { None } else { self.0.get(&joined(object.keys().map(String::as_str))) }
    }
}

fn joined<'a>(keys: impl Iterator<Item = &'a str>) -> String {
    keys.fold(String::new(), |all, key| all + key + "\0")
}

/// Reads a JSON text.
pub fn read(text: &[u8]) -> serde_json::Result<(Rcvar, KeyOrder)> {
    let mut order = KeyOrder::default();
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Reader(&mut order).deserialize(&mut reader)?;
    reader.end()?;
    Ok((value, order))
}

struct Reader<'a>(&'a mut KeyOrder);

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Rcvar;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Rcvar, D::Error> {
        reader.deserialize_any(self).map(Rcvar::new)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Variable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Variable, E> {
        Ok(Variable::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Variable, E> {
        Ok(Variable::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Variable, E> {
        Ok(Variable::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Variable, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Variable::Null, Variable::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Variable, E> {
        Ok(Variable::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Variable, E> {
        Ok(Variable::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Variable, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(Reader(&mut *self.0))? {
            all.push(item);
        }
        Ok(Variable::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Variable, A::Error> {
        let (mut all, mut keys) = (BTreeMap::new(), Vec::new());
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(Reader(&mut *self.0))?;
            keys.push(key.clone());
            all.insert(key, value);
        }
        self.0.keep(keys);
        Ok(Variable::Object(all))
    }
}

/// A value that is written with its keys in order.
pub struct Ordered<'a>(pub &'a Variable, pub &'a KeyOrder);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let inner = |value| Ordered(value, self.1);
        match self.0 {
            Variable::Null => out.serialize_unit(),
            Variable::Bool(value) => out.serialize_bool(*value),
            Variable::Number(value) => value.serialize(out),
            Variable::String(value) => out.serialize_str(value),
            Variable::Array(items) => out.collect_seq(items.iter().map(|item| inner(item))),
            Variable::Object(members) => match self.1.of(members) {
                None => out.collect_map(members.iter().map(|(key, value)| (key, inner(value)))),
                Some(keys) => out.collect_map(keys.iter().filter_map(|key| Some((key, inner(members.get(key)?))))),
            },
            Variable::Expref(_) => Err(S::Error::custom("an expression (&…), not a value")),
        }
    }
}
