//! `template` and `promote --template`: versions that are made, and launches by a template alone.

mod contents;
mod failing;
mod launch;
mod promote;
mod versions;

use std::collections::BTreeMap;

use crate::fake::{PROD, Template};
use crate::setup::{EAST, Setup};

/// An endpoint with two versions of a family, the first of which is the alias `prod`; gives their ids.
pub fn ready() -> (Setup, String, String) {
    let setup = Setup::new();
    let first = setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
    let second = setup.world().image(PROD, EAST, "web-v2-2026-01-02").put();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &first);
    (setup, first, second)
}

/// The template of this name in us-east-1.
#[track_caller]
pub fn template(setup: &Setup, name: &str) -> Template {
    let world = setup.world();
    let found = world.templates(PROD, EAST).find(|template| template.name == name).cloned();
    found.unwrap_or_else(|| panic!("there is no launch template {name}"))
}

/// What a version of it says, by the names of the parameters.
#[track_caller]
pub fn data(setup: &Setup, name: &str, version: u64) -> BTreeMap<String, String> {
    template(setup, name).versions[&version].data.0.clone()
}
