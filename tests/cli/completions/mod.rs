//! `completions`: scripts, their installation, and the values that they ask for.

mod cache;
mod install;
mod shells;
mod values;

use crate::fake::PROD;
use crate::setup::{EAST, Setup};

/// An account with the families `web` and `api`, and the alias `web:prod`, of which the cache knows.
fn known() -> Setup {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.world().image(PROD, EAST, "api-v1-2026-01-02").put();
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &id);
    setup.run("list").ended(0);
    setup.run("aliases").ended(0);
    setup
}
