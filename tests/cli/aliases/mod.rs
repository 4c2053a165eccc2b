//! `aliases`: what aliases name, in every account and region.

mod history;
mod listing;
