//! A small XML writer: elements, lists of `<item>`, escaped text.

use std::fmt::Display;
use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use quick_xml::escape::escape;

/// A document, or a part of one, being written.
#[derive(Default)]
pub struct Xml(String);

impl Xml {
    /// An empty part.
    pub fn new() -> Xml {
        Xml::default()
    }

    /// `<name>value</name>`.
    pub fn leaf(&mut self, name: &str, value: impl Display) -> &mut Self {
        let text = value.to_string();
        let _ = write!(self.0, "<{name}>{}</{name}>", escape(text.as_str()));
        self
    }

    /// `<name>value</name>`, or nothing.
    pub fn maybe(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.leaf(name, value);
        }
        self
    }

    /// Text inside the element being written.
    pub fn text(&mut self, value: impl Display) -> &mut Self {
        let _ = write!(self.0, "{}", escape(value.to_string().as_str()));
        self
    }

    /// A time in the form of most of EC2's fields, e.g. `2026-01-02T03:04:05.000Z`.
    pub fn time(&mut self, name: &str, at: DateTime<Utc>) -> &mut Self {
        self.leaf(name, stamp(at))
    }

    /// An element with children.
    pub fn node(&mut self, name: &str, fill: impl FnOnce(&mut Xml)) -> &mut Self {
        let _ = write!(self.0, "<{name}>");
        fill(self);
        let _ = write!(self.0, "</{name}>");
        self
    }

    /// An element holding one `<item>` for each value.
    pub fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        fill: impl FnMut(&mut Xml, T),
    ) -> &mut Self {
        self.each(name, "item", items, fill)
    }

    /// An element holding one `<member>` for each value: a list outside EC2.
    pub fn members<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        fill: impl FnMut(&mut Xml, T),
    ) -> &mut Self {
        self.each(name, "member", items, fill)
    }

    fn each<T>(
        &mut self,
        name: &str,
        one: &str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Xml, T),
    ) -> &mut Self {
        self.node(name, |x| {
            for item in items {
                x.node(one, |x| fill(x, item));
            }
        })
    }

    /// `<tagSet>`, left out when there are no tags, as EC2 does.
    pub fn tags<'a>(&mut self, tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> &mut Self {
        let mut tags = tags.into_iter().peekable();
        if tags.peek().is_some() {
            self.list("tagSet", tags, |x, (key, value)| {
                x.leaf("key", key).leaf("value", value);
            });
        }
        self
    }

    /// The text written so far.
    pub fn done(self) -> String {
        self.0
    }
}

/// A time as EC2 writes it into strings.
pub fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
