//! Reads the XML of EC2 one element after the other.

use std::borrow::Cow;

use aws_smithy_runtime_api::box_error::BoxError;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

pub(super) type Xml<'a> = Reader<&'a [u8]>;

/// Begins to read an answer whose outermost element is `root`.
pub(super) fn answer<'a>(body: &'a [u8], root: &str) -> Result<Xml<'a>, BoxError> {
    let mut xml = Reader::from_reader(body);
    xml.config_mut().expand_empty_elements = true;
    loop {
        match xml.read_event()? {
            Event::Start(element) if element.name().as_ref() == root => return Ok(xml),
            Event::Start(element) => return Err(format!("<{}> is not <{root}>", element.name().as_ref()).into()),
            Event::Eof => return Err("there is nothing in it".into()),
            _ => {}
        }
    }
}

/// A list as EC2 writes it: its entries are elements named `item`.
pub(super) fn items<'a, T>(
    xml: &mut Xml<'a>,
    read: impl Fn(&mut Xml<'a>) -> Result<T, BoxError>,
) -> Result<Vec<T>, BoxError> {
    let mut list = Vec::new();
    each(xml, |xml| {
        list.push(read(xml)?);
        Ok(())
    })?;
    Ok(list)
}

/// Shows `entry` each entry of a list.
pub(super) fn each<'a>(
    xml: &mut Xml<'a>,
    mut entry: impl FnMut(&mut Xml<'a>) -> Result<(), BoxError>,
) -> Result<(), BoxError> {
    members(xml, |xml, member| match member.name().as_ref() {
        "item" => entry(xml),
        _ => skip(xml, member),
    })
}

/// Shows `member` each element in the one that was begun; it must read or skip it.
pub(super) fn members<'a>(
    xml: &mut Xml<'a>,
    mut member: impl FnMut(&mut Xml<'a>, &BytesStart<'a>) -> Result<(), BoxError>,
) -> Result<(), BoxError> {
    loop {
        match xml.read_event()? {
            Event::Start(element) => member(xml, &element)?,
            Event::End(_) => return Ok(()),
            Event::Eof => return Err(cut_off()),
            _ => {}
        }
    }
}

/// The text in the element that was begun; nearly always it is in one piece and need not be copied.
pub(super) fn text<'a>(xml: &mut Xml<'a>) -> Result<Cow<'a, str>, BoxError> {
    let mut text = Cow::Borrowed("");
    loop {
        match xml.read_event()? {
            Event::Text(part) => text += part.into_inner(),
            Event::CData(part) => text += part.into_inner(),
            Event::GeneralRef(reference) => resolve(&reference, text.to_mut())?,
            Event::End(_) => return Ok(text),
            Event::Start(inner) => return Err(format!("<{}> is where a text belongs", inner.name().as_ref()).into()),
            Event::Eof => return Err(cut_off()),
            _ => {}
        }
    }
}

/// `&amp;`, `&#65;` and their like.
fn resolve(reference: &BytesRef, text: &mut String) -> Result<(), BoxError> {
    match reference.resolve_char_ref()? {
        Some(character) => text.push(character),
        None => {
            let name: &str = reference;
            text.push_str(resolve_predefined_entity(name).ok_or_else(|| format!("&{name}; is not known"))?);
        }
    }
    Ok(())
}

/// Passes over the element that was begun, with all that is in it.
pub(super) fn skip(xml: &mut Xml, element: &BytesStart) -> Result<(), BoxError> {
    xml.read_to_end(element.name())?;
    Ok(())
}

fn cut_off() -> BoxError {
    "it ends in the middle".into()
}
