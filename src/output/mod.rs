//! Output: pure renderers of values, data on stdout, messages on stderr.

mod columns;
mod doctor;
pub mod error;
mod escape;
mod images;
mod instances;
pub mod json;
mod orphans;
mod page;
mod plan;
pub mod printer;
mod progress;
mod recycle_bin;
mod refs;
mod report;
mod show;
mod table;

pub use columns::Column;
pub use doctor::doctor;
pub use images::{Options, images};
pub use instances::instances;
pub use orphans::orphans;
pub use plan::{dispensable, overview, plan, question as plan_question, summary as plan_summary};
pub use progress::Bar;
pub use recycle_bin::recycle_bin;
pub use refs::{refs, unread as unread_sources, warnings};
pub use report::{changes, report};
pub use show::show;
pub use table::{Cell, Sheet, Tone};
