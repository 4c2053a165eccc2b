//! EC2's token buckets: one per account, region and API.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::errors::{Refusal, refuse};
use super::params::Params;
use super::request::Request;

/// The buckets that have been touched.
#[derive(Default)]
pub struct Buckets(HashMap<(String, String, String), Bucket>);

struct Bucket {
    tokens: f64,
    filled: DateTime<Utc>,
}

impl Buckets {
    /// Takes a token, or refuses; launches and terminations also take one for each instance.
    pub fn take(&mut self, request: &Request) -> Result<(), Refusal> {
        let params = &request.params;
        let action = request.action.as_str();
        let (capacity, refill) = size(action, params);
        let unfiltered = (capacity, refill) == WHOLE_LISTING;
        let api = if unfiltered { format!("{action} unfiltered") } else { action.to_owned() };
        self.draw(request, api, 1.0, (capacity, refill))?;
        let (instances, refill) = match action {
            "RunInstances" => (params.number("MaxCount")?.unwrap_or(0), 2.0),
            "StartInstances" => (i64::try_from(params.list("InstanceId").len()).unwrap_or(0), 2.0),
            "StopInstances" | "TerminateInstances" => {
                (i64::try_from(params.list("InstanceId").len()).unwrap_or(0), 20.0)
            }
            _ => return Ok(()),
        };
        let wanted = f64::from(u32::try_from(instances).unwrap_or(0));
        self.draw(request, format!("{action} instances"), wanted, (1000.0, refill))
    }

    fn draw(&mut self, request: &Request, api: String, wanted: f64, size: (f64, f64)) -> Result<(), Refusal> {
        let (capacity, refill) = size;
        let key_is_of_ssm = api == "PutParameter";
        let key = (request.account.clone(), request.region.clone(), api);
        let bucket = self.0.entry(key).or_insert(Bucket { tokens: capacity, filled: request.now });
        let seconds = (request.now - bucket.filled).as_seconds_f64().max(0.0);
        bucket.tokens = (bucket.tokens + seconds * refill).min(capacity);
        bucket.filled = request.now;
        if bucket.tokens < wanted {
            return Err(match key_is_of_ssm {
                true => refuse("ThrottlingException", "Rate exceeded"),
                false => refuse("RequestLimitExceeded", "Request limit exceeded."),
            });
        }
        bucket.tokens -= wanted;
        Ok(())
    }
}

/// Bucket of listings that are neither filtered nor paginated.
const WHOLE_LISTING: (f64, f64) = (50.0, 10.0);

/// Capacity and refill per second of an API's bucket.
fn size(action: &str, params: &Params) -> (f64, f64) {
    const READS: [&str; 4] = ["Describe", "List", "Search", "Get"];
    match action {
        "CopyImage" => (100.0, 1.0),
        // SSM's default for writing, with no burst that AWS tells of.
        "PutParameter" => (3.0, 3.0),
        "CreateTags" | "DeleteTags" => (100.0, 10.0),
        "DeregisterImage"
        | "ModifyImageAttribute"
        | "CreateSnapshot"
        | "CreateSnapshots"
        | "ModifySnapshotAttribute"
        | "DeleteSnapshot"
        | "CreateLaunchTemplateVersion"
        | "ModifyLaunchTemplate"
        | "TerminateInstances" => (100.0, 5.0),
        "RunInstances" | "StartInstances" => (5.0, 2.0),
        "DescribeSpotFleetRequests" => (50.0, 3.0),
        "DescribeInstances"
        | "DescribeInstanceStatus"
        | "DescribeNetworkInterfaces"
        | "DescribeSecurityGroups"
        | "DescribeSnapshots"
        | "DescribeSpotInstanceRequests"
        | "DescribeVolumes"
            if is_whole_listing(params) =>
        {
            WHOLE_LISTING
        }
        _ if READS.iter().any(|verb| action.starts_with(verb)) => (100.0, 20.0),
        _ => (50.0, 5.0),
    }
}

fn is_whole_listing(params: &Params) -> bool {
    let narrowing = |head: &str| {
        matches!(head, "Filter" | "MaxResults" | "NextToken" | "Owner" | "RestorableBy")
            || head.ends_with("Id")
            || head == "GroupName"
    };
    !params.heads().any(narrowing)
}
