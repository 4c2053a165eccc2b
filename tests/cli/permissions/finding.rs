//! Cases of the commands that look: `list`, `show`, `refs`, `lineage`, `stale`, `audit` and more.

use super::proof::{Case, case, few_regions};
use crate::fake::{OTHER, PROD, World};
use crate::setup::EAST;

pub const CASES: &[Case] = &[
    case("list", |setup| {
        few_regions(setup);
        used(&mut setup.world());
        "list --columns name,used_by --region all".to_owned()
    }),
    case("show", |setup| {
        few_regions(setup);
        used(&mut setup.world());
        "show web:prod".to_owned()
    }),
    case("refs", |setup| {
        few_regions(setup);
        used(&mut setup.world());
        "refs web:prod --usage-reports --region all".to_owned()
    }),
    case("refs", |setup| {
        let id = setup.world().image(PROD, EAST, "web-v1-2025-01-01").shared_with(OTHER).put();
        format!("refs {id} --usage-reports")
    }),
    case("audit", |setup| {
        few_regions(setup);
        used(&mut setup.world());
        "audit --allow-account 222222222222 --region all".to_owned()
    }),
    case("stale", |setup| {
        few_regions(setup);
        let mut world = setup.world();
        let image = used(&mut world);
        world.instance(PROD, EAST).image(&image).put();
        "stale --alias prod --region all".to_owned()
    }),
    case("aliases", |setup| {
        few_regions(setup);
        used(&mut setup.world());
        "aliases --region all".to_owned()
    }),
    case("lineage", |setup| {
        few_regions(setup);
        let mut world = setup.world();
        let gone = world.image(PROD, EAST, "base-v1-2025-01-01").put();
        let image = world.image(PROD, EAST, "web-v1-2025-01-01").copied_from(&gone, EAST).put();
        world.put_in_recycle_bin(&gone, 7);
        world.parameter(PROD, EAST, "/amictl/web/prod", &image);
        world.parameter(PROD, EAST, "/amictl/web/prod", &image);
        users(&mut world);
        "lineage web:prod --region all".to_owned()
    }),
    case("doctor", |setup| {
        few_regions(setup);
        used(&mut setup.world());
        "doctor doctor --region all".to_owned()
    }),
];

/// An image that is shared and that an alias names, and another that everything else uses; gives the id of the first.
pub fn used(world: &mut World) -> String {
    let first = world.image(PROD, EAST, "web-v1-2025-01-01").created("2025-01-01").put();
    let image = world.image(PROD, EAST, "web-v2-2025-02-01").created("2025-02-01").shared_with(OTHER).put();
    world.parameter(PROD, EAST, "/amictl/web/prod", &first);
    world.parameter(PROD, EAST, "/amictl/web/prod", &image);
    users(world);
    image
}

/// Something for every source of use to read, none of which uses an image of ours.
pub fn users(world: &mut World) {
    let other = world.image(PROD, EAST, "others-v1-2026-01-01").put();
    world.instance(PROD, EAST).image(&other).put();
    world.parameter(PROD, EAST, "/golden/others", &other);
    let template = world.launch_template(PROD, EAST, "web").image("resolve:ssm:/golden/others").put();
    world.launch_configuration(PROD, EAST, "web-lc", &other);
    world.auto_scaling_group(PROD, EAST, "web").launch_template(&template, "1").put();
    world.spot_request(PROD, EAST, &other).put();
    world.spot_fleet(PROD, EAST).launch_specification(&other).put();
    world.fleet(PROD, EAST).launch_template(&template, "1").put();
}

/// An alias of another family, with a history.
pub fn alias(world: &mut World) {
    let other = world.image(PROD, EAST, "api-v1-2026-01-01").put();
    world.parameter(PROD, EAST, "/amictl/api/prod", &other);
    world.parameter(PROD, EAST, "/amictl/api/prod", &other);
}
