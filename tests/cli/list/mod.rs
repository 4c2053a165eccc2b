//! `list`: filters and order, pages, regions and accounts.

mod columns;
mod families;
mod filters;
mod places;
