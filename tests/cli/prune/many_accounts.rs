//! Plans over many accounts: calls per account do not grow with their number.
//!
//! Nothing that another account uses is missed for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::fake::{Fault, OTHER, PROD, World};
use crate::prune::accounts::{THIRD, THREE, TWO};
use crate::scene::{ALL, Plan, Scene, days_ago};
use crate::setup::{EAST, WEST, part};

const FOURTH: &str = "444444444444";

/// So many accounts, and the option that enters them.
fn several(setup: &Scene, count: usize) -> (Vec<String>, String) {
    let accounts: Vec<_> = (0..count).map(|n| format!("{:012}", 500_000_000_000 + n)).collect();
    let mut world = setup.world();
    for account in &accounts {
        world.add_account(&format!("AKIA{account}"), account);
    }
    let roles: Vec<_> = accounts.iter().map(|account| format!("arn:aws:iam::{account}:role/ami")).collect();
    (accounts, format!("--role-arn {} --region {EAST},{WEST}", roles.join(",")))
}

/// Old images of an account; gives their ids.
fn fill(world: &mut World, account: &str, region: &str, count: usize) -> Vec<String> {
    let name = |n: usize| format!("web-v{n}-2025-01-01");
    (1..=count).map(|n| world.image(account, region, &name(n)).created(days_ago(100)).put()).collect()
}

/// How many calls of each kind a place gets, where all get as many.
#[track_caller]
fn calls_a_place(setup: &Scene) -> BTreeMap<String, usize> {
    let mut places: BTreeMap<(String, String), BTreeMap<String, usize>> = BTreeMap::new();
    for call in setup.fake.calls().into_iter().filter(|call| call.service != "sts") {
        *places.entry((call.account, call.region)).or_default().entry(call.action).or_default() += 1;
    }
    let different: BTreeSet<_> = places.into_values().collect();
    assert_eq!(different.len(), 1, "{different:#?}");
    different.into_iter().next().unwrap()
}

/// So many accounts with so many images in each place; what one line asks of each of those.
fn calls_of(line: &str, count: usize, images: usize) -> BTreeMap<String, usize> {
    let setup = Scene::new();
    let (accounts, roles) = several(&setup, count);
    for account in &accounts {
        for region in [EAST, WEST] {
            fill(&mut setup.world(), account, region, images);
        }
    }
    setup.run(&format!("{line} {roles} -o csv")).ended(0);
    calls_a_place(&setup)
}

#[test]
fn what_a_place_is_asked_does_not_grow_with_the_number_of_accounts() {
    for line in ["prune --keep 0", "list --columns id,used_by"] {
        let (two, eight) = (calls_of(line, 2, 110), calls_of(line, 8, 110));
        // Its own images, and what is shared with it; its own images, ten a call.
        assert_eq!((eight["DescribeImages"], eight["DescribeImageReferences"]), (2, 11), "{line}");
        assert_eq!(two, eight, "{line}");
        assert!(eight.values().sum::<usize>() <= 60, "{line}: {eight:?}");
    }
}

#[test]
fn few_images_of_others_are_asked_about_one_and_all() {
    let calls = calls_of("prune --keep 0", 8, 10);
    assert_eq!((calls["DescribeImages"], calls["DescribeImageReferences"]), (1, 1 + 7));
    assert!(calls.values().sum::<usize>() <= 60, "{calls:?}");
    let calls = calls_of("refs web:v1 web:v2", 5, 2);
    assert_eq!(calls["DescribeImageReferences"], 2);
}

/// Makes an old image that others may launch, or could. What it is given is the ARN of the organization.
type Shared = fn(&mut World, &str) -> String;

const NAME: &str = "web-v1-2025-01-01";
const SHARES: [(&str, Shared); 8] = [
    ("with the account", |world, _| world.image(PROD, EAST, NAME).created(days_ago(100)).shared_with(OTHER).put()),
    ("with the account, and deprecated", |world, _| {
        let image = world.image(PROD, EAST, NAME).created(days_ago(100)).deprecated_at(days_ago(9));
        image.shared_with(OTHER).put()
    }),
    ("with the organization", |world, organization| {
        world.image(PROD, EAST, NAME).created(days_ago(100)).shared_with_arn(organization).put()
    }),
    ("with everybody", |world, _| world.image(PROD, EAST, NAME).created(days_ago(100)).public().put()),
    ("with the account before it was disabled", |world, _| disabled(world, Some(&format!("{OTHER} {THIRD}")))),
    ("with the organization before it was disabled", |world, organization| disabled(world, Some(organization))),
    ("with everybody before it was disabled", |world, _| disabled(world, Some("all"))),
    ("with nobody knows whom before it was disabled", |world, _| disabled(world, None)),
];

fn disabled(world: &mut World, shares: Option<&str>) -> String {
    let image = world.image(PROD, EAST, NAME).created(days_ago(100)).state("disabled");
    match shares {
        Some(shares) => image.tag("amictl:shares", shares).put(),
        None => image.put(),
    }
}

/// Three accounts of an organization, in which images of [`PROD`] and [`THIRD`] are candidates: so many beside those
/// that a test adds. Gives the ARN of the organization.
fn organization(setup: &Scene, others: usize) -> String {
    let mut world = setup.world();
    world.add_account("AKIATHIRD", THIRD);
    let organization = world.make_organization(PROD);
    world.add_member(OTHER, "other", "ACTIVE");
    fill(&mut world, THIRD, EAST, others);
    organization
}

#[test]
fn what_only_a_recipe_of_another_account_uses_stays_however_it_is_or_was_shared() {
    for (n, (how, put)) in SHARES.into_iter().enumerate() {
        // With more images than a filter takes, all that is shared is listed; it may come in many pages.
        for others in part([1, 120, 220], 3, n) {
            let setup = Scene::new();
            let organization = organization(&setup, others);
            let mut world = setup.world();
            world.image_page_limit = (others == 220).then_some(100);
            for n in 1..=5 {
                let name = format!("db-v{n}-2025-01-01");
                world.image(PROD, EAST, &name).created(days_ago(100)).shared_with(OTHER).put();
            }
            let shared = put(&mut world, &organization);
            world.image_recipe(OTHER, EAST, "base", &shared);
            drop(world);
            let plan = setup.plan(&format!("prune --keep 0 {THREE}"));
            let named = format!("image-recipe image-recipe/base/1.0.0 (account {OTHER})");
            assert_eq!(plan.reasons(&shared), [("in-use", named.as_str())], "{how}");
            assert_eq!(plan.going().len(), others + 5, "{how}");
        }
    }
}

#[test]
fn refs_and_deregister_find_the_recipe_of_another_account_too() {
    for (how, put) in SHARES {
        let setup = Scene::new();
        let organization = organization(&setup, 1);
        let shared = put(&mut setup.world(), &organization);
        setup.world().image_recipe(OTHER, EAST, "base", &shared);
        let refs = setup.json(&format!("refs {shared} {TWO}"));
        assert_eq!(refs["images"][0]["references"][0]["id"], "image-recipe/base/1.0.0", "{how}: {refs:#}");
        let ran = setup.run(&format!("deregister {shared} --yes -o json {TWO}")).ended(4);
        assert!(ran.error()["message"].as_str().unwrap().contains("image-recipe/base"), "{how}: {}", ran.stderr);
        setup.unchanged();
    }
}

#[test]
fn an_account_is_not_asked_about_what_it_never_could_launch() {
    let setup = Scene::new();
    organization(&setup, 0);
    let mut world = setup.world();
    world.add_account("AKIAFOURTH", FOURTH);
    fill(&mut world, FOURTH, EAST, 120);
    let private = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).put();
    let shared = world.image(PROD, EAST, "web-v2-2025-01-01").created(days_ago(100)).shared_with(THIRD).put();
    let disabled = |world: &mut World, name: &str, shares: &str| {
        world.image(PROD, EAST, name).created(days_ago(100)).state("disabled").tag("amictl:shares", shares).put()
    };
    let before = disabled(&mut world, "web-v3-2025-01-01", THIRD);
    let nobody = disabled(&mut world, "web-v4-2025-01-01", "");
    drop(world);
    let plan = setup.plan(&format!("prune --keep 0 {THREE},arn:aws:iam::{FOURTH}:role/ami"));
    assert_eq!(plan.going().len(), 124);
    let asked = |account: &str| {
        let calls = setup.calls("DescribeImageReferences").into_iter().filter(|call| call.account == account);
        let ids = calls.flat_map(|call| call.params.into_iter().filter(|(name, _)| name.starts_with("ImageId")));
        ids.map(|(_, id)| id).collect::<BTreeSet<_>>()
    };
    assert_eq!(asked(PROD), BTreeSet::from([private, shared.clone(), before.clone(), nobody]));
    assert_eq!(asked(OTHER), BTreeSet::new());
    assert_eq!(asked(THIRD), BTreeSet::from([shared, before]));
}

#[test]
fn a_place_that_does_not_say_what_is_shared_with_it_leaves_doubt() {
    for skipped in [0, 1] {
        let setup = Scene::new();
        organization(&setup, 120);
        let mut world = setup.world();
        let shared = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(OTHER).put();
        let own = world.image(PROD, EAST, "web-v2-2025-01-01").created(days_ago(100)).put();
        let before = world.image(PROD, EAST, "web-v3-2025-01-01").created(days_ago(100)).state("disabled");
        let before = before.tag("amictl:shares", OTHER).put();
        drop(world);
        // Its own images, which come first, are told or not.
        let refusal = Fault::error("DescribeImages", "UnauthorizedOperation", "not to be listed");
        setup.fake.fault(refusal.of_account(OTHER).skip(skipped));
        let plan = Plan::of(&setup.run(&format!("{ALL} {THREE}")).ended(4));
        for id in [&shared, &before] {
            let reasons = plan.reasons(id);
            let [("unverified", why)] = reasons[..] else { panic!("{reasons:?}") };
            assert!(
                why.starts_with("accounts: shared with account 222222222222") && why.contains("not to be listed"),
                "{why}"
            );
        }
        assert!(plan.going().contains(&own.as_str()) && plan.going().len() == 121);
        setup.unchanged();
    }
}

#[test]
fn a_part_of_what_is_shared_is_never_taken_for_all_of_it() {
    let setup = Scene::new();
    organization(&setup, 220);
    let mut world = setup.world();
    let shared: Vec<_> = (1..=5)
        .map(|n| {
            let name = format!("web-v{n}-2025-01-01");
            world.image(PROD, EAST, &name).created(days_ago(100)).shared_with(OTHER).put()
        })
        .collect();
    world.image_page_limit = Some(2);
    drop(world);
    // The first page comes, and the one after it does not.
    let refusal = Fault::error("DescribeImages", "UnauthorizedOperation", "no more of it");
    setup.fake.fault(refusal.of_account(OTHER).skip(2));
    let plan = Plan::of(&setup.run(&format!("{ALL} {THREE}")).ended(4));
    assert!(shared.iter().all(|id| plan.codes(id) == ["unverified"]));
    assert_eq!(plan.going().len(), 220);
}
