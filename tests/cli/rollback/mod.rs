//! `rollback`: by the history of each place, all places or none.

mod basics;
mod interrupted;
mod named;
mod passed_over;
mod places;
mod races;

use serde_json::json;

use crate::fake::PROD;
use crate::scene::days_ago;
use crate::setup::{EAST, Setup};

/// The alias of these tests.
const PARAMETER: &str = "/amictl/web/prod";

/// The description that amictl gives a version.
fn note(action: &str, image: &str) -> String {
    json!({"by": "arn:aws:iam::111111111111:user/operator", "action": action, "image": image, "from": null,
        "reason": null, "run": "run", "at": "2026-01-02T03:04:05Z"})
    .to_string()
}

/// Images of a place, from version 1 on.
fn images(setup: &Setup, account: &str, region: &str, count: u32) -> Vec<String> {
    let image =
        |n: u32| setup.world().image(account, region, &format!("web-v{n}-2026-01-0{n}")).created(days_ago(9)).put();
    (1..=count).map(image).collect()
}

/// Promotes these images in a place, one after another.
fn promoted<'i>(setup: &Setup, account: &str, region: &str, images: impl IntoIterator<Item = &'i String>) {
    let mut world = setup.world();
    let mut seed = world.typed_parameter(account, region, PARAMETER).data_type("aws:ec2:image");
    for image in images {
        seed = seed.value(image).described(&note("promote", image));
    }
    seed.put();
}

/// What the alias names in a place.
fn value(setup: &Setup, account: &str, region: &str) -> String {
    let world = setup.world();
    world.find_parameter(account, region, PARAMETER).unwrap().value(None).unwrap().to_owned()
}

/// Puts an image into a state.
fn becomes(setup: &Setup, image: &str, state: &str) {
    state.clone_into(&mut setup.world().image_mut(image).phase.after);
}

/// An endpoint with four promoted images in us-east-1.
fn four() -> (Setup, Vec<String>) {
    let setup = Setup::new();
    let web = images(&setup, PROD, EAST, 4);
    promoted(&setup, PROD, EAST, &web);
    (setup, web)
}
