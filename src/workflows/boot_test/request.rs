//! The request for boot tests, and what all tests of a run share.

use std::time::Duration;

use crate::domain::command_line::amictl;
use crate::domain::ids::{AccountId, InstanceId, SecurityGroupId, SubnetId};
use crate::domain::probe::Probe;
use crate::domain::problem::Problem;
use crate::domain::reference::ImageRef;
use crate::domain::test_timer::TestTimer;
use crate::service::{Target, terminate};
use crate::workflows::run::context::Context;

/// The time in which the status checks must pass, unless the user sets one.
const WAIT: Duration = Duration::from_secs(15 * 60);
/// The life of an instance that is kept after a failure.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// What all tests of a run have in common.
pub(super) struct Job<'a> {
    pub context: &'a Context,
    pub target: &'a Target,
    pub request: &'a BootTestRequest,
    pub account: Option<AccountId>,
}

/// The tests to be made.
#[derive(Debug, Clone)]
pub struct BootTestRequest {
    /// The images.
    pub references: Vec<ImageRef>,
    /// The instance types; each image is tested on those of its architecture.
    pub types: Vec<String>,
    /// The subnet; a default one when `None`.
    pub subnet: Option<SubnetId>,
    /// Security groups; the default one of the VPC when empty.
    pub security_groups: Vec<SecurityGroupId>,
    /// What the instances must answer.
    pub probes: Vec<Probe>,
    /// How long each probe is tried.
    pub probe_timeout: Duration,
    /// User data, base64, in place of the timer.
    pub user_data: Option<String>,
    /// The name of an instance profile.
    pub instance_profile: Option<String>,
    /// Whether the instances get public addresses, and are probed there.
    pub public_ip: bool,
    /// Whether the instance of a failed test stays.
    pub keep_on_failure: bool,
}

impl BootTestRequest {
    /// The time in which the status checks must pass.
    pub(super) fn wait(context: &Context) -> Duration {
        context.timeout_or(WAIT)
    }

    /// The timer of each instance.
    pub(super) fn timer(&self, context: &Context) -> TestTimer {
        let probes = if self.probes.is_empty() { Duration::ZERO } else { self.probe_timeout };
        TestTimer::new(Self::wait(context), probes)
    }

    /// The time after which a sweep may end an instance.
    pub(super) fn life(&self, context: &Context) -> Duration {
        if self.keep_on_failure { KEPT } else { self.timer(context).length() }
    }
}

/// The command line that ends what is left in a place.
pub fn sweep_line(target: &Target) -> String {
    amictl("test").word("--sweep").options(target.options()).to_string()
}

/// The command line that terminates instances at once, for which amictl has no command.
pub(super) fn terminate_line(target: &Target, ids: &[&str]) -> String {
    format!("aws ec2 terminate-instances --region {} --instance-ids {}", target.region, ids.join(" "))
}

/// Adds to why an instance was not terminated how to lift a protection, if that is it, and what to do `then`.
pub(super) fn with_way_out(target: &Target, id: &InstanceId, problem: Problem, then: &str) -> Problem {
    if problem.code != terminate::PROTECTED {
        return problem;
    }
    let lift = format!(
        "aws ec2 modify-instance-attribute --region {} --instance-id {id} --no-disable-api-termination",
        target.region
    );
    Problem { message: format!("{}; lift its protection with: {lift}; then: {then}", problem.message), ..problem }
}
