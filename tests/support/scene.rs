//! Scenes of the tests of prune: old images, plans taken apart, changes behind the back of a run.

#![allow(dead_code, reason = "each test binary uses what it needs of this")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::cli::Ran;
use crate::fake::PROD;
use crate::setup::{EAST, Setup};

/// Every image is a candidate, and all of them may go.
pub const ALL: &str = "prune --keep 0 -o json";
/// The same, carried out.
pub const ALL_AWAY: &str = "prune --keep 0 --apply --yes --max-delete 100% -o json";

/// The time so many days ago.
pub fn days_ago(days: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(days)
}

/// An endpoint and a home directory, with what tests of prune ask of them.
pub struct Scene(Setup);

impl Deref for Scene {
    type Target = Setup;

    fn deref(&self) -> &Setup {
        &self.0
    }
}

impl Scene {
    pub fn new() -> Self {
        Self(Setup::new())
    }

    /// An image of a hundred days; gives its id.
    pub fn old(&self, name: &str) -> String {
        self.world().image(PROD, EAST, name).created(days_ago(100)).put()
    }

    /// Versions 1 to `count` of a family, each of a hundred days; gives their ids, version 1 first.
    pub fn family(&self, family: &str, count: usize) -> Vec<String> {
        (1..=count).map(|n| self.old(&format!("{family}-v{n}-2025-01-01"))).collect()
    }

    /// What a command line plans, after a good end.
    #[track_caller]
    pub fn plan(&self, line: &str) -> Plan {
        Plan::of(&self.run(&format!("{line} -o json")).ended(0))
    }

    /// The names of the images that are left in us-east-1, sorted.
    pub fn left(&self) -> Vec<String> {
        self.names(PROD, EAST)
    }

    /// Whether there is such an image.
    pub fn has(&self, id: &str) -> bool {
        self.world().find_image(id).is_some()
    }

    /// How many of these snapshots are there still.
    pub fn there(&self, snapshots: &[String]) -> usize {
        let world = self.world();
        snapshots.iter().filter(|id| world.find_snapshot(id).is_some()).count()
    }

    /// The images that DeregisterImage was asked for and meant, in that order.
    pub fn deregistered(&self) -> Vec<String> {
        let calls = self.calls("DeregisterImage").into_iter().filter(|call| !call.dry_run);
        let mut ids: Vec<_> = calls.map(|call| call.params["ImageId"].clone()).collect();
        // They are asked for side by side.
        ids.sort();
        ids
    }

    /// Asks EC2 for a change in us-east-1, as another program of the account would.
    #[track_caller]
    pub fn ec2(&self, action: &str, params: &[(&str, &str)]) {
        self.ec2_in(EAST, action, params);
    }

    /// The same in a region.
    #[track_caller]
    pub fn ec2_in(&self, region: &str, action: &str, params: &[(&str, &str)]) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).append_pair("Version", "2016-11-15").extend_pairs(params);
        let body = form.finish();
        let url = self.fake.url();
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        let scope = format!("AWS4-HMAC-SHA256 Credential=AKIAPROD/20260101/{region}/ec2/aws4_request");
        let head =
            format!("host: ec2\r\nconnection: close\r\nauthorization: {scope}\r\ncontent-length: {}", body.len());
        write!(stream, "POST / HTTP/1.1\r\n{head}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{action}: {answer}");
    }

    /// Puts a tag on an image.
    pub fn tag(&self, id: &str, key: &str, value: &str) {
        self.ec2("CreateTags", &[("ResourceId.1", id), ("Tag.1.Key", key), ("Tag.1.Value", value)]);
    }
}

/// A plan as JSON.
#[derive(Debug)]
pub struct Plan(pub Value);

impl Plan {
    /// The plan that a run wrote.
    #[track_caller]
    pub fn of(ran: &Ran) -> Self {
        let json = ran.json();
        assert_eq!(json["kind"], "plan", "{json}");
        Self(json)
    }

    /// The plan that a run saved.
    #[track_caller]
    pub fn read(file: &Path) -> Self {
        Self(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
    }

    fn list(&self, name: &str) -> &Vec<Value> {
        self.0[name].as_array().unwrap()
    }

    /// The rows of the images that stay.
    pub fn kept(&self) -> &Vec<Value> {
        self.list("kept")
    }

    /// The ids of the images that would go, sorted.
    pub fn going(&self) -> Vec<&str> {
        let mut ids: Vec<_> = self.list("actions").iter().map(|row| row["image_id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids
    }

    /// The row of an image that would go.
    #[track_caller]
    pub fn action(&self, id: &str) -> &Value {
        let row = self.list("actions").iter().find(|row| row["image_id"] == id);
        row.unwrap_or_else(|| panic!("{id} does not go: {:#}", self.0))
    }

    /// The reasons that keep an image, as code and detail; none where it goes.
    #[track_caller]
    pub fn reasons(&self, id: &str) -> Vec<(&str, &str)> {
        let kept = self.list("kept").iter().find(|row| row["image_id"] == id);
        let Some(kept) = kept else {
            self.action(id);
            return Vec::new();
        };
        let text = |reason: &'_ Value, field: &str| reason[field].as_str().map(str::len).unwrap_or_default();
        let reasons = kept["reasons"].as_array().unwrap();
        assert!(reasons.iter().all(|reason| text(reason, "detail") > 0), "{kept}");
        reasons.iter().map(|r| (r["code"].as_str().unwrap(), r["detail"].as_str().unwrap())).collect()
    }

    /// The codes of those reasons.
    #[track_caller]
    pub fn codes(&self, id: &str) -> Vec<&str> {
        self.reasons(id).into_iter().map(|(code, _)| code).collect()
    }

    /// The first row of a source.
    #[track_caller]
    pub fn source(&self, name: &str) -> &Value {
        let row = self.list("sources").iter().find(|row| row["source"] == name);
        row.unwrap_or_else(|| panic!("there is no source {name}: {:#}", self.0["sources"]))
    }
}

/// The ids in the order in which a plan's `going` has them.
pub fn sorted<'a>(ids: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
    let mut ids: Vec<_> = ids.into_iter().map(String::as_str).collect();
    ids.sort_unstable();
    ids
}
