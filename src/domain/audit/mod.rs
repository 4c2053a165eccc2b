//! The audit: rules over images and over what refers to them, and what they find.

mod aliases;
mod facts;
mod families;
mod files;
mod finding;
mod images;
mod inventory;
mod names;
mod references;
mod registry;
mod report;
mod settings;
mod shares;
mod skip;
mod trouble;
mod uses;

pub use facts::{AuditFacts, AuditPlace, Pin, PinPlace};
pub use finding::{AuditFinding, Level, LevelError};
pub use registry::{AuditRule, RULES, RuleName, UnknownRule};
pub use report::{AuditReport, audit};
pub use settings::AuditSettings;
pub use skip::Skip;
