//! Sources of use, one per file; `sources.rs` reads them and merges their findings.
//!
//! It fails closed: a source that cannot be read to its end is *failed*, never empty.

mod auto_scaling_groups;
mod catalog;
mod ec2_fleets;
mod files;
mod found;
mod image_references;
mod instances;
mod launch_configurations;
mod launch_templates;
mod left_out;
pub mod pins;
pub mod sources;
mod spot_requests;
mod ssm_parameters;
mod template_versions;
mod templates;
