//! The JSON that users may rely on: its own types, versioned, never the internal ones.
//!
//! Within a version fields are only added. Times are RFC 3339 in UTC, sizes whole GiB, absent things `null`.

mod alias_report;
mod aliases;
mod audit;
mod doctor;
pub mod document;
mod families;
mod images;
pub mod parallel;
mod recycle_bin;
mod refs;
mod report;
mod retention;
mod rollouts;
mod sarif;
mod show;
mod stale;
mod templates;

pub use alias_report::AliasOutcomeJson;
pub use aliases::{AliasJson, AliasesJson};
pub use audit::{AuditJson, FindingJson, RuleInForceJson, RulesJson};
pub use doctor::{CheckJson, ChecksJson, LackJson};
pub use document::ErrorJson;
pub use families::{FamiliesJson, FamilyJson};
pub use images::{BesidesJson, ImageJson, InstanceJson, InstancesJson};
pub use recycle_bin::{BinnedJson, BinnedListJson};
pub use refs::{ReferenceJson, RefsImageJson, RefsJson};
pub use report::{OrphanJson, OrphansJson, OutcomeJson, ReportJson, SparedJson, problem};
pub use retention::{HeldJson, PlaceRetentionJson, RetentionJson, RuleJson, RuleTagJson};
pub use rollouts::RolloutJson;
pub use sarif::SarifJson;
pub use show::{BlankVolumeJson, CopyJson, OriginJson, ShowJson, ShownSnapshotJson};
pub use stale::{StaleInstanceJson, StaleJson};
pub use templates::{TemplateJson, TemplatesJson};
