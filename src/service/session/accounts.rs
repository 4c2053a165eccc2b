//! The accounts of a run: of the credentials, of assumed roles, or of an organization.

use std::sync::Arc;

use anyhow::Result;
use aws_config::SdkConfig;

use super::settings::Settings;
use super::sign_in::{Role, with_role};
use crate::domain::failure::Failure;
use crate::domain::ids::AccountId;
use crate::domain::problem::PlaceError;
use crate::domain::region::Region;
use crate::domain::roles::RoleArn;
use crate::domain::usage::accounts;
use crate::service::client::error::{ApiError, api};
use crate::service::client::retry::Patient;
use crate::service::client::target::{Account, Caller, caller, region_of};

const LIST: &str = "ListAccounts";
/// The region of Organizations, by partition.
const HOMES: [(&str, &str); 3] = [("aws", "us-east-1"), ("aws-cn", "cn-northwest-1"), ("aws-us-gov", "us-gov-west-1")];
/// States of accounts that cannot be used.
const NOT_ACTIVE: [&str; 4] = ["PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", CLOSED];
/// The state in which nothing of the account is in use.
const CLOSED: &str = "CLOSED";
/// Organizations' limit for a page.
const PAGE: i32 = 20;

/// The accounts of a run.
pub(super) struct Opened {
    pub(super) accounts: Vec<Arc<Account>>,
    /// Notes for the user about accounts that are left out.
    pub(super) notes: Vec<String>,
    /// Inactive accounts that may become active again.
    pub(super) inactive: Vec<PlaceError>,
}

/// The member accounts of an organization.
#[derive(Default)]
struct Members {
    active: Vec<AccountId>,
    inactive: Vec<PlaceError>,
    notes: Vec<String>,
}

/// Determines the accounts. Roles are not assumed yet.
pub(super) async fn open(settings: &Settings, config: &SdkConfig, options: &str) -> Result<Opened> {
    let mut opened = Opened { accounts: Vec::new(), notes: Vec::new(), inactive: Vec::new() };
    let external_id = settings.external_id.as_ref().map(ToString::to_string);
    let given = external_id.as_ref().map(|id| format!(" --external-id {id}")).unwrap_or_default();
    // The external id may also be for a role of --from-role-arn.
    let own = || Account::new(config.clone(), None, format!("{options}{given}"), settings.pace);
    let mut roles = distinct(&settings.role_arns)?;
    if let Some(name) = &settings.org_role {
        let here = caller(config).await?;
        let members = match settings.members.is_empty() {
            true => members(config, here.partition()).await?,
            false => Members { active: settings.members.clone(), ..Members::default() },
        };
        let partition = here.partition().to_owned();
        opened.notes = members.notes;
        opened.inactive = members.inactive;
        let named =
            |place: &PlaceError| roles.iter().any(|role| Some(role.account().as_str()) == place.account.as_deref());
        opened.inactive.retain(|place| !named(place));
        for id in members.active {
            if roles.iter().any(|role| *role.account() == id) {
                continue;
            }
            match id == here.account {
                // AWS creates the organization's role in member accounts, not in the management account.
                true => opened.accounts.push(own()),
                false => roles.push(RoleArn::new(&partition, id, name.clone())),
            }
        }
    } else if roles.is_empty() {
        opened.accounts.push(own());
    }
    for role in roles {
        let options = format!("{options} --role-arn {role}{given}");
        let entered = with_role(config, Role { external_id: external_id.clone(), ..Role::new(&role) }, None);
        opened.accounts.push(Account::new(entered, Some(role), options, settings.pace));
    }
    Ok(opened)
}

/// The roles without duplicates. Two roles in one account would do everything there twice.
fn distinct(given: &[RoleArn]) -> Result<Vec<RoleArn>> {
    let mut roles: Vec<RoleArn> = Vec::new();
    for role in given {
        match roles.iter().find(|other| other.account() == role.account()) {
            None => roles.push(role.clone()),
            Some(other) if other == role => {}
            Some(other) => {
                let message = format!("two roles in account {}: {other} and {role}", role.account());
                return Err(Failure::usage(message).hint("give one role for each account").into());
            }
        }
    }
    Ok(roles)
}

/// The accounts of the organization. Inactive ones cannot be used, and a note names them. All but closed ones may
/// become active again, with their resources; accounts in unknown states are tried.
async fn members(config: &SdkConfig, partition: &str) -> Result<Members, ApiError> {
    // The service has one region per partition; a custom endpoint expects requests signed for it as well.
    let home = HOMES.iter().find(|(name, _)| *name == partition).and_then(|(_, home)| home.parse().ok());
    let region: Region = home.unwrap_or_else(|| region_of(config));
    let place = aws_config::Region::new(region.as_str().to_owned());
    let settings = aws_sdk_organizations::config::Builder::from(config).region(place).retry_classifier(Patient).build();
    let client = aws_sdk_organizations::Client::from_conf(settings);
    let mut pages = client.list_accounts().into_paginator().page_size(PAGE).send();
    let mut members = Members::default();
    while let Some(page) = pages.next().await {
        for account in page.map_err(api(LIST, &region))?.accounts() {
            let id = account.id().and_then(|id| id.parse::<AccountId>().ok());
            let id = id.ok_or_else(|| ApiError::unreadable(LIST, &region))?;
            // AWS replaces the status by the more precise state; either may be missing.
            let status = account.status().map(|status| status.as_str());
            let state = account.state().map(|state| state.as_str()).or(status).unwrap_or_default();
            if !NOT_ACTIVE.contains(&state) {
                members.active.push(id);
                continue;
            }
            let name = account.name().map(|name| format!(" ({name})")).unwrap_or_default();
            members.notes.push(format!("account {id}{name} of the organization is {state}: left out"));
            if state != CLOSED {
                let problem = accounts::inactive(state);
                members.inactive.push(PlaceError { account: Some(id.to_string()), region: region.clone(), problem });
            }
        }
    }
    Ok(members)
}

impl Caller {
    /// The AWS partition of the caller.
    fn partition(&self) -> &str {
        self.arn.as_deref().and_then(|arn| arn.split(':').nth(1)).filter(|part| !part.is_empty()).unwrap_or("aws")
    }
}
