//! Instances: all that are not terminated, including those managed by AWS.

use super::found::Found;
use crate::domain::problem::Problem;
use crate::domain::tags::TEST;
use crate::domain::usage::source::Source;
use crate::service::client::error::api;
use crate::service::client::target::Target;

const PAGE: i32 = 1000;

pub(super) async fn read(target: &Target) -> Result<Found, Problem> {
    let mut pages =
        target.ec2.describe_instances().include_managed_resources(true).into_paginator().page_size(PAGE).send();
    let mut found = Found::default();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|e| api("DescribeInstances", &target.region)(e).problem())?;
        for instance in page.reservations().iter().flat_map(|r| r.instances()) {
            let state = instance.state().and_then(|s| s.name()).map_or("unknown", |name| name.as_str());
            if state == "terminated" {
                continue;
            }
            found.read += 1;
            let id = instance.instance_id().unwrap_or("unknown");
            let test = instance.tags().iter().any(|tag| tag.key() == Some(TEST));
            let detail = match test {
                true => format!("{state}, a boot test; once its time is over, amictl test --sweep ends it"),
                false => state.to_owned(),
            };
            found.add(Source::Instances, instance.image_id(), "instance", id, detail)?;
        }
    }
    Ok(found)
}
