//! The audit: rules over images and over what refers to them, and what they find.

mod facts;
mod findings;
mod inventory;
mod limits;
mod note;
mod registry;
mod report;
mod rule;
mod rules;
mod settings;
mod skip;
mod trouble;
mod uses;

pub use facts::{AuditFacts, AuditPlace, PinPlace, PinnedId};
pub use findings::{AuditFinding, Level, LevelError};
pub use limits::AuditLimits;
pub use note::AuditNote;
pub use registry::{RULES, RuleName, UnknownRule, pinned_image, shared_outside};
pub use report::{AuditReport, audit};
pub use rule::AuditRule;
pub use settings::AuditSettings;
pub use skip::Skip;
