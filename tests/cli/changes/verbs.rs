//! The commands that change images, as rows of a table: what holds for one of them holds for all.

use serde_json::Value;

use crate::fake::{Image, Principal, Protection};
use crate::setup::Setup;

pub const NAME: &str = "web-v1-2026-01-02";
const FRIEND: &str = "444444444444";

/// One command: how the image is before, the words of the command after its name, and whether it is done.
pub struct Row {
    pub line: &'static str,
    pub call: &'static str,
    before: fn(&mut Image),
    done: fn(&Image) -> bool,
}

fn shared(image: &Image) -> bool {
    image.launch.contains(&Principal::Account(FRIEND.to_owned()))
}

fn share(image: &mut Image) {
    image.launch.insert(Principal::Account(FRIEND.to_owned()));
}

pub fn disabled(image: &Image) -> bool {
    image.phase.after == "disabled"
}

fn disable(image: &mut Image) {
    "disabled".clone_into(&mut image.phase.after);
}

fn protect(image: &mut Image) {
    image.protection = Protection::Enabled { cooldown: false };
}

fn nothing(_: &mut Image) {}

pub const ROWS: [Row; 11] = [
    Row { line: "share REF --with 444444444444", call: "ModifyImageAttribute", before: nothing, done: shared },
    Row {
        line: "unshare REF --with 444444444444",
        call: "ModifyImageAttribute",
        before: share,
        done: |image| !shared(image),
    },
    Row { line: "unshare REF --all", call: "ResetImageAttribute", before: share, done: |image| !shared(image) },
    Row {
        line: "deprecate REF --after 0s",
        call: "EnableImageDeprecation",
        before: nothing,
        done: |image| image.deprecated.is_some(),
    },
    Row {
        line: "deprecate REF --cancel",
        call: "DisableImageDeprecation",
        before: |image| image.deprecated = Some(image.created + chrono::Duration::days(900)),
        done: |image| image.deprecated.is_none(),
    },
    Row { line: "disable REF", call: "DisableImage", before: nothing, done: disabled },
    Row { line: "enable REF", call: "EnableImage", before: disable, done: |image| !disabled(image) },
    Row {
        line: "protect REF",
        call: "EnableImageDeregistrationProtection",
        before: nothing,
        done: |image| image.protection == Protection::Enabled { cooldown: false },
    },
    Row {
        line: "unprotect REF",
        call: "DisableImageDeregistrationProtection",
        before: protect,
        done: |image| image.protection == Protection::Disabled,
    },
    Row {
        line: "tag REF Team=core",
        call: "CreateTags",
        before: nothing,
        done: |image| image.tags.get("Team").is_some_and(|value| value == "core"),
    },
    Row {
        line: "tag REF --remove Old",
        call: "DeleteTags",
        before: |image| drop(image.tags.insert("Old".into(), "x".into())),
        done: |image| !image.tags.contains_key("Old"),
    },
];

impl Row {
    /// The command line for a reference.
    pub fn on(&self, reference: &str) -> String {
        self.line.replace("REF", reference)
    }

    /// An image as it is before the command; gives its id.
    pub fn image(&self, setup: &Setup, account: &str, region: &str, name: &str) -> String {
        let mut world = setup.world();
        let id = world.image(account, region, name).put();
        (self.before)(world.image_mut(&id));
        id
    }

    /// Whether the image is as the command leaves it.
    pub fn done(&self, setup: &Setup, id: &str) -> bool {
        (self.done)(&setup.image(id))
    }
}

/// The changes that a report tells of, one for each image.
pub fn changed(report: &Value) -> Vec<bool> {
    report["results"].as_array().unwrap().iter().map(|result| result["changed"].as_bool().unwrap()).collect()
}

/// The option that leads into an account.
pub fn role(account: &str) -> String {
    format!("--role-arn arn:aws:iam::{account}:role/ami")
}
