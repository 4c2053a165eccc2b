//! `test`: images are booted, judged, and their instances terminated.

mod basics;
mod failing;
mod http;
mod interrupted;
mod lost;
mod output;
pub mod probes;
mod refusals;
mod ssm;
mod started;
pub mod sweep;
mod unwritten;
mod verdict;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::fake::{Instance, PROD};
use crate::setup::{EAST, Setup};

/// An endpoint with one image that boots.
pub fn ready() -> Setup {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup
}

/// The same after this line ended well.
#[track_caller]
fn booted(line: &str) -> Setup {
    let setup = ready();
    setup.run(line).ended(0);
    setup
}

/// The only instance there is.
#[track_caller]
pub fn only(setup: &Setup) -> Instance {
    let world = setup.world();
    let mut all = world.instances(PROD, EAST);
    let one = all.next().expect("an instance was launched").clone();
    assert!(all.next().is_none(), "one instance only");
    one
}

/// The states of all instances.
fn states(setup: &Setup) -> Vec<String> {
    let world = setup.world();
    world.instances(PROD, EAST).map(|instance| instance.state(world.now()).to_owned()).collect()
}

/// Lets the time of the only instance be over: the clock of amictl does not go on with that of the endpoint.
fn expire(setup: &Setup) {
    let id = only(setup).id;
    let past = "2026-01-01T00:00:00Z".to_owned();
    setup.world().instance_mut(&id).tags.insert("amictl:expires".to_owned(), past);
}

/// The user data of an instance.
fn script_of(instance: &Instance) -> Option<String> {
    let bytes = aws_smithy_types::base64::decode(instance.user_data.as_ref()?).unwrap();
    Some(String::from_utf8(bytes).unwrap())
}

/// The value of the tag with a verdict on an image.
pub fn verdict_of(image: &str, word: &str, at: DateTime<Utc>) -> String {
    format!(
        "{word} {image} on=t3.micro at={} run=r1 checks=system; instance",
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    )
}
