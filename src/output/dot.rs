//! The lineage of an image as a graph for Graphviz.

use super::escape::escaped;
use crate::domain::image_forest::Relation;
use crate::domain::lineage_tree::{LineageImage, LineageTree};
use crate::domain::region::Region;

/// The graph, in the language of `dot`.
pub fn graph(tree: &LineageTree) -> String {
    let mut text = String::from("digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n");
    for image in &tree.images {
        let style = if image.id == tree.root { ", penwidth=2" } else { "" };
        text.push_str(&format!("  {} [label={}{style}{}];\n", quoted(image.id.as_str()), label(image), looks(image)));
    }
    for (image, parent) in tree.images.iter().filter_map(|image| Some((image, image.parent.as_ref()?))) {
        let edge = match image.relation {
            Some(Relation::Copy) => " [label=\"copy\", style=dashed]",
            Some(Relation::Child) => " [label=\"child\"]",
            None => "",
        };
        text.push_str(&format!("  {} -> {}{edge};\n", quoted(parent.id.as_str()), quoted(image.id.as_str())));
    }
    text.push_str("}\n");
    text
}

/// The name, the id, the place and the state, each on a line.
fn label(image: &LineageImage) -> String {
    let place: Vec<_> =
        [image.account.as_ref().map(|account| account.as_str()), image.region.as_ref().map(Region::as_str)]
            .into_iter()
            .flatten()
            .collect();
    let state = image.state.as_ref().map_or("unknown", |state| state.as_str());
    let marks = [(image.revoked, "revoked"), (image.in_use, "in use")];
    let marks = marks.into_iter().filter(|(is, _)| *is == Some(true)).map(|(_, word)| word);
    let words: Vec<_> = std::iter::once(state).chain(marks).collect();
    let (place, words) = (place.join(" "), words.join(", "));
    let lines = [image.name.as_deref().unwrap_or_default(), image.id.as_str(), place.as_str(), words.as_str()];
    let lines: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).map(inside).collect();
    // The line feed is Graphviz's own.
    format!("\"{}\"", lines.join("\\n"))
}

fn looks(image: &LineageImage) -> &'static str {
    match (image.revoked, &image.state) {
        (Some(true), _) => ", color=red, fontcolor=red",
        (_, None) => ", style=dotted",
        (Some(false) | None, Some(_)) => "",
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", inside(text))
}

/// A text within quotes: Graphviz reads a backslash there as the beginning of an escape.
fn inside(text: &str) -> String {
    escaped(text).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_stay_within_the_text() {
        for (text, expected) in [
            ("web-v1", "\"web-v1\""),
            ("a\"b", "\"a\\\"b\""),
            ("a\\N", "\"a\\\\N\""),
            ("a\\\"", "\"a\\\\\\\"\""),
            ("a\nb", "\"a\\\\nb\""),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
