//! `revoke` and `unrevoke`: the mark of bad images, and what respects it.

mod descendants;
mod disabled;
mod failing;
mod marks;
mod newest;
mod respected;
mod sources;
mod users;
mod ways_back;

use serde_json::Value;

use crate::fake::PROD;
use crate::setup::{EAST, Setup, today};

const NAME: &str = "web-v1-2026-01-02";
const ROLES: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";

/// An endpoint with one image; gives its id.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).created("2026-01-02").put();
    (setup, id)
}

/// The mark of an image.
fn mark(setup: &Setup, id: &str) -> Option<String> {
    setup.image(id).tags.get("amictl:revoked").cloned()
}

/// The mark of an image that is revoked today.
fn marked(reason: &str) -> Option<String> {
    Some(format!("{} {reason}", today()))
}

/// Marks an image behind the back of amictl.
fn is_revoked(setup: &Setup, id: &str) {
    setup.world().image_mut(id).tags.insert("amictl:revoked".to_owned(), "2026-01-05 bad".to_owned());
}

/// The rows of a report as action, status and whether anything was changed.
#[track_caller]
fn rows(report: &Value) -> Vec<(&str, &str, bool)> {
    let rows = report["results"].as_array().unwrap_or_else(|| panic!("{report}")).iter();
    rows.map(|row| {
        (row["action"].as_str().unwrap(), row["status"].as_str().unwrap(), row["changed"].as_bool().unwrap())
    })
    .collect()
}
