//! Kinds of values that completions know: the value names that the help shows tell them.

use clap::Arg;

/// A kind of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// An image: a family, or an alias of one.
    Reference,
    /// A family.
    Family,
    /// An alias without its family.
    Alias,
    /// An alias with its family.
    FamilyAlias,
    /// A region.
    Region,
    /// A source of use.
    Source,
    /// A column of a listing.
    Column,
}

impl ValueKind {
    /// The kind of an argument's values, if completions know any.
    pub fn of(arg: &Arg) -> Option<Self> {
        let names = arg.get_value_names()?;
        names.iter().flat_map(|name| name.split('|')).find_map(|name| match name {
            "REF" => Some(Self::Reference),
            "FAMILY" => Some(Self::Family),
            "ALIAS" => Some(Self::Alias),
            "FAMILY:ALIAS" => Some(Self::FamilyAlias),
            "REGION" => Some(Self::Region),
            "SOURCE" => Some(Self::Source),
            "COLUMN" => Some(Self::Column),
            _ => None,
        })
    }
}
