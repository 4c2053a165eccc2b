//! Arguments that several commands share.

pub mod config_file;
pub mod follow_up;
pub mod images;
pub mod instances;
pub mod journal;
pub mod new_image;
pub mod price;
pub mod recycle_bin;
pub mod registration;
pub mod usage;
pub mod value_kind;
