//! `list`: filters and order, pages, regions and accounts.

mod families;
mod filters;
mod places;
