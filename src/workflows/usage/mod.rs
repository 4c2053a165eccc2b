//! The use of images, over all places of a run.

pub mod accounts;
pub mod images;
pub mod place;
pub mod refuse;
pub mod reports;
pub mod search;
pub mod selection;
pub mod snapshots;
pub mod unread;
