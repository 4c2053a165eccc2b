//! JSON of the lineage of an image.

use serde::Serialize;

use super::document::{ErrorJson, VERSION};
use crate::domain::image::State;
use crate::domain::image_forest::Relation;
use crate::domain::lineage_tree::{LineageImage, LineageNote, LineageTree};
use crate::domain::region::Region;

#[derive(Serialize)]
pub struct LineageJson<'a> {
    pub version: u32,
    pub root: &'a str,
    pub images: Vec<LineageImageJson<'a>>,
    pub errors: Vec<ErrorJson<'a>>,
    /// Where the chain ends, and what may be missing.
    pub warnings: Vec<NoteJson<'a>>,
}

/// A warning that is of no place.
#[derive(Serialize)]
pub struct NoteJson<'a> {
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    pub code: &'a str,
    pub message: &'a str,
}

#[derive(Serialize)]
pub struct LineageImageJson<'a> {
    pub id: &'a str,
    pub name: Option<&'a str>,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    pub parent_id: Option<&'a str>,
    pub parent_region: Option<&'a str>,
    /// `null` if it has no parent, or if EC2 does not say.
    pub relation: Option<&'static str>,
    /// `unknown` if no listing has it.
    pub state: &'a str,
    /// `null` if that is not known.
    pub in_use: Option<bool>,
    /// `null` if that is not known.
    pub revoked: Option<bool>,
}

impl<'a> LineageJson<'a> {
    pub fn new(tree: &'a LineageTree) -> Self {
        Self {
            version: VERSION,
            root: tree.root.as_str(),
            images: tree.images.iter().map(LineageImageJson::new).collect(),
            errors: tree.errors.iter().map(ErrorJson::new).collect(),
            warnings: tree.notes.iter().map(NoteJson::new).collect(),
        }
    }
}

impl<'a> NoteJson<'a> {
    fn new(note: &'a LineageNote) -> Self {
        Self { account: None, region: None, code: note.code, message: &note.message }
    }
}

impl<'a> LineageImageJson<'a> {
    pub fn new(image: &'a LineageImage) -> Self {
        let parent = image.parent.as_ref();
        Self {
            id: image.id.as_str(),
            name: image.name.as_deref(),
            account: image.account.as_ref().map(|account| account.as_str()),
            region: image.region.as_ref().map(Region::as_str),
            parent_id: parent.map(|parent| parent.id.as_str()),
            parent_region: parent.and_then(|parent| parent.region.as_ref()).map(Region::as_str),
            relation: image.relation.map(Relation::as_str),
            state: image.state.as_ref().map_or("unknown", State::as_str),
            in_use: image.in_use,
            revoked: image.revoked,
        }
    }
}
