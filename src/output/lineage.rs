//! Renderer of the lineage of an image, in every format.

use super::dot;
use super::json::{LineageImageJson, LineageJson};
use super::markdown::{counted, unread};
use super::printer::{Format, FormatChoice, Printer};
use super::show::text::or_dash;
use super::table::{Cell, Sheet, Tone};
use super::tree::{Tree, TreeRow};
use crate::domain::image::State;
use crate::domain::image_forest::Relation;
use crate::domain::lineage_tree::{LineageImage, LineageTree};
use crate::domain::region::Region;

/// Writes the lineage to stdout; as ids, the images that there are.
pub fn lineage(printer: &Printer, tree: &LineageTree) -> anyhow::Result<()> {
    if printer.chose(FormatChoice::Dot) {
        return printer.text(dot::graph(tree).as_bytes());
    }
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&LineageJson::new(tree)),
        Format::Jsonl => printer.jsonl(tree.images.iter().map(LineageImageJson::new)),
        Format::Ids => printer.ids(tree.images.iter().filter(|image| image.state.is_some()).map(|image| &image.id)),
        Format::Csv => printer.csv(&csv(tree)),
        Format::Table => printer.tree(&drawn(tree)),
    })
}

fn csv(tree: &LineageTree) -> Sheet {
    let names =
        ["id", "name", "account", "region", "parent_id", "parent_region", "relation", "state", "in_use", "revoked"];
    let mut sheet = Sheet::new(names);
    let known = |is: Option<bool>| is.map(|is| is.to_string()).unwrap_or_default();
    for json in tree.images.iter().map(LineageImageJson::new) {
        let texts =
            [json.name, json.account, json.region, json.parent_id, json.parent_region, json.relation, Some(json.state)];
        let texts = texts.into_iter().map(|text| Cell::from(text.unwrap_or_default()));
        let marks = [json.in_use, json.revoked].into_iter().map(|is| Cell::from(known(is)));
        sheet.rows.push(std::iter::once(Cell::from(json.id)).chain(texts).chain(marks).collect());
    }
    sheet
}

fn drawn(tree: &LineageTree) -> Tree {
    let columns = [
        ("IMAGE", true),
        ("ID", true),
        ("ACCOUNT", tree.several),
        ("REGION", true),
        ("AS", true),
        ("STATE", true),
        ("IN USE", true),
        ("REVOKED", true),
    ];
    let shown = |(at, _): &(usize, Cell)| columns.get(at + 1).is_some_and(|(_, shown)| *shown);
    let row = |image: &LineageImage| TreeRow {
        depth: image.depth,
        name: image.name.clone().unwrap_or_else(|| image.id.to_string()),
        marked: image.id == tree.root,
        cells: cells(image).into_iter().enumerate().filter(shown).map(|(_, cell)| cell).collect(),
    };
    Tree {
        header: columns.into_iter().filter(|(_, shown)| *shown).map(|(name, _)| name).collect(),
        rows: tree.images.iter().map(row).collect(),
        dispensable: &["REGION", "AS", "ACCOUNT", "STATE", "IN USE", "REVOKED"],
        summary: format!("{} in the lineage of {}", counted(tree.images.len(), "image"), tree.root),
        notes: tree.notes.iter().map(|note| note.message.clone()).chain(unread(&tree.errors)).collect(),
    }
}

fn cells(image: &LineageImage) -> Vec<Cell> {
    vec![
        image.id.as_str().into(),
        or_dash(image.account.as_ref().map(|account| account.as_str())),
        or_dash(image.region.as_ref().map(Region::as_str)),
        or_dash(image.relation.map(Relation::as_str)),
        state(image.state.as_ref()),
        mark(image.in_use, Tone::Good),
        mark(image.revoked, Tone::Bad),
    ]
}

fn state(state: Option<&State>) -> Cell {
    match state {
        None => Cell::toned("unknown", Tone::Notice),
        Some(State::Available) => Cell::toned("available", Tone::Good),
        Some(State::Disabled) => Cell::toned("disabled", Tone::Faint),
        Some(other) => Cell::toned(other.as_str(), Tone::Notice),
    }
}

fn mark(is: Option<bool>, tone: Tone) -> Cell {
    match is {
        Some(true) => Cell::toned("yes", tone),
        Some(false) => Cell::toned("no", Tone::Faint),
        None => Cell::toned("?", Tone::Notice),
    }
}
