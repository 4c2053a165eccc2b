//! Retention by policy: survey, plan, recheck, apply.

pub mod apply;
pub mod conclude;
pub mod recheck;
pub mod retire;
pub mod survey;
