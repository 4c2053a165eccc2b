//! `test`: boots images and checks them.

mod http;
pub mod probes;
mod ssm;
