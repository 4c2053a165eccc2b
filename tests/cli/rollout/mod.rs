//! `rollout`: groups are pinned if need be, refreshed, watched and read again.

mod basics;
mod failing;
mod followers;
mod groups;
mod lost_answers;
mod pinned;
mod progress;
mod refusals;
mod stop;

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::fake::{PROD, ScalingGroup};
use crate::setup::{EAST, Setup};

/// An endpoint with two versions of a family, and a group of two instances on a template with the first; gives the ids
/// of the images.
pub fn ready() -> (Setup, String, String) {
    following("1")
}

/// The same with a group that names the version of its template like this.
pub fn following(version: &str) -> (Setup, String, String) {
    let setup = Setup::new();
    let first = setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
    let second = setup.world().image(PROD, EAST, "web-v2-2026-01-02").tag("Team", "core").put();
    setup.world().launch_template(PROD, EAST, "web").image(&first).put();
    let running = &["1", "1"];
    setup.world().auto_scaling_group(PROD, EAST, "web").launch_template("web", version).running(running).put();
    (setup, first, second)
}

/// A group in us-east-1.
#[track_caller]
pub fn group(setup: &Setup, name: &str) -> ScalingGroup {
    let found = setup.world().scaling_group(PROD, EAST, name).cloned();
    found.unwrap_or_else(|| panic!("there is no group {name}"))
}

/// The version of its template that a group launches.
#[track_caller]
pub fn launches(setup: &Setup, name: &str) -> String {
    let group = group(setup, name);
    group.template.or(group.mixed).unwrap().version.unwrap_or_default()
}

/// The images that the instances of a group run.
#[track_caller]
pub fn run_by(setup: &Setup, name: &str) -> Vec<String> {
    let members = group(setup, name).members;
    let world = setup.world();
    members.iter().map(|member| world.find_instance(&member.id).unwrap().image.clone()).collect()
}

/// The changes that were asked for, in their order, but for dry runs.
pub fn changes(setup: &Setup) -> Vec<String> {
    setup.changes()
}

/// Asks Auto Scaling in us-east-1, as another program of the account would.
#[track_caller]
pub fn autoscaling(setup: &Setup, action: &str, params: &[(&str, &str)]) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", "2011-01-01").extend_pairs(params);
    let body = form.finish();
    let url = setup.fake.url();
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let scope = format!("AWS4-HMAC-SHA256 Credential=AKIAPROD/20260101/{EAST}/autoscaling/aws4_request");
    let head = format!("host: a\r\nconnection: close\r\nauthorization: {scope}\r\ncontent-length: {}", body.len());
    write!(stream, "POST / HTTP/1.1\r\n{head}\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{action}: {answer}");
}
