//! AWS Organizations: which accounts there are.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::errors::{Answer, refuse};
use super::paging::{Rules, Window};
use super::request::Request;
use super::services::Operation;
use super::world::{PROD, World};

/// Organization operations.
pub const OPERATIONS: &[Operation] =
    &[Operation { name: "ListAccounts", params: &["MaxResults", "NextToken"], run: list }];

/// Where the service is, for all regions.
const HOME: &str = "us-east-1";
/// States of an account, and at last one that AWS might add.
const STATES: [&str; 6] = ["ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "PENDING_ACTIVATION", "CLOSED", "RENAMED"];

/// An organization.
#[derive(Clone, Debug)]
pub struct Organization {
    /// `o-…`.
    pub id: String,
    /// The account that manages it, and alone may list its members.
    pub management: String,
    /// Members by account number, the management account among them.
    pub members: BTreeMap<String, Member>,
}

/// An account in an organization.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE`, `PENDING_ACTIVATION` or `CLOSED`.
    pub state: String,
    /// When it joined.
    pub joined: DateTime<Utc>,
}

impl Organization {
    fn arn(&self) -> String {
        format!("arn:aws:organizations::{}:organization/{}", self.management, self.id)
    }
}

impl World {
    /// Makes an organization with its management account, which is a member too; gives its ARN.
    pub fn make_organization(&mut self, management: &str) -> String {
        assert!(self.organization.is_none(), "there is an organization already");
        let id = "o-fake123456".to_owned();
        let organization = Organization { id, management: management.to_owned(), members: BTreeMap::new() };
        let arn = organization.arn();
        self.organization = Some(organization);
        self.add_member(management, "management", "ACTIVE");
        arn
    }

    /// Puts an account into the organization, which is made with [`PROD`] as its management account if there is none.
    /// `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE`, `PENDING_ACTIVATION`, `CLOSED` or the made-up `RENAMED`; roles can be
    /// assumed in active accounts and in those of that last state. What is shared with the organization is shared with its members.
    pub fn add_member(&mut self, account: &str, name: &str, state: &str) {
        assert!(STATES.contains(&state), "an account is never {state}");
        if self.organization.is_none() {
            self.make_organization(PROD);
        }
        let joined = self.now();
        let Some(organization) = &mut self.organization else { return };
        let member = Member { name: name.to_owned(), state: state.to_owned(), joined };
        organization.members.insert(account.to_owned(), member);
        let arn = organization.arn();
        self.accounts.insert(account.to_owned());
        self.memberships.entry(account.to_owned()).or_default().insert(arn);
    }

    /// The ARN of the organization.
    pub fn organization_arn(&self) -> String {
        self.organization.as_ref().map(Organization::arn).unwrap_or_else(|| panic!("there is no organization"))
    }

    /// Whether there is such an account, and it is not suspended or closed.
    pub(super) fn is_active(&self, account: &str) -> bool {
        let member = self.organization.as_ref().and_then(|organization| organization.members.get(account));
        self.accounts.contains(account)
            && member.is_none_or(|member| ["ACTIVE", "RENAMED"].contains(&member.state.as_str()))
    }
}

/// The members, for the management account. Delegated administrators are not known.
fn list(world: &mut World, request: &Request) -> Answer {
    if request.region != HOME {
        let message = format!("Credential should be scoped to a valid region, not '{}'.", request.region);
        return Err(refuse("InvalidSignatureException", message));
    }
    let rules = Rules { size: "MaxResults", bounds: (1, 20), default: Some(20), ids: None };
    let window = Window::by(world, request, &rules);
    let window = window.map_err(|refusal| refuse("InvalidInputException", refusal.message))?;
    let organization = world.organization.as_ref().filter(|o| o.members.contains_key(&request.account));
    let organization = organization.ok_or_else(|| {
        refuse("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
    })?;
    if organization.management != request.account {
        return Err(refuse("AccessDeniedException", "You don't have permissions to access this resource."));
    }
    let (page, next) = window.cut(organization.members.iter().map(|member| (member.0, member)));
    let accounts = page.into_iter().map(|(id, member)| {
        let mut account = json!({
            "Id": id,
            "Arn": format!("arn:aws:organizations::{}:account/{}/{id}", organization.management, organization.id),
            "Email": format!("{id}@example.com"),
            "Name": member.name,
            "State": member.state,
            "JoinedMethod": if *id == organization.management { "INVITED" } else { "CREATED" },
            "JoinedTimestamp": member.joined.timestamp(),
        });
        let status = match member.state.as_str() {
            "CLOSED" => Some("SUSPENDED"),
            "PENDING_ACTIVATION" => None,
            other => Some(other),
        };
        if let Some(status) = status.filter(|_| !world.status_retired) {
            account["Status"] = json!(status);
        }
        account
    });
    let mut document = Map::from_iter([("Accounts".to_owned(), accounts.collect::<Value>())]);
    if let Some(next) = next {
        document.insert("NextToken".to_owned(), Value::String(next));
    }
    Ok(Value::Object(document).to_string())
}
