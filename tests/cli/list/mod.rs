//! `list`: filters and order, pages, regions and accounts.

mod filters;
mod places;
