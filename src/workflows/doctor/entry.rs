//! Accounts that cannot be entered: the role that would have to let the caller in.

use crate::domain::permissions_table::{ActionCheck, Atom, Condition, Finding, Lack, Needs, named_action};
use crate::domain::problem::PlaceError;
use crate::workflows::run::context::Context;

const ENTER: &str = "sts:AssumeRole";
const REGIONS: &str = "ec2:DescribeRegions";

/// The checks of an account that was not entered, all denied. The caller needs the permission, and the role must trust it.
pub(super) fn refused(
    context: &Context,
    error: &PlaceError,
    commands: &[&'static Needs],
) -> (Vec<ActionCheck>, Option<Lack>) {
    // The role was assumed, but its regions could not be listed.
    let inside = named_action(&error.problem.message) == Some(REGIONS);
    let action = if inside { REGIONS } else { ENTER };
    let check = |needs: &&'static Needs| ActionCheck {
        account: error.account.clone(),
        region: error.region.clone(),
        command: needs.command,
        action,
        finding: Finding::Denied,
        message: format!("{} [{}]", error.problem.message, error.problem.code),
    };
    let resource = if inside { "*".to_owned() } else { role(context, error.account.as_deref()) };
    let atom = Atom { action, resource, when: Condition::None };
    let lack = Lack::new(error.account.clone(), error.region.clone(), vec![atom]);
    (commands.iter().map(check).collect(), lack)
}

fn role(context: &Context, account: Option<&str>) -> String {
    let settings = &context.settings;
    let mut roles = settings.role_arns.iter();
    let named = roles.find(|role| Some(role.account().as_str()) == account).map(ToString::to_string);
    let place = account.unwrap_or("*");
    let of_organization = || settings.org_role.as_ref().map(|role| format!("arn:*:iam::{place}:role/{role}"));
    named.or_else(of_organization).unwrap_or_else(|| format!("arn:*:iam::{place}:role/*"))
}
