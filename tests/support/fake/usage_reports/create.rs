//! CreateImageUsageReport.

use std::collections::{BTreeMap, BTreeSet};

use super::super::errors::{Answer, Refusal, combination, invalid_value, missing, refuse};
use super::super::ids;
use super::super::images;
use super::super::model::Phase;
use super::super::paging::fingerprint;
use super::super::params::Params;
use super::super::references::options::{CONTAINER_RECIPE, IMAGE_RECIPE, INSTANCE, TEMPLATE, read_depth};
use super::super::request::Request;
use super::super::tags;
use super::super::world::{Region, World, span};
use super::{MOST_IDS, UsageReport, forget_expired};

const KINDS: [&str; 4] = [INSTANCE, TEMPLATE, IMAGE_RECIPE, CONTAINER_RECIPE];
/// How many of a template's newest versions are looked at, unless told otherwise.
const DEPTH: usize = 20;
/// Reports of one account in the making, at most.
const MOST_PENDING: usize = 2000;

/// Only the owner of an image can ask for a report, and for one at a time; the code of that limit is unconfirmed.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let image = params.need("ImageId")?;
    let kinds = read_kinds(params)?;
    let accounts = read_accounts(params)?;
    let tags = tags::specified(params, &["image-usage-report"])?.remove("image-usage-report").unwrap_or_default();
    let print = fingerprint(request, &["ClientToken", "DryRun"]);
    let token =
        params.get("ClientToken").map(|token| (request.account.clone(), request.action.clone(), token.to_owned()));
    let viewer = images::Viewer::new(world, request);
    let (takes, misses) = (span(world.report_takes), span(world.report_misses));
    let region = world.region(&request.region);
    forget_expired(region, request.now);
    match token.as_ref().and_then(|token| region.tokens.get(token)) {
        Some((before, ids)) if *before == print => {
            let id = ids.first().cloned().unwrap_or_default();
            request.dry_run()?;
            return Ok(answer(&id));
        }
        Some(_) => {
            let message = "The client token was used before with other parameters.";
            return Err(refuse("IdempotentParameterMismatch", message));
        }
        None => {}
    }
    images::own(region, &viewer, image)?;
    let mine = region.usage_reports.values().filter(|report| report.owner == request.account);
    let pending: Vec<_> = mine.filter(|report| report.phase.at(request.now) == "pending").collect();
    if pending.len() >= MOST_PENDING || pending.iter().any(|report| report.image == image) {
        let message = format!("There is a pending image usage report for the image {image} already.");
        return Err(refuse("ResourceLimitExceeded", message));
    }
    request.dry_run()?;

    let entries = count(region, image, &kinds, &accounts, request.now - misses);
    let reason = world.fail_next_report.take();
    let after = if reason.is_some() { "error" } else { "available" };
    let id = world.ids.next("amiur");
    let report = UsageReport {
        id: id.clone(),
        owner: request.account.clone(),
        image: image.to_owned(),
        kinds,
        accounts,
        phase: Phase { before: "pending", turn: request.now + takes, after: after.to_owned() },
        reason,
        created: request.now,
        entries,
        tags,
    };
    let region = world.region(&request.region);
    if let Some(token) = token {
        region.tokens.insert(token, (print, vec![id.clone()]));
    }
    region.usage_reports.insert(id.clone(), report);
    Ok(answer(&id))
}

fn answer(id: &str) -> String {
    format!("<reportId>{id}</reportId>")
}

fn read_kinds(params: &Params) -> Result<Vec<(&'static str, Option<usize>)>, Refusal> {
    let given = params.structs("ResourceType");
    if given.is_empty() {
        return Err(missing("ResourceType"));
    }
    let mut kinds: Vec<(&'static str, Option<usize>)> = Vec::new();
    for one in &given {
        let name = one.need("ResourceType")?;
        let kind = KINDS.into_iter().find(|kind| *kind == name);
        let kind = kind.ok_or_else(|| invalid_value("ResourceType", name, "It is not supported."))?;
        if kinds.iter().any(|(known, _)| *known == kind) {
            return Err(combination(format!("The resource type {name} is given twice")));
        }
        if let Some(unknown) = one.heads().find(|head| !matches!(*head, "ResourceType" | "ResourceTypeOption")) {
            return Err(invalid_value("ResourceType", unknown, "It is no field of a resource type."));
        }
        let mut depth = (kind == TEMPLATE).then_some(DEPTH);
        for option in one.structs("ResourceTypeOption") {
            match (option.need("OptionName")?, kind) {
                ("version-depth", TEMPLATE) => depth = Some(read_depth(&option.list("OptionValue"))?),
                (other, _) => return Err(invalid_value("OptionName", other, &format!("It is no option of {kind}."))),
            }
        }
        kinds.push((kind, depth));
    }
    Ok(kinds)
}

fn read_accounts(params: &Params) -> Result<Vec<String>, Refusal> {
    let accounts = params.list("AccountId");
    if accounts.len() > MOST_IDS {
        return Err(invalid_value("AccountId", &accounts.len().to_string(), &format!("At most {MOST_IDS} accounts.")));
    }
    match accounts.iter().find(|account| !ids::is_account(account)) {
        Some(bad) => Err(refuse("InvalidUserID.Malformed", format!("Invalid user id: \"{bad}\""))),
        None => Ok(accounts.into_iter().map(str::to_owned).collect()),
    }
}

/// What all accounts of the world have in the region that names the image; what is younger than `until` is not in
/// the report. A template counts once, and only where an id stands in it.
fn count(
    region: &Region,
    image: &str,
    kinds: &[(&'static str, Option<usize>)],
    accounts: &[String],
    until: chrono::DateTime<chrono::Utc>,
) -> Vec<(String, &'static str, usize)> {
    let mut users: Vec<(&str, &'static str)> = Vec::new();
    for (kind, depth) in kinds {
        match *kind {
            INSTANCE => {
                let instances = region.instances.values().filter(|i| i.image == image && i.launched <= until);
                let alive = instances.filter(|i| i.state(until) != "terminated");
                users.extend(alive.map(|i| (i.owner.as_str(), INSTANCE)));
            }
            TEMPLATE => {
                let named = region.templates.values().filter(|template| {
                    let mut newest = template.versions.values().rev().take(depth.unwrap_or(DEPTH));
                    newest.any(|v| v.created <= until && v.data.get("ImageId") == Some(image))
                });
                users.extend(named.map(|template| (template.owner.as_str(), TEMPLATE)));
            }
            recipes => {
                let wanted = region.recipes.values().filter(|recipe| recipe.container == (recipes == CONTAINER_RECIPE));
                users.extend(
                    wanted.filter(|recipe| recipe.image == image).map(|recipe| (recipe.owner.as_str(), recipes)),
                );
            }
        }
    }
    let wanted: BTreeSet<&str> = accounts.iter().map(String::as_str).collect();
    let mut counts: BTreeMap<(&str, &'static str), usize> = BTreeMap::new();
    for user in users.into_iter().filter(|(account, _)| wanted.is_empty() || wanted.contains(account)) {
        *counts.entry(user).or_default() += 1;
    }
    counts.into_iter().map(|((account, kind), count)| (account.to_owned(), kind, count)).collect()
}
