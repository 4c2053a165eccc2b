//! Retention by policy: survey, plan, recheck and execution.

pub mod apply;
pub mod conclude;
pub mod policy;
pub mod recheck;
pub mod retire;
pub mod survey;
