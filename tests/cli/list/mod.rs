//! `list`: filters and order, pages, regions and accounts.

mod columns;
mod filters;
mod places;
