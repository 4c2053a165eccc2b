//! Instance refreshes: begun, watched over time, cancelled, rolled back.

mod course;
mod describe;
mod model;
mod start;
mod stop;

pub use course::go_on;
pub use describe::run as describe;
pub use model::InstanceRefresh;
pub use start::run as start;
pub use stop::{cancel, roll_back};
