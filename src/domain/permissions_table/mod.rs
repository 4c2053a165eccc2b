//! The table of permissions: each command's calls, with resources, conditions and reasons.
//!
//! `amictl permissions`, `amictl doctor` and `docs/reference/permissions.md` are made from it. Tests run each command under
//! exactly its rows, and with each of them taken away.

mod check;
mod commands;
mod condition;
mod policy;
mod resource;
mod row;
mod rows;
mod trust;

pub use check::{ActionCheck, Finding, Lack, named_action};
pub use commands::{Needs, all, of};
pub use condition::Condition;
pub use policy::{Atom, LONGEST, PolicyDocument, Statement, documents, policy};
pub use resource::ResourceKind;
pub use row::{Need, Without};
pub use trust::{TrustPolicy, Trusted};
