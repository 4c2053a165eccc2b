//! Rules of the audit, one file each.

pub mod critical_fix_available;
pub mod dangling_reference;
pub mod family_not_rebuilt;
pub mod imdsv2_not_required;
pub mod name_pattern;
pub mod old_image_in_use;
pub mod pinned_image;
pub mod public_image;
pub mod required_tags;
pub mod revoked_in_use;
pub mod shared_outside;
pub mod unencrypted;
pub mod untested_alias;
