//! Values that documents store as text: for `#[serde(with = …)]`.

use std::fmt::Display;

fn de_error<E: serde::de::Error>(error: impl Display) -> E {
    E::custom(error)
}

/// One value that may be absent.
pub mod text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::de_error;

    /// Writes it, or `null`.
    pub fn serialize<T: Display, S: Serializer>(value: &Option<T>, out: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => out.collect_str(value),
            None => out.serialize_none(),
        }
    }

    /// Reads it; a number stands for its digits.
    pub fn deserialize<'de, T, D: Deserializer<'de>>(input: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
    {
        /// `max_delete = 20` is as good as `max_delete = "20"`.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Whole(i64),
            Number(f64),
            Switch(bool),
        }
        let text = match Option::<Written>::deserialize(input)? {
            None => return Ok(None),
            Some(Written::Text(text)) => text,
            Some(Written::Whole(number)) => number.to_string(),
            Some(Written::Number(number)) => format!("{number:?}"),
            Some(Written::Switch(on)) => on.to_string(),
        };
        text.parse().map(Some).map_err(de_error)
    }
}

/// Lists of values.
pub mod texts {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::de_error;

    /// Writes them.
    pub fn serialize<T: Display, S: Serializer>(values: &[T], out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(values.iter().map(ToString::to_string))
    }

    /// Reads them.
    pub fn deserialize<'de, T, D: Deserializer<'de>>(input: D) -> Result<Vec<T>, D::Error>
    where
        T: FromStr<Err: Display>,
    {
        Vec::<String>::deserialize(input)?.iter().map(|text| text.parse().map_err(de_error)).collect()
    }
}
