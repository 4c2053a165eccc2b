//! DescribeRegions.

use super::errors::{Answer, refuse};
use super::filters::Filters;
use super::request::Request;
use super::services::Operation;
use super::world::World;
use super::xml::Xml;

/// A region and its opt-in status: those that every account has, and one that it may have.
pub const REGIONS: [(&str, &str); 18] = [
    ("ap-northeast-1", "opt-in-not-required"),
    ("ap-northeast-2", "opt-in-not-required"),
    ("ap-northeast-3", "opt-in-not-required"),
    ("ap-south-1", "opt-in-not-required"),
    ("ap-southeast-1", "opt-in-not-required"),
    ("ap-southeast-2", "opt-in-not-required"),
    ("ca-central-1", "opt-in-not-required"),
    ("eu-central-1", "opt-in-not-required"),
    ("eu-north-1", "opt-in-not-required"),
    ("eu-west-1", "opt-in-not-required"),
    ("eu-west-2", "opt-in-not-required"),
    ("eu-west-3", "opt-in-not-required"),
    ("sa-east-1", "opt-in-not-required"),
    ("us-east-1", "opt-in-not-required"),
    ("us-east-2", "opt-in-not-required"),
    ("us-west-1", "opt-in-not-required"),
    ("us-west-2", "opt-in-not-required"),
    ("af-south-1", "not-opted-in"),
];

/// Region operations.
pub const OPERATIONS: &[Operation] =
    &[Operation { name: "DescribeRegions", params: &["AllRegions", "Filter", "RegionName"], run: describe }];

/// Regions that are not opted in come only with AllRegions.
fn describe(world: &mut World, request: &Request) -> Answer {
    let filters = Filters::read(&request.params, &["endpoint", "opt-in-status", "region-name"])?;
    let all = request.params.flag("AllRegions")?.unwrap_or(false);
    let names = request.params.list("RegionName");
    let unknown: Vec<&str> = names.iter().copied().filter(|name| !world.opt_in.contains_key(*name)).collect();
    if !unknown.is_empty() {
        let message = format!("Invalid region names: [{}]", unknown.join(", "));
        return Err(refuse("InvalidParameterValue", message));
    }
    request.dry_run()?;
    let own = world.opt_in.keys().filter_map(|name| Some((name, world.opt_in_of(&request.account, name)?)));
    let listed = own.filter(|(name, status)| {
        (all || *status != "not-opted-in")
            && (names.is_empty() || names.contains(&name.as_str()))
            && filters.accept(|field, test| match field {
                "endpoint" => test(&endpoint(name)),
                "opt-in-status" => test(status),
                _ => test(name),
            })
    });
    let mut x = Xml::new();
    x.list("regionInfo", listed, |x, (name, status)| {
        x.leaf("regionName", name).leaf("regionEndpoint", endpoint(name));
        x.leaf("optInStatus", status);
    });
    Ok(x.done())
}

fn endpoint(region: &str) -> String {
    format!("ec2.{region}.amazonaws.com")
}
