//! IAM: policies of accounts, and what they let a request do.
//!
//! Off for an account until [`World::allow_only`] gives it a policy; from then on everything else is denied to all who act
//! in that account. The fewest things are known: actions, ARNs, and the conditions that amictl's policies have.

mod asks;
mod policy;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::errors::Refusal;
use super::request::Request;
use super::world::World;

use asks::Ask;
use policy::Statement;

/// The policies in force.
#[derive(Default)]
pub struct Iam {
    statements: BTreeMap<String, Vec<Statement>>,
    used: BTreeSet<(String, String)>,
}

impl World {
    /// Lets an account do what this policy, or this list of policies, allows, and nothing else.
    pub fn allow_only(&mut self, account: &str, document: &Value) {
        let documents = document.as_array().map_or_else(|| vec![document], |list| list.iter().collect());
        let statements = documents.into_iter().flat_map(policy::read).collect();
        self.iam.statements.insert(account.to_owned(), statements);
    }

    /// What was needed of all policies so far: the names of statements, each with an action.
    pub fn permissions_used(&self) -> BTreeSet<(String, String)> {
        self.iam.used.clone()
    }
}

/// Denies a request that the policies of its account do not allow.
pub fn check(world: &mut World, service: &str, request: &Request) -> Result<(), Refusal> {
    if !world.iam.statements.contains_key(&request.account) {
        return Ok(());
    }
    for ask in asks::of(world, service, request) {
        if !allows(world, &request.account, &ask) {
            return Err(denial(service, request, &ask));
        }
    }
    Ok(())
}

/// Whether the caller may also do this on that resource.
pub fn may(world: &mut World, request: &Request, action: &str, arn: &str) -> bool {
    !world.iam.statements.contains_key(&request.account) || allows(world, &request.account, &Ask::new(action, arn))
}

fn allows(world: &mut World, account: &str, ask: &Ask) -> bool {
    let Some(statements) = world.iam.statements.get(account) else { return true };
    let Some(by) = statements.iter().find(|statement| statement.allows(ask)) else { return false };
    let used = (by.sid.clone(), ask.action.clone());
    world.iam.used.insert(used);
    true
}

/// The words of AWS: each service has its own code.
fn denial(service: &str, request: &Request, ask: &Ask) -> Refusal {
    let (action, arn) = (&ask.action, &request.arn);
    let on = if ask.resource == "*" { String::new() } else { format!(" on resource: {}", ask.resource) };
    let said = format!(
        "User: {arn} is not authorized to perform: {action}{on} because no identity-based policy allows the {action} action"
    );
    let (status, code, message) = match service {
        "ec2" => (403, "UnauthorizedOperation", format!("You are not authorized to perform this operation. {said}")),
        "sts" | "autoscaling" => (403, "AccessDenied", said),
        "rbin" => (403, "AccessDeniedException", said),
        _ => (400, "AccessDeniedException", said),
    };
    Refusal { status, code: code.to_owned(), message }
}
