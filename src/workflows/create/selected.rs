//! The instance that `create --instance` names.

use anyhow::Result;
use serde_json::json;

use crate::domain::command_line::quoted;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::InstanceId;
use crate::domain::instance::Instance;
use crate::domain::instance_selector::{InstanceSelector, NotOne, choose, literal};
use crate::domain::tags::{STOPPED, Tag};
use crate::service::client::error::codes::NO_INSTANCE;
use crate::service::{Target, instances};

/// EC2's limit for the value of a filter, in characters.
const LONGEST_FILTER: usize = 255;
/// The states from which an image can be made, and those that lead there.
const STATES: [&str; 4] = ["running", "stopped", "pending", "stopping"];

/// The instance that a selector means: exactly one, or with `newest` the one launched last.
pub async fn instance(target: &Target, selector: &InstanceSelector, newest: bool) -> Result<Instance> {
    match selector {
        InstanceSelector::Id(id) => by_id(target, id).await,
        InstanceSelector::Tag(tag) => by_tag(target, tag, newest).await,
    }
}

async fn by_id(target: &Target, id: &InstanceId) -> Result<Instance> {
    let found = match instances::by_ids(target, std::slice::from_ref(id)).await {
        Err(error) if error.is(NO_INSTANCE) => None,
        other => other?.pop(),
    };
    let Some(instance) = found else {
        let message = format!("there is no instance {id} in {}", target.place().await);
        let failure = Failure::new(Kind::Failed, NO_INSTANCE, message);
        return Err(failure.hint("check the id, --region and --profile").into());
    };
    if instance.ended() {
        let message = format!("{id} in {} is {}: nothing can be made from it", target.region, instance.state);
        return Err(Failure::new(Kind::Failed, "IncorrectInstanceState", message).into());
    }
    Ok(instance)
}

async fn by_tag(target: &Target, tag: &Tag, newest: bool) -> Result<Instance> {
    let mut found = instances::find(target, &filters(tag)).await?;
    // EC2 reads some characters of a filter as wildcards.
    found.retain(|one| one.tags.get(&tag.key) == Some(&tag.value));
    let (found, others): (Vec<_>, Vec<_>) = found.into_iter().partition(candidate);
    let (count, place) = (found.len(), target.place().await);
    let has = format!("tag {}={}", tag.key, tag.value);
    let list = format!("aws ec2 describe-instances --region {} --filters {}", target.region, quoted(&filter(tag)));
    let failure = match choose(found, newest) {
        Ok(instance) => return Ok(instance),
        Err(NotOne::None) => {
            let others = others.iter().filter(|one| !one.ended()).map(|one| format!("{} is {}", one.id, one.state));
            let others = others.collect::<Vec<_>>().join(", ");
            let others = if others.is_empty() { others } else { format!(": {others}") };
            let message = format!("no running or stopped instance in {place} has the {has}{others}");
            Failure::new(Kind::Failed, "NoInstance", message).hint(format!("see what has it with: {list}"))
        }
        Err(NotOne::Several(told)) => {
            let message = format!("{count} running or stopped instances in {place} have the {has}: {told}");
            Failure::new(Kind::Refused, "SeveralInstances", message)
                .hint("name one of them by its id, or add --newest for the one launched last")
        }
        Err(NotOne::Tie(told)) => {
            let message = format!("of the instances in {place} with the {has} no single one was launched last: {told}");
            Failure::new(Kind::Refused, "SeveralInstances", message).hint("name one of them by its id")
        }
    };
    Err(failure.into())
}

/// The tag as a filter of the AWS CLI, whose short form knows commas, quotes and brackets.
fn filter(tag: &Tag) -> String {
    let (name, value) = (format!("tag:{}", tag.key), literal(&tag.value));
    let plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "-_./@:+ ".contains(c));
    match plain(&name) && plain(&value) && !value.is_empty() {
        true => format!("Name={name},Values={value}"),
        false => json!([{ "Name": name, "Values": [value] }]).to_string(),
    }
}

/// Filters that find at least what is wanted. The value is left to the check of the answer where it is too long once
/// it is escaped, or empty, which a filter may not be able to ask for.
fn filters(tag: &Tag) -> Vec<(String, Vec<String>)> {
    let states = ("instance-state-name".to_owned(), STATES.map(str::to_owned).to_vec());
    let fits = |text: &String| !text.is_empty() && text.chars().count() <= LONGEST_FILTER;
    let value = Some(literal(&tag.value)).filter(fits).map(|value| (format!("tag:{}", tag.key), vec![value]));
    let key = || Some(literal(&tag.key)).filter(fits).map(|key| ("tag-key".to_owned(), vec![key]));
    value.or_else(key).into_iter().chain([states]).collect()
}

/// Whether an image can be made from it: one that a killed run is still about to stop counts as stopped.
fn candidate(instance: &Instance) -> bool {
    match instance.state.as_str() {
        "running" | "stopped" => true,
        "stopping" => instance.tags.contains_key(STOPPED),
        _ => false,
    }
}
