//! CancelInstanceRefresh and RollbackInstanceRefresh.

use super::super::super::errors::{Answer, Refusal, refuse};
use super::super::super::request::Request;
use super::super::super::world::World;
use super::super::super::xml::Xml;
use super::course::turn_back;
use super::go_on;
use super::model::InstanceRefresh;

fn none() -> Refusal {
    refuse("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found for Auto Scaling group")
}

fn answer(id: &str) -> String {
    let mut x = Xml::new();
    x.leaf("InstanceRefreshId", id);
    x.done()
}

/// Ends the refresh; what is replaced stays.
pub fn cancel(world: &mut World, request: &Request) -> Answer {
    go_on(world, request);
    request.params.flag("WaitForTransitioningInstances")?;
    let refresh = active(world, request)?;
    if refresh.status == "Cancelling" {
        return Err(none());
    }
    refresh.status = "Cancelling";
    refresh.until = Some(request.now + refresh.takes / 10);
    Ok(answer(&refresh.id))
}

/// Goes back to what the group launched before.
pub fn roll_back(world: &mut World, request: &Request) -> Answer {
    go_on(world, request);
    let account = request.account.clone();
    let both = {
        let refresh = active(world, request)?;
        if matches!(refresh.status, "Cancelling" | "RollbackInProgress") {
            return Err(none());
        }
        [refresh.before.clone(), refresh.desired.clone()]
    };
    let region = world.region(&request.region);
    if !both.iter().all(|one| one.as_ref().is_some_and(|one| one.stands_still(region, &account))) {
        let message = "The instance refresh cannot be rolled back: it has no desired configuration, or a launch template \
                       version or image that is not fixed.";
        return Err(refuse("IrreversibleInstanceRefresh", message));
    }
    let refresh = active(world, request)?;
    turn_back(refresh, request.now, "Rollback was started by the user.".to_owned());
    Ok(answer(&refresh.id))
}

fn active<'a>(world: &'a mut World, request: &Request) -> Result<&'a mut InstanceRefresh, Refusal> {
    let group = super::super::group(world, request)?;
    group.refreshes.last_mut().filter(|refresh| refresh.is_active()).ok_or_else(none)
}
