//! The commands that change images, held against one table: many images, regions and accounts.

mod copies;
mod many;
mod many_failing;
pub mod verbs;
