//! CreateRule, with a rule that is pending at first.
//!
//! There is no client token: each request makes one.

use chrono::Duration;

use super::super::errors::{Answer, Refusal, invalid_value, missing, refuse};
use super::super::model::Phase;
use super::super::request::Request;
use super::super::world::World;
use super::listing::{document, read_tags};
use super::rules::{BinRule, Rules, VOLUMES};

/// Most rules of an account in a region.
const MOST: usize = 250;
/// Most days of a rule about volumes.
const VOLUME_DAYS: i64 = 7;
/// How long a rule does not act yet: the guide says up to so many minutes for the first one.
const PENDING_MINUTES: i64 = 30;

pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let kind = params.need("ResourceType")?;
    let period = params.sub("RetentionPeriod");
    period.need("RetentionPeriodUnit")?;
    let days = period.number("RetentionPeriodValue")?.ok_or_else(|| missing("RetentionPeriodValue"))?;
    if kind == VOLUMES && days > VOLUME_DAYS {
        return Err(invalid_value("RetentionPeriodValue", &days.to_string(), "At most 7 days for volumes."));
    }
    let (tags, exclude) = (read_tags(params, "ResourceTags", 50)?, read_tags(params, "ExcludeResourceTags", 5)?);
    let locked = params.has("LockConfiguration");
    if !tags.is_empty() && (!exclude.is_empty() || locked) {
        let message = "Only a Region-level retention rule can have exclusion tags or a lock.";
        return Err(refuse("ValidationException", message));
    }
    if Rules::of(world, request).iter().count() >= MOST {
        let message = format!("You have reached the limit of {MOST} retention rules.");
        return Err(Refusal { status: 402, ..refuse("ServiceQuotaExceededException", message) });
    }
    let (id, now) = (world.ids.next_short(), request.now);
    let days = u32::try_from(days).map_err(|_| invalid_value("RetentionPeriodValue", &days.to_string(), ""))?;
    let rule = BinRule {
        description: params.get("Description").unwrap_or_default().to_owned(),
        phase: Phase { turn: now + Duration::minutes(PENDING_MINUTES), ..Phase::settled("available", now) },
        lock: locked.then(|| "locked".to_owned()),
        tags,
        exclude,
        ..BinRule::new(id.clone(), &request.account, kind, days, now)
    };
    let answer = document(request, &rule);
    world.region(&request.region).bin_rules.insert(id, rule);
    Ok(answer)
}
