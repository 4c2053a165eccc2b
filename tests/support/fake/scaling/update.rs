//! UpdateAutoScalingGroup: another launch template or mixed instances policy.

use super::super::errors::{Answer, missing, refuse};
use super::super::request::Request;
use super::super::world::World;
use super::refreshes;
use super::wanted::Wanted;

/// Nothing is replaced: instances that run keep what they were launched from.
pub fn run(world: &mut World, request: &Request) -> Answer {
    refreshes::go_on(world, request);
    super::group(world, request)?;
    let wanted = Wanted::read(&request.params, world.region(&request.region), &request.account)?;
    let wanted = wanted.ok_or_else(|| missing("LaunchTemplate"))?;
    let group = super::group(world, request)?;
    if group.refreshes.iter().any(|refresh| refresh.is_active() && refresh.desired.is_some()) {
        let message = "An active instance refresh with a desired configuration exists. All configuration options derived \
                       from the desired configuration are not available for update while the instance refresh is active.";
        return Err(refuse("ValidationError", message));
    }
    // AWS takes more; what becomes of the rest of the group then is not known here.
    if group.configuration.is_some() || group.mixed.is_some() != wanted.policy.is_some() {
        return Err(refuse("ValidationError", "The endpoint does not turn one kind of group into another."));
    }
    wanted.put_into(group);
    Ok(String::new())
}
