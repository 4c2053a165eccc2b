//! The JSON that users may rely on: its own types, versioned, never the internal ones.
//!
//! Within a version fields are only added. Times are RFC 3339 in UTC, sizes whole GiB, absent things `null`.

mod alias_report;
mod aliases;
mod audit;
mod boot_tests;
mod doctor;
pub mod document;
mod families;
mod images;
mod lineage;
pub mod parallel;
mod recycle_bin;
mod refs;
mod report;
mod retention;
mod rollouts;
mod sarif;
mod settings;
mod show;
mod stale;
mod sweep;
mod templates;

pub use alias_report::AliasOutcomeJson;
pub use aliases::{AliasJson, AliasesJson};
pub use audit::{AuditJson, FindingJson, RuleInForceJson, RulesJson};
pub use boot_tests::{BootTestJson, BootTestsJson};
pub use doctor::{CheckJson, ChecksJson, LackJson};
pub use document::ErrorJson;
pub use families::{FamiliesJson, FamilyJson};
pub use images::{BesidesJson, ImageJson, InstanceJson, InstancesJson, TestedJson};
pub use lineage::{LineageImageJson, LineageJson};
pub use recycle_bin::{BinnedJson, BinnedListJson};
pub use refs::{ReferenceJson, RefsImageJson, RefsJson};
pub use report::{OrphanJson, OrphansJson, OutcomeJson, ReportJson, SparedJson, problem};
pub use retention::{HeldJson, PlaceRetentionJson, RetentionJson, RuleJson, RuleTagJson};
pub use rollouts::RolloutJson;
pub use sarif::SarifJson;
pub use settings::{SettingJson, SettingsJson};
pub use show::{BlankVolumeJson, CopyJson, OriginJson, RevokedJson, ShowJson, ShownSnapshotJson, SourceTestedJson};
pub use stale::{StaleInstanceJson, StaleJson};
pub use sweep::SweepJson;
pub use templates::{TemplateJson, TemplatesJson};
