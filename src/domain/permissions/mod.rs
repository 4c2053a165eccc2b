//! Launch permissions: who has one, which are recorded for later, and what a copy needs.

pub mod copy_access;
pub mod principal;
pub mod recorded;
