//! Output: pure renderers of values, data on stdout, messages on stderr.

mod columns;
mod doctor;
pub mod error;
mod escape;
mod families;
mod images;
mod instances;
pub mod json;
mod markdown;
mod orphans;
mod page;
mod plan;
pub mod printer;
mod progress;
mod query;
mod recycle_bin;
mod refs;
mod report;
mod retention;
mod show;
mod table;

pub use columns::{Column, ColumnName, UnknownColumn};
pub use doctor::doctor;
pub use families::{FamilyColumn, UnknownFamilyColumn, families, ungrouped};
pub use images::{Options, images};
pub use instances::instances;
pub use orphans::{orphans, summary as orphan_summary};
pub use plan::{dispensable, overview, plan, question as plan_question, summary as plan_summary};
pub use progress::Bar;
pub use query::Expression;
pub use recycle_bin::recycle_bin;
pub use refs::{refs, unread as unread_sources, warnings};
pub use report::{changes, report};
pub use retention::{overview as retention_overview, retention};
pub use show::show;
pub use table::{Cell, Sheet, Tone};
