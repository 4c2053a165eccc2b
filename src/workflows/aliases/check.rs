//! The checks of all moves, with the credentials of each place, before anything is written.

use super::moves::{AliasMove, MoveRequest};
use crate::domain::alias_gates::objections;
use crate::domain::ids::{AccountId, ImageId};
use crate::domain::image::Image;
use crate::domain::problem::Problem;
use crate::domain::region::Region;
use crate::service::client::error::ApiError;
use crate::service::parameters::Current;
use crate::service::{Target, images, parameters};
use crate::workflows::run::concurrency::{self, PLACES};
use crate::workflows::run::context::Context;

/// Adds to each move why it cannot be made.
pub async fn all(context: &Context, request: &MoveRequest, moves: Vec<AliasMove>) -> Vec<AliasMove> {
    let bar = &context.printer.bars().count(moves.len() as u64, "checking");
    let each = concurrency::each(PLACES, moves, |step| async move {
        let checked = one(context, request, step).await;
        bar.step();
        checked
    });
    each.await
}

async fn one(context: &Context, request: &MoveRequest, mut step: AliasMove) -> AliasMove {
    // Messages name the account, also where the other checks already refuse.
    let account = match step.target.account().await {
        Ok(account) => account.clone(),
        Err(error) => {
            step.refusals.push(error.problem());
            return step;
        }
    };
    let parameter = request.parameter.parameter();
    if let Some(current) = step.current.as_ref().filter(|current| !current.holds_images()) {
        step.refusals.push(other_type(current, &parameter, &account, &step.target.region));
    }
    let Some(image) = step.image.clone() else { return step };
    step.refusals.extend(objections(&image, context.now));
    step.refusals.extend(request.gates.objections(&image, step.standing.as_ref(), context.now));
    let (before, named) = tokio::join!(before(context, &step, &image), named_by(&step.target, request, &image));
    match before {
        Ok(before) => {
            step.refusals.extend(before.iter().flat_map(|before| differs(request, &image, before)));
            step.before = before;
        }
        Err(error) => step.refusals.push(error.problem()),
    }
    step.refusals.extend(named.err());
    step
}

/// SSM changes neither the type nor the data type of a parameter. A line that deletes could hit another account.
fn other_type(current: &Current, parameter: &str, account: &AccountId, region: &Region) -> Problem {
    let (kind, data_type) = (&current.kind, &current.data_type);
    let message = format!(
        "the parameter {parameter} is a {kind} of data type {data_type}, and SSM cannot change that to aws:ec2:image: \
         delete it with credentials of account {account} in region {region}, or promote to another alias"
    );
    Problem { code: "ParameterType".to_owned(), message }
}

/// The image that the alias names now; `None` where it is absent, gone, or the same image.
async fn before(context: &Context, step: &AliasMove, image: &Image) -> Result<Option<Image>, ApiError> {
    let id = step.current.as_ref().and_then(|current| current.value.parse::<ImageId>().ok());
    let Some(id) = id.filter(|id| *id != image.id) else { return Ok(None) };
    let mut before = images::by_id(&step.target, &id).await?;
    before.iter_mut().for_each(|image| image.group_by(&context.families));
    Ok(before)
}

/// What differs from the image before in a way that launches may not stand.
fn differs(request: &MoveRequest, image: &Image, before: &Image) -> Vec<Problem> {
    let mut found = Vec::new();
    if image.architecture != before.architecture && !request.allow_arch_change {
        let words = |image: &Image| image.architecture.clone().unwrap_or_else(|| "of unknown architecture".to_owned());
        let message = format!(
            "{} is {}, and {}, which the alias names now, is {}; --allow-arch-change lets it pass",
            image.label(),
            words(image),
            before.label(),
            words(before)
        );
        found.push(Problem { code: "OtherArchitecture".to_owned(), message });
    }
    let families = image.family().zip(before.family());
    if families.is_some_and(|(now, then)| now.word == then.word && now.pattern != then.pattern) {
        let message = format!(
            "{} and {}, which the alias names now, are of different families of the same word; delete the alias first, or \
             choose another name for it",
            image.label(),
            before.label()
        );
        found.push(Problem { code: "OtherFamily".to_owned(), message });
    }
    found
}

/// Whether `--from` names this image in this place.
async fn named_by(target: &Target, request: &MoveRequest, image: &Image) -> Result<(), Problem> {
    let Some(from) = &request.from else { return Ok(()) };
    let found = parameters::current(target, &from.parameter()).await.map_err(|error| error.problem())?;
    let message = match found {
        Some(found) if found.value == image.id.as_str() => return Ok(()),
        Some(found) => format!("{from} names {}, not {}", found.value, image.label()),
        None => format!("there is no alias {from}"),
    };
    Err(Problem { code: "NotFromAlias".to_owned(), message })
}
