//! Boot tests of images.

pub mod probes;
mod ssm_probes;
