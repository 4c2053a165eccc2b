//! The accounts of an organization.

use aws_sdk_organizations::types::{AccountState, AccountStatus};

use super::*;

#[tokio::test]
async fn the_management_account_lists_the_members_in_pages() {
    let fake = Fake::start();
    {
        let mut world = fake.world();
        world.add_member(OTHER, "dev", "ACTIVE");
        world.add_member("333333333333", "old", "SUSPENDED");
        world.add_member("444444444444", "leaving", "PENDING_CLOSURE");
        world.add_member("555555555555", "gone", "CLOSED");
        world.add_member("666666666666", "coming", "PENDING_ACTIVATION");
    }
    let client = org(&fake, "AKIAPROD", EAST);
    let mut pages = client.list_accounts().into_paginator().page_size(4).send();
    let (mut sizes, mut accounts) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.accounts().len());
        accounts.extend_from_slice(page.accounts());
    }
    assert_eq!(sizes, [4, 2]);
    let told: Vec<_> = accounts.iter().map(|a| (a.id().unwrap(), a.name().unwrap(), a.state(), a.status())).collect();
    let wanted = [
        (PROD, "management", Some(&AccountState::Active), Some(&AccountStatus::Active)),
        (OTHER, "dev", Some(&AccountState::Active), Some(&AccountStatus::Active)),
        ("333333333333", "old", Some(&AccountState::Suspended), Some(&AccountStatus::Suspended)),
        ("444444444444", "leaving", Some(&AccountState::PendingClosure), Some(&AccountStatus::PendingClosure)),
        ("555555555555", "gone", Some(&AccountState::Closed), Some(&AccountStatus::Suspended)),
        ("666666666666", "coming", Some(&AccountState::PendingActivation), None),
    ];
    assert_eq!(told, wanted);
    assert!(accounts[1].arn().unwrap().ends_with(&format!("/{OTHER}")) && accounts[1].joined_timestamp().is_some());
    fake.world().status_retired = true;
    let later = client.list_accounts().send().await.unwrap();
    assert!(later.accounts().iter().all(|account| account.status().is_none() && account.state().is_some()));
}

#[tokio::test]
async fn others_and_bad_requests_are_refused() {
    let fake = Fake::start();
    let list = |key: &str, region: &str| org(&fake, key, region).list_accounts();
    let none = list("AKIAPROD", EAST).send().await.unwrap_err();
    assert!(none.as_service_error().unwrap().is_aws_organizations_not_in_use_exception(), "{none:?}");
    let arn = fake.world().make_organization(OTHER);
    assert_eq!(code(list("AKIAPROD", EAST).send().await), "AWSOrganizationsNotInUseException");
    fake.world().add_member(PROD, "prod", "ACTIVE");
    let member = list("AKIAPROD", EAST).send().await.unwrap_err();
    assert!(member.as_service_error().unwrap().is_access_denied_exception(), "{member:?}");
    assert_eq!(list("AKIAOTHER", EAST).send().await.unwrap().accounts().len(), 2);
    for bad in [0, 21] {
        assert_eq!(code(list("AKIAOTHER", EAST).max_results(bad).send().await), "InvalidInputException");
    }
    assert_eq!(code(list("AKIAOTHER", EAST).next_token("x").send().await), "InvalidInputException");
    assert_eq!(code(list("AKIAOTHER", WEST).send().await), "InvalidSignatureException", "it has one region");
    assert_eq!(code(list("AKIANOBODY", EAST).send().await), "UnrecognizedClientException");

    let id = fake.world().image(OTHER, EAST, "base").shared_with_arn(&arn).put();
    assert_eq!(state(&prod(&fake, EAST), &id).await, "available", "members see what the organization may launch");
    assert_eq!(fake.world().organization_arn(), arn);
}
