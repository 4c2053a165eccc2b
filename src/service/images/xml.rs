//! Reader of EC2's XML, element by element.

use std::borrow::Cow;

use aws_smithy_runtime_api::box_error::BoxError;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

pub(super) type Xml<'a> = Reader<&'a [u8]>;

/// Starts to read an answer with the outermost element `root`.
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

/// Reads a list of EC2, whose entries are elements named `item`.
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

/// Calls `entry` for each entry of a list.
pub(super) fn each<'a>(
    xml: &mut Xml<'a>,
    mut entry: impl FnMut(&mut Xml<'a>) -> Result<(), BoxError>,
) -> Result<(), BoxError> {
    members(xml, |xml, member| match member.name().as_ref() {
        "item" => entry(xml),
        _ => skip(xml, member),
    })
}

/// Calls `member` for each child of the current element; it must read or skip the child.
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

/// The text of the current element; it is nearly always in one piece and not copied.
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

/// Skips the current element with its content.
pub(super) fn skip(xml: &mut Xml, element: &BytesStart) -> Result<(), BoxError> {
    xml.read_to_end(element.name())?;
    Ok(())
}

fn cut_off() -> BoxError {
    "it ends in the middle".into()
}
