//! `show` over several regions and accounts: one page about one image, wherever that is.

use serde_json::{Value, json};

use crate::changes::verbs::role;
use crate::fake::{Fault, OTHER, PROD, Principal};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, part, sorted};
use crate::shared::terminal;

const NAME: &str = "web-v3-2026-01-02";
const THIRD: &str = "333333333333";
const DENIED: &str = "You are not authorized to perform this operation.";

/// An endpoint with three accounts, and the options that lead to them.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    setup.world().add_account("AKIATHIRD", THIRD);
    let roles = [PROD, OTHER, THIRD].map(role).join(" ");
    (setup, roles)
}

/// An image of the second account that the first one may launch.
fn shared(setup: &Setup) -> String {
    setup.world().image(OTHER, EAST, NAME).shared_with(PROD).put()
}

fn refused(action: &str) -> Fault {
    Fault::error(action, "UnauthorizedOperation", DENIED)
}

#[test]
fn an_id_is_found_in_the_second_of_three_accounts() {
    let (setup, roles) = ready();
    let id = setup.world().image(OTHER, EAST, NAME).put();
    let found = setup.json(&format!("show {id} {roles}"));
    assert_eq!((&found["image"]["id"], &found["image"]["owner_id"]), (&json!(id), &json!(OTHER)));
    assert_eq!((&found["launch_permissions"], &found["in_use"]), (&json!([]), &json!(false)));
    assert_eq!(found["errors"], json!([]));
    let sources = found["sources"].as_array().unwrap();
    assert!(sources.iter().all(|source| source["account"] == OTHER && source["status"] == "ok"), "{sources:?}");
    let accounts = sources.iter().find(|source| source["source"] == "accounts").unwrap();
    assert_eq!(accounts["read"], 2, "the two others were looked into");
    let page = setup.run(&format!("show {id} {roles}")).ended(0).stdout;
    assert!(page.contains("Owner           222222222222, one of these accounts\n"), "{page}");
    assert!(page.contains(" regions of 3 accounts\n"), "{page}");
}

#[test]
fn a_name_is_found_in_the_third_of_three_regions() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EUROPE, NAME).put();
    let regions = "--region us-east-1,us-west-2,eu-west-1";
    for reference in part(["web", "web:v3", NAME, &id], 2, 0) {
        for places in [regions, "--region all"] {
            let ran = setup.run(&format!("show {reference} {places} -o json")).ended(0);
            let found = ran.json();
            assert_eq!((&found["image"]["id"], &found["image"]["region"]), (&json!(id), &json!(EUROPE)));
            assert!(each(&found["sources"], "region").iter().all(|region| *region == EUROPE));
            assert!(ran.stderr.is_empty(), "that it is in one place only is no news: {}", ran.stderr);
        }
    }
    // One account is one account, in however many regions.
    let page = setup.run(&format!("show web {regions}")).ended(0).stdout;
    assert!(page.contains("Owner           111111111111, this account\n") && !page.contains("ACCOUNT"), "{page}");
    let sources = setup.json(&format!("show web {regions}"))["sources"].clone();
    assert!(!each(&sources, "source").contains(&"accounts"), "{sources}");
}

#[test]
fn a_name_that_two_places_have_is_refused_and_both_are_named() {
    let (setup, roles) = ready();
    let east = setup.world().image(PROD, EAST, NAME).put();
    let west = setup.world().image(PROD, WEST, NAME).put();
    let ran = setup.run("show web --region us-east-1,us-west-2,eu-west-1 -o json").ended(1);
    assert_eq!((&ran.error()["code"], ran.stdout.as_str()), (&json!("AmbiguousReference"), ""));
    let said = format!(
        "'web' names 2 images: {NAME} ({east}) in account {PROD}, region us-east-1; \
         {NAME} ({west}) in account {PROD}, region us-west-2"
    );
    assert_eq!(ran.error()["message"], json!(said));
    assert_eq!(ran.error()["hint"], "name the one you mean by its id, or give one --region");
    // Either way of telling which is enough.
    assert_eq!(setup.json("show web --region us-west-2")["image"]["id"], json!(west));
    let by_id = setup.json(&format!("show {west} --region us-east-1,us-west-2,eu-west-1"));
    assert_eq!(by_id["image"]["id"], json!(west));
    let other = setup.world().image(OTHER, EAST, NAME).put();
    let ran = setup.run(&format!("show web {roles} -o json")).ended(1);
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    for said in [&format!("({east}) in account {PROD}, "), &format!("({other}) in account {OTHER}, region us-east-1")] {
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(ran.error()["hint"], "name the one you mean by its id, or give one --role-arn");
    let ran = setup.run(&format!("show web {roles} --region all")).ended(1);
    ran.says(&["'web' names 3 images: ", &east, &west, &other, "or give one --role-arn and one --region"]);
    assert!(setup.calls("DescribeInstances").iter().all(|call| call.region == WEST), "nothing else is read");
}

#[test]
fn what_is_nowhere_is_missed_in_every_place() {
    let (setup, roles) = ready();
    setup.world().image(PROD, EAST, "api-v1-2026-01-02").put();
    let ran = setup.run(&format!("show web {roles} -o json")).ended(1);
    assert_eq!((&ran.error()["code"], ran.stdout.as_str()), (&json!("InvalidAMIID.NotFound"), ""));
    let said = "nothing is called 'web': no own image of that name in account 111111111111, region us-east-1; \
                nor in account 222222222222, region us-east-1; account 333333333333, region us-east-1";
    assert_eq!(ran.error()["message"], said);
    // Many places are not all named.
    let ran = setup.run(&format!("show ami-0123456789abcdef0 {roles} --region all")).ended(1);
    ran.says(&["account 111111111111, region ap-northeast-1; nor in ", "; and 45 more\n"]);
}

#[test]
fn an_image_that_two_accounts_see_is_one_and_the_owner_s() {
    let (setup, roles) = ready();
    let id = shared(&setup);
    let found = setup.json(&format!("show {id} {roles}"));
    assert_eq!((&found["image"]["id"], &found["launch_permissions"]), (&json!(id), &json!([PROD])));
    assert!(found["monthly_cost_usd_at_most"].is_number(), "the owner pays");
    // Without the owner it is an image of others.
    let found = setup.json(&format!("show {id} {} {}", role(PROD), role(THIRD)));
    assert_eq!((&found["image"]["owner_id"], &found["launch_permissions"]), (&json!(OTHER), &Value::Null));
}

#[test]
fn use_by_another_account_is_shown() {
    let (setup, roles) = ready();
    let id = shared(&setup);
    let instance = setup.world().instance(PROD, EAST).image(&id).put();
    let quiet = "--without-source image-references";
    let found = setup.json(&format!("show {id} {roles} {quiet}"));
    let by =
        json!([{"source": "accounts", "kind": "instance", "id": instance, "detail": "account 111111111111: running"}]);
    assert_eq!((&found["in_use"], &found["references"]), (&json!(true), &by));
    let refs = setup.json(&format!("refs {id} {roles} {quiet}"));
    assert_eq!((&found["references"], &found["sources"]), (&refs["images"][0]["references"], &refs["sources"]));
    let page = setup.run(&format!("show {id} {roles}")).ended(0).stdout;
    let row = format!("    instance  {instance}  account {PROD}: running\n");
    assert!(page.contains("In use          yes\n") && page.contains(&row), "{page}");
    // Alone, the owner does not see it, nor where the others are left out.
    assert_eq!(setup.json(&format!("show {id} {}", role(OTHER)))["in_use"], false);
    assert_eq!(setup.json(&format!("show {id} {roles} --without-source accounts"))["in_use"], false);
}

#[test]
fn copies_are_found_in_every_account_and_say_whose_they_are() {
    let (setup, roles) = ready();
    let (id, mine, theirs, again) = {
        let mut world = setup.world();
        let id = world.image(PROD, EAST, NAME).shared_with(OTHER).put();
        let mine = world.image(PROD, WEST, NAME).copied_from(&id, EAST).put();
        let theirs = world.image(OTHER, EUROPE, "their-web").copied_from(&id, EAST).shared_with(THIRD).put();
        // A copy of the copy, in an account that sees the image itself nowhere.
        let again = world.image(THIRD, WEST, NAME).copied_from(&theirs, EUROPE).put();
        (id, mine, theirs, again)
    };
    let found = setup.json(&format!("show {id} {roles}"));
    let expected = json!([
        {"id": mine, "account": PROD, "region": WEST, "name": NAME, "state": "available"},
        {"id": theirs, "account": OTHER, "region": EUROPE, "name": "their-web", "state": "available"},
        {"id": again, "account": THIRD, "region": WEST, "name": NAME, "state": "available"},
    ]);
    assert_eq!(found["copies"], expected);
    assert_eq!(each(&setup.json(&format!("show {id}"))["copies"], "id"), [&mine]);
    let named = setup.json(&format!("show {id} {roles} --copies-in eu-west-1"));
    assert_eq!(each(&named["copies"], "id"), [&theirs]);
    for columns in [80, 120] {
        let page =
            terminal::seen(&terminal::run(&setup, columns, "", &format!("show {id} {roles} --no-progress"), &[]).1);
        let title = page.lines().find(|line| line.contains("ACCOUNT")).unwrap_or_else(|| panic!("{page}"));
        assert!(title.trim_start().starts_with("ACCOUNT       REGION     ID "), "{title}");
        assert!(page.lines().any(|line| line.contains(&format!("{OTHER}  eu-west-1  {theirs}"))), "{page}");
        // A table that wraps is none.
        assert!(page.lines().all(|line| line.chars().count() <= columns), "{columns}\n{page}");
    }
    assert!(!setup.run(&format!("show {id}")).ended(0).stdout.contains("ACCOUNT"));
    // Where the copy comes from is seen by the account that has it.
    let of_again = setup.json(&format!("show {again} {roles} --region us-west-2"));
    assert_eq!(of_again["copied_from"], json!({"id": theirs, "region": EUROPE, "exists": true}));
    setup.world().image_mut(&theirs).launch.clear();
    let of_again = setup.json(&format!("show {again} {roles} --region us-west-2"));
    assert_eq!(of_again["copied_from"]["exists"], true, "the third account does not see it any more");
    let alone = setup.json(&format!("show {again} {} --region us-west-2", role(THIRD)));
    assert_eq!(alone["copied_from"]["exists"], false);
    setup.fake.fault(refused("DescribeImages").in_region(EUROPE));
    let doubt = setup.run(&format!("show {again} {roles} --region us-west-2 -o json")).ended(3).json();
    assert_eq!(doubt["copied_from"]["exists"], Value::Null);
}

#[test]
fn an_account_that_cannot_be_entered_is_reported_and_hides_nothing() {
    let (setup, roles) = ready();
    let id = setup.world().image(OTHER, EAST, NAME).put();
    let copy = setup.world().image(PROD, WEST, NAME).copied_from(&id, EAST).put();
    setup.world().denied_roles.insert(format!("arn:aws:iam::{THIRD}:role/ami"));
    let ran = setup.run(&format!("show {id} {roles} -o json")).ended(3);
    let found = ran.json();
    assert_eq!((&found["image"]["id"], each(&found["copies"], "id")), (&json!(id), vec![copy.as_str()]));
    assert_eq!(
        (each(&found["errors"], "account"), each(&found["errors"], "code")),
        (vec![THIRD], vec!["AccessDenied"])
    );
    assert_eq!(
        (&found["in_use"], &ran.error()["code"]),
        (&json!(false), &json!("PartialPage")),
        "it may not launch it"
    );
    let page = setup.run(&format!("show {id} {roles}")).ended(3);
    let page = page.says(&["account 333333333333, region us-east-1: ", "is not authorized to perform: sts:AssumeRole"]);
    let said = format!("Not searched    all regions of account {THIRD}\n");
    assert!(page.stdout.contains(&said) && page.stdout.contains(&copy), "{}", page.stdout);
    // An account that may launch it may use it: nobody knows, and that weighs more.
    setup.world().image_mut(&id).launch.insert(Principal::Account(THIRD.to_owned()));
    let doubt = setup.run(&format!("show {id} {roles} -o json")).ended(4);
    assert_eq!((&doubt.json()["in_use"], each(&doubt.json()["errors"], "account")), (&Value::Null, vec![THIRD]));
    let none = [PROD, OTHER, THIRD].map(|account| format!("arn:aws:iam::{account}:role/ami"));
    setup.world().denied_roles.extend(none);
    assert_eq!(setup.run(&format!("show {id} {roles} -o json")).ended(1).error()["code"], "AccessDenied");
}

#[test]
fn a_place_that_cannot_be_read_hides_no_image_found_elsewhere() {
    let (setup, roles) = ready();
    let id = setup.world().image(PROD, WEST, NAME).put();
    setup.fake.fault(refused("DescribeImages").in_region(EUROPE));
    let line = "show web --region us-east-1,us-west-2,eu-west-1 --copies-in us-west-2";
    let ran = setup.run(&format!("{line} -o json")).ended(3);
    assert_eq!(ran.json()["image"]["id"], json!(id));
    let expected = json!([{"account": PROD, "region": EUROPE, "code": "UnauthorizedOperation", "message": DENIED}]);
    assert_eq!((&ran.json()["errors"], &ran.error()["code"]), (&expected, &json!("PartialPage")));
    ran.says(&["account 111111111111, region eu-west-1: "]);
    // Where copies are looked for in all accounts, it is said of which account a region was not read.
    let ran = setup.run(&format!("show {id} {roles} --region us-west-2 -o json")).ended(3);
    assert_eq!(sorted(&ran.json()["errors"], "account"), [PROD, OTHER, THIRD]);
    let page = setup.run(&format!("show {id} {roles} --region us-west-2")).ended(3).stdout;
    assert!(page.contains("Not searched    eu-west-1 of account 111111111111, eu-west-1 of account 222"), "{page}");
    // The only place there is fails once, and not a second time on the way out.
    let alone = setup.run("show web --region eu-west-1 -o json").ended(1);
    assert_eq!((alone.stderr.lines().count(), &alone.error()["code"]), (1, &json!("UnauthorizedOperation")));
    setup.fake.clear_faults();
    setup.fake.fault(refused("DescribeRegions"));
    let page = setup.run(&format!("show {id} {roles} --region us-west-2")).ended(3).stdout;
    assert!(page.contains("none in us-west-2 of 3 accounts\n"), "{page}");
    assert!(page.contains("Not searched    all other regions of account 111111111111, all "), "{page}");
}

#[test]
fn an_organization_is_looked_through() {
    let (setup, _) = ready();
    setup.world().add_member(OTHER, "dev", "ACTIVE");
    let id = setup.world().image(OTHER, WEST, NAME).put();
    let copy = setup.world().image(PROD, EAST, NAME).copied_from(&id, WEST).put();
    let found = setup.json(&format!("show {id} --org-role ops/ami --region all"));
    assert_eq!((&found["image"]["owner_id"], each(&found["copies"], "id")), (&json!(OTHER), vec![copy.as_str()]));
}
