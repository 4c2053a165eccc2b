//! `show`: the document, the page, lineage, many places.

mod document;
mod lineage;
mod page;
mod places;
mod tested;
