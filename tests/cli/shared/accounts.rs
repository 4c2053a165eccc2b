//! Several accounts in one run: roles, external ids, organizations, sessions that end.

use crate::cli::{Amictl, Ran};
use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each, seconds, sorted};

const THIRD: &str = "333333333333";
const PROD_ROLE: &str = "arn:aws:iam::111111111111:role/ami";
const OTHER_ROLE: &str = "arn:aws:iam::222222222222:role/ops/ami";
const THIRD_ROLE: &str = "arn:aws:iam::333333333333:role/ami";
const THREE: &str = "--role-arn arn:aws:iam::111111111111:role/ami \
                     --role-arn arn:aws:iam::222222222222:role/ops/ami,arn:aws:iam::333333333333:role/ami";

/// Three accounts, with an image in each of three regions.
fn ready() -> Setup {
    let setup = Setup::new();
    let mut world = setup.world();
    world.add_account("AKIATHIRD", THIRD);
    for account in [PROD, OTHER, THIRD] {
        for region in [EAST, WEST, EUROPE] {
            world.image(account, region, "web-v1-2026-01-02").put();
        }
    }
    drop(world);
    setup
}

/// The accounts that a listing is of, each as often as it has images.
#[track_caller]
fn owners(ran: &Ran) -> Vec<String> {
    sorted(&ran.json()["images"], "owner_id").into_iter().map(str::to_owned).collect()
}

/// The roles that were asked for, with what was asked of STS.
fn asked(setup: &Setup, param: &str) -> Vec<(String, Option<String>)> {
    let calls = setup.calls("AssumeRole").into_iter();
    calls.map(|call| (call.params["RoleArn"].clone(), call.params.get(param).cloned())).collect()
}

#[test]
fn a_role_that_is_none_is_said_to_be_none_before_anything_is_asked() {
    let setup = ready();
    for (line, said) in [
        ("list --role-arn ami", "'ami' is not the ARN of a role"),
        (
            "list --role-arn arn:aws:iam::11111111111:role/ami",
            "it should look like arn:aws:iam::111122223333:role/NAME",
        ),
        ("list --role-arn arn:aws:sts::111111111111:assumed-role/ami/me", "is not the ARN of a role"),
        ("list --org-role a:b", "'a:b' is not the name of a role"),
        ("list --external-id x", "an external id has 2 to 1224"),
        ("list --role-arn arn:aws:iam::111111111111:role/a,arn:aws:iam::111111111111:role/b", "two roles in account"),
    ] {
        setup.run(line).ended(2).says(&[said]);
    }
    setup.amictl().env("AMICTL_ROLE_ARN", "ami").run("list").ended(2).says(&["is not the ARN of a role"]);
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn one_and_three_accounts_are_listed_in_one_and_three_regions() {
    let setup = ready();
    let one = setup.run(&format!("list --role-arn {OTHER_ROLE} -o json")).ended(0);
    assert_eq!(owners(&one), [OTHER]);
    let three = setup.run(&format!("list {THREE} -o json")).ended(0);
    assert_eq!(owners(&three), [PROD, OTHER, THIRD]);
    let all = setup.run(&format!("list {THREE} --region us-east-1,us-west-2,eu-west-1 -o json")).ended(0);
    assert_eq!(owners(&all).len(), 9);
    assert_eq!(sorted(&all.json()["images"], "region")[..3], [EUROPE; 3]);
    let everywhere = setup.run(&format!("list {THREE} --region all -o json")).ended(0);
    assert_eq!(owners(&everywhere).len(), 9);
    assert!(asked(&setup, "RoleSessionName").iter().all(|(_, name)| name.as_deref() == Some("amictl")));
}

#[test]
fn a_role_named_twice_is_assumed_once() {
    let setup = ready();
    let ran = setup.run(&format!("list --role-arn {OTHER_ROLE},{OTHER_ROLE} --region us-east-1,us-west-2 -o json"));
    assert_eq!(owners(&ran.ended(0)).len(), 2);
    assert_eq!(setup.calls("AssumeRole").len(), 1, "and once for both regions");
}

#[test]
fn an_account_that_cannot_be_entered_is_named_with_its_role() {
    let setup = ready();
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let ran = setup.run(&format!("list {THREE} --region us-east-1,us-west-2 -o json")).ended(3);
    assert_eq!(owners(&ran), [PROD, PROD, THIRD, THIRD]);
    let errors = ran.json()["errors"].clone();
    assert_eq!((each(&errors, "account"), each(&errors, "code")), (vec![OTHER], vec!["AccessDenied"]));
    let message = errors[0]["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("the role {OTHER_ROLE} cannot be assumed: User: arn:aws:iam::{PROD}")),
        "{message}"
    );
    ran.says(&[&format!("account {OTHER}, region us-east-1: the role {OTHER_ROLE} cannot be assumed")]);
}

#[test]
fn a_run_that_can_enter_no_account_fails() {
    let setup = ready();
    for role in [PROD_ROLE, OTHER_ROLE, THIRD_ROLE] {
        setup.world().denied_roles.insert(role.to_owned());
    }
    for command in ["list", "prune --keep 0", "orphans", "refs web", "deregister web:v1 --yes", "disable web"] {
        let ran = setup.run(&format!("{command} {THREE} -o json")).ended(1);
        assert_eq!((&ran.error()["code"], ran.stdout.as_str()), (&"AccessDenied".into(), ""), "{command}");
        assert!(ran.error()["hint"].as_str().unwrap().contains("--external-id"), "{}", ran.stderr);
    }
    setup.unchanged();
}

#[test]
fn an_external_id_goes_along_where_it_is_given() {
    let setup = ready();
    setup.world().require_external_id(OTHER_ROLE, "customer-7");
    let line = format!("list --role-arn {OTHER_ROLE} -o json");
    for (given, code) in [("", 1), (" --external-id customer-8", 1), (" --external-id customer-7", 0)] {
        let ran = setup.run(&format!("{line}{given}")).ended(code);
        if code == 1 {
            assert!(ran.error()["message"].as_str().unwrap().contains(OTHER_ROLE), "{}", ran.stderr);
        }
    }
    setup.amictl().env("AMICTL_EXTERNAL_ID", "customer-7").run(&line).ended(0);
    setup.amictl().env("AMICTL_EXTERNAL_ID", "").run(&line).ended(1);
    let file = setup.home.write("ami.toml", "external_id = 'customer-7'\n");
    setup.run(&format!("{line} --config {file}")).ended(0);
    let ids: Vec<_> = asked(&setup, "ExternalId").into_iter().filter_map(|(_, id)| id).collect();
    assert_eq!(ids, ["customer-8", "customer-7", "customer-7", "customer-7"]);
}

#[test]
fn the_way_to_take_up_a_wait_leads_through_the_role() {
    let setup = ready();
    setup.world().require_external_id(OTHER_ROLE, "customer-7");
    let id = setup.world().image(OTHER, EAST, "slow-v1-2026-01-02").state("pending").put();
    let ran = setup.run(&format!("wait {id} --timeout 1s --role-arn {OTHER_ROLE} --external-id customer-7")).ended(5);
    ran.says(&[&format!("amictl wait {id} --region us-east-1 --role-arn {OTHER_ROLE} --external-id customer-7")]);
}

/// An organization of three accounts, one of them suspended, and two more on later pages.
fn organization() -> Setup {
    let setup = ready();
    let mut world = setup.world();
    world.add_member(OTHER, "dev", "ACTIVE");
    world.add_member(THIRD, "old", "SUSPENDED");
    drop(world);
    setup
}

#[test]
fn a_role_of_the_organization_leads_to_every_active_account() {
    let setup = organization();
    let ran = setup.run("list --org-role ops/ami -o json").ended(0);
    // The account that manages the organization has no such role, and is ours already.
    assert_eq!(owners(&ran), [PROD, OTHER]);
    assert_eq!(asked(&setup, "RoleSessionName"), [(OTHER_ROLE.to_owned(), Some("amictl".to_owned()))]);
    ran.says(&["account 333333333333 (old) of the organization is SUSPENDED: left out"]);
    let quiet = setup.run("list --org-role ops/ami -o json --quiet").ended(0);
    assert_eq!(quiet.stderr, "");
    setup.world().status_retired = true;
    let west = setup.run("list --org-role ops/ami -o json --region us-west-2,eu-west-1").ended(0);
    assert_eq!(owners(&west).len(), 4, "Organizations is asked in its own region");
    let from_env = setup.amictl().env("AMICTL_ORG_ROLE", "ops/ami").run("list -o json").ended(0);
    assert_eq!(owners(&from_env), [PROD, OTHER]);
}

#[test]
fn an_organization_of_many_accounts_is_read_to_its_last_page() {
    let setup = organization();
    for n in 0..45 {
        setup.world().add_member(&format!("4000000000{n:02}"), "member", "ACTIVE");
    }
    setup.run("list --org-role ops/ami -o json").ended(0);
    assert_eq!((setup.calls("ListAccounts").len(), setup.calls("AssumeRole").len()), (3, 46));
}

#[test]
fn a_member_that_cannot_be_entered_does_not_hide_the_others() {
    let setup = organization();
    setup.world().add_member(THIRD, "old", "ACTIVE");
    setup.world().denied_roles.insert("arn:aws:iam::333333333333:role/ops/ami".to_owned());
    let ran = setup.run("list --org-role ops/ami -o json").ended(3);
    assert_eq!(
        (owners(&ran), each(&ran.json()["errors"], "account")),
        (vec![PROD.to_owned(), OTHER.to_owned()], vec![THIRD])
    );
}

#[test]
fn roles_and_an_organization_go_together_and_each_account_counts_once() {
    let setup = organization();
    let other = "arn:aws:iam::222222222222:role/special";
    let line = format!("list --org-role ops/ami --role-arn {other},{THIRD_ROLE} -o json");
    let ran = setup.run(&line).ended(3);
    assert_eq!(owners(&ran), [PROD, OTHER]);
    let roles: Vec<_> = asked(&setup, "RoleArn").into_iter().map(|(role, _)| role).collect();
    assert_eq!(roles, [other, THIRD_ROLE], "a role that is named comes before that of the organization");
}

#[test]
fn who_has_no_organization_or_may_not_list_it_is_told_so() {
    let setup = ready();
    let none = setup.run("list --org-role ami -o json").ended(1);
    assert_eq!(none.error()["code"], "AWSOrganizationsNotInUseException");
    assert!(none.error()["hint"].as_str().unwrap().contains("--role-arn"), "{}", none.stderr);
    setup.world().make_organization(OTHER);
    setup.world().add_member(PROD, "prod", "ACTIVE");
    let member = setup.run("list --org-role ami -o json").ended(1);
    assert_eq!(member.error()["code"], "AccessDeniedException");
    assert!(member.error()["hint"].as_str().unwrap().contains("management account"), "{}", member.stderr);
    setup.unchanged();
}

#[test]
fn roles_come_from_the_file_where_the_command_line_names_none() {
    let setup = organization();
    let file = setup.home.write("ami.toml", "org_role = 'ops/ami'\n");
    let run = |line: &str| owners(&setup.run(&format!("list --config {file} -o json {line}")).ended(0));
    assert_eq!(run(""), [PROD, OTHER]);
    assert_eq!(run(&format!("--role-arn {OTHER_ROLE}")), [OTHER]);
}

#[test]
fn a_session_that_ends_in_the_middle_of_a_run_is_begun_again() {
    let setup = ready();
    setup.world().bulk_images(OTHER, EAST, "api", 40);
    setup.world().image_page_limit = Some(10);
    // Shorter than STS allows: the SDK takes a session for ended 10 to 15 seconds before it is.
    setup.world().sessions_last = Some(seconds(14));
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Latency(seconds(3))).of_account(OTHER));
    let ran = setup.run(&format!("list --role-arn {OTHER_ROLE} -o ids")).ended(0);
    assert_eq!(ran.lines().len(), 41);
    let sessions = setup.calls("AssumeRole").len();
    assert!(sessions >= 2, "{sessions} session for 15 seconds of work");
    assert!(
        setup.outcomes("DescribeImages").iter().all(|outcome| *outcome == crate::fake::Outcome::Ok),
        "none was late"
    );
}

#[test]
fn a_session_that_has_ended_is_said_to_have_ended() {
    let setup = ready();
    let role = "--role-arn arn:aws:iam::222222222222:role/ops/ami";
    setup.fake.fault(Fault::error(
        "DescribeImages",
        "ExpiredToken",
        "The security token included in the request is expired",
    ));
    let ran = setup.run(&format!("list {role} -o json")).ended(1);
    assert!(ran.error()["hint"].as_str().unwrap().contains("the credentials have run out"), "{}", ran.stderr);
}

/// Credentials of a profile whose role the SDK would assume by itself.
#[test]
fn roles_are_assumed_on_top_of_the_role_of_a_profile() {
    let setup = ready();
    let config = format!(
        "[profile keys]\naws_access_key_id = AKIAPROD\naws_secret_access_key = secret\n\n\
         [profile hub]\nrole_arn = {PROD_ROLE}\nsource_profile = keys\nregion = us-east-1\nduration_seconds = 1800\n\
         external_id = hub-1\nrole_session_name = me\n"
    );
    setup.home.write("aws-config", &config);
    setup.world().require_external_id(PROD_ROLE, "hub-1");
    let ran = Amictl::bare(setup.home.path())
        .env("AWS_ENDPOINT_URL", setup.fake.url())
        .run(&format!("list --profile hub --role-arn {OTHER_ROLE} -o json"))
        .ended(0);
    assert_eq!(owners(&ran), [OTHER]);
    let calls = setup.calls("AssumeRole");
    let first = (&calls[0].params["RoleArn"], &calls[0].params["RoleSessionName"], &calls[0].params["DurationSeconds"]);
    assert_eq!(first, (&PROD_ROLE.to_owned(), &"me".to_owned(), &"1800".to_owned()));
    assert_eq!((calls.len(), calls[1].params["RoleArn"].as_str()), (2, OTHER_ROLE));
    let config = config.replace("1800", "60");
    setup.home.write("aws-config", &config);
    let ran = setup.run("list --profile hub").ended(2);
    ran.says(&["profile hub: duration_seconds is a number from 900 to 43200, not '60'"]);
}
