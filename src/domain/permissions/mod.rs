//! Launch permissions: principals, recorded permissions to be restored, and access for copies.

pub mod copy_access;
pub mod principal;
pub mod recorded;
