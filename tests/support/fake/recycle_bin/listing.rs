//! ListRules and GetRule: what the service of the Recycle Bin tells of its rules.

use serde_json::{Map, Value, json};

use super::super::errors::{Answer, Refusal, invalid_value, missing, refuse};
use super::super::paging;
use super::super::params::Params;
use super::super::request::Request;
use super::super::world::World;
use super::rules::{BinRule, IMAGES, RuleTag, Rules, SNAPSHOTS, VOLUMES};

/// Page size when none is asked for; the service's own is unconfirmed.
const PAGE: i64 = 100;

/// The rules about one kind of resource, without their tags.
pub fn list(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let kind = params.get("ResourceType").ok_or_else(|| missing("ResourceType"))?;
    if ![IMAGES, SNAPSHOTS, VOLUMES].contains(&kind) {
        return Err(invalid_value("ResourceType", kind, "Expected EC2_IMAGE, EBS_SNAPSHOT or EBS_VOLUME."));
    }
    let (tags, exclude) = (read_tags(params, "ResourceTags", 50)?, read_tags(params, "ExcludeResourceTags", 5)?);
    let lock = params.get("LockState");
    let page = paging::Rules { size: "MaxResults", bounds: (1, 1000), default: Some(PAGE), ids: None };
    let window = paging::Window::by(world, request, &page).map_err(|refusal| match refusal.code.as_str() {
        "InvalidNextToken" => refuse("ValidationException", refusal.message),
        _ => refusal,
    })?;
    let rules = Rules::of(world, request);
    // That a rule must name all of the tags that are asked for is unconfirmed.
    let listed = rules.iter().filter(|(_, rule)| {
        rule.kind == kind
            && tags.iter().all(|tag| rule.tags.contains(tag))
            && exclude.iter().all(|tag| rule.exclude.contains(tag))
            && lock.is_none_or(|lock| rule.lock.as_deref() == Some(lock))
    });
    let (page, next) = window.cut(listed);
    let summaries: Vec<Value> = page.into_iter().map(|rule| summary(request, rule).into()).collect();
    let mut document = Map::from_iter([("Rules".to_owned(), Value::Array(summaries))]);
    if let Some(next) = next {
        document.insert("NextToken".to_owned(), Value::String(next));
    }
    Ok(Value::Object(document).to_string())
}

/// All about one rule.
pub fn get(world: &mut World, request: &Request) -> Answer {
    let id = request.params.need("Identifier")?;
    if id.len() != 11 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(invalid_value("Identifier", id, "Expected 11 letters and digits."));
    }
    let rules = Rules::of(world, request);
    let rule = rules.get(id);
    let rule = rule.ok_or_else(|| refuse("ResourceNotFoundException", format!("Rule {id} does not exist.")))?;
    Ok(document(request, rule))
}

/// All about a rule.
pub fn document(request: &Request, rule: &BinRule) -> String {
    let mut document = summary(request, rule);
    document.insert("ResourceType".to_owned(), json!(rule.kind));
    document.insert("Status".to_owned(), json!(rule.phase.at(request.now)));
    document.insert("ResourceTags".to_owned(), written(&rule.tags));
    document.insert("ExcludeResourceTags".to_owned(), written(&rule.exclude));
    if rule.lock.is_some() {
        let delay = json!({"UnlockDelay": {"UnlockDelayValue": 7, "UnlockDelayUnit": "DAYS"}});
        document.insert("LockConfiguration".to_owned(), delay);
    }
    Value::Object(document).to_string()
}

fn summary(request: &Request, rule: &BinRule) -> Map<String, Value> {
    let mut fields = Map::from_iter([
        ("Identifier".to_owned(), json!(rule.id)),
        ("Description".to_owned(), json!(rule.description)),
        ("RetentionPeriod".to_owned(), json!({"RetentionPeriodValue": rule.days, "RetentionPeriodUnit": "DAYS"})),
        ("RuleArn".to_owned(), json!(format!("arn:aws:rbin:{}:{}:rule/{}", request.region, rule.owner, rule.id))),
    ]);
    if let Some(lock) = &rule.lock {
        fields.insert("LockState".to_owned(), json!(lock));
    }
    fields
}

fn written(tags: &[RuleTag]) -> Value {
    let one = |(key, value): &RuleTag| match value {
        Some(value) => json!({"ResourceTagKey": key, "ResourceTagValue": value}),
        None => json!({"ResourceTagKey": key}),
    };
    tags.iter().map(one).collect()
}

/// The tags of a list of them.
pub fn read_tags(params: &Params, list: &str, most: usize) -> Result<Vec<RuleTag>, Refusal> {
    let given = params.structs(list);
    if given.len() > most {
        return Err(invalid_value(list, &given.len().to_string(), &format!("At most {most} tags.")));
    }
    let read =
        |tag: &Params| Ok((tag.need("ResourceTagKey")?.to_owned(), tag.get("ResourceTagValue").map(str::to_owned)));
    given.iter().map(read).collect()
}
