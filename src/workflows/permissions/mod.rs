//! Launch permissions: granted, revoked, recorded and restored.

pub mod grant;
pub mod preconditions;
pub mod record;
pub mod withdraw;
