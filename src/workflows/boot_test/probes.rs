//! The probes of a boot test.

use std::time::Duration;

use crate::domain::boot_test::Check;
use crate::domain::instance::Instance;
use crate::domain::probe::Probe;
use crate::service::Target;
use crate::workflows::run::context::Context;

pub async fn run(
    _context: &Context,
    _target: &Target,
    _instance: &Instance,
    _probes: &[Probe],
    _timeout: Duration,
    _public_ip: bool,
) -> Vec<Check> {
    Vec::new()
}
