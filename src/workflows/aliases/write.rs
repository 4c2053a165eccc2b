//! The writing of aliases, side by side: a place that fails does not stop the others.

use std::time::Duration;

use tokio::time::Instant;

use super::moves::{AliasMove, MoveRequest};
use super::past;
use super::shown::{self, WriteSeen};
use crate::domain::alias::Note;
use crate::domain::alias_race::{AliasWrite, WriteFate};
use crate::domain::alias_report::{AliasOutcome, CONCURRENT, NOT_STORED};
use crate::domain::image::Image;
use crate::domain::problem::{NOT_SEEN, Problem};
use crate::domain::report::Status;
use crate::service::client::error::ApiError;
use crate::service::parameters;
use crate::workflows::run::concurrency::{self, PLACES};
use crate::workflows::run::context::{self, Context};

/// How long SSM may go on saying that others are writing.
const BUSY_FOR: Duration = Duration::from_secs(30);
const BUSY: &str = "TooManyUpdates";
const TAKEN: &str = "ParameterAlreadyExists";

/// Writes every alias and reads it back. What is left when the user asks to stop is skipped.
pub async fn all(context: &Context, request: &MoveRequest, moves: &[AliasMove]) -> Vec<AliasOutcome> {
    let bar = &context.printer.bars().count(moves.len() as u64, request.action.as_str());
    let each = concurrency::each(PLACES, moves, |step| async move {
        let outcome = one(context, request, step).await;
        bar.step();
        outcome
    });
    each.await
}

async fn one(context: &Context, request: &MoveRequest, step: &AliasMove) -> AliasOutcome {
    let Some(image) = step.image.as_ref().filter(|_| !step.unchanged()) else {
        return step.outcome(request, false, Status::Done).await;
    };
    if let Some(stopped) = context::stopped(context) {
        return step.outcome(request, false, Status::Skipped(stopped)).await;
    }
    let sent = put(context, request, step, image).await;
    let answered = match sent {
        Sent::Written => None,
        Sent::Unclear(error) => Some(error),
        Sent::Refused(error) => return step.outcome(request, false, Status::Failed(error.problem())).await,
        Sent::Overtaken(told) => return step.outcome(request, false, raced(&told)).await,
    };
    let checked = step.current.as_ref().map(|current| current.version);
    let write = AliasWrite { image: &image.id, run: &context.maker.run, checked };
    let refused = answered.as_ref().is_some_and(|error| !error.answer_lost);
    let seen = shown::until_shown(context, &step.target, &request.parameter.parameter(), &write, refused).await;
    let (changed, version, status) = judged(seen, answered, image);
    let outcome = step.outcome(request, changed, status).await;
    AliasOutcome { version: version.or(outcome.version), ..outcome }
}

/// What came of the call.
enum Sent {
    /// SSM took it.
    Written,
    /// It may have been taken: the answer was lost, or the parameter is there now.
    Unclear(ApiError),
    /// It was not taken.
    Refused(ApiError),
    /// It was not sent again, as somebody else wrote first.
    Overtaken(String),
}

async fn put(context: &Context, request: &MoveRequest, step: &AliasMove, image: &Image) -> Sent {
    let parameter = request.parameter.parameter();
    let note = note(context, request, step, image).await;
    let until = Instant::now() + BUSY_FOR;
    loop {
        let error = match parameters::put(&step.target, &parameter, &image.id, &note, step.current.is_some()).await {
            Ok(_) => return Sent::Written,
            Err(error) => error,
        };
        if error.answer_lost || error.is(TAKEN) {
            return Sent::Unclear(error);
        }
        if !error.is(BUSY) || Instant::now() > until || context.stop.asked() {
            return Sent::Refused(error);
        }
        // SSM takes 3 a second by default.
        tokio::time::sleep(Duration::from_millis(fastrand::u64(400..1200))).await;
        // Trying again over another's value would take it away unseen.
        match past::recorded(&step.target, &parameter).await.map(|now| now.map(|(now, _)| now)) {
            Ok(now) if now == step.current => {}
            Ok(Some(now)) if now.value == image.id.as_str() => return Sent::Unclear(error),
            Ok(Some(now)) => return Sent::Overtaken(format!("it now names {} (version {})", now.value, now.version)),
            Ok(None) => return Sent::Overtaken("it was deleted".to_owned()),
            Err(_) => return Sent::Refused(error),
        }
    }
}

async fn note(context: &Context, request: &MoveRequest, step: &AliasMove, image: &Image) -> Note {
    let caller = step.target.caller().await.ok();
    let by = caller.and_then(|caller| caller.arn.clone().or_else(|| Some(caller.account.to_string())));
    Note {
        by: by.unwrap_or_default(),
        action: request.action,
        image: image.id.clone(),
        from: step.current.as_ref().and_then(|current| current.value.parse().ok()),
        reason: request.reason.clone(),
        run: context.maker.run.clone(),
        at: context.clock(),
    }
}

/// Whether the alias was changed, the version that names the image, and the status.
fn judged(seen: WriteSeen, answered: Option<ApiError>, image: &Image) -> (bool, Option<i64>, Status) {
    let failed = |code: &str, message: String| Status::Failed(Problem { code: code.to_owned(), message });
    match (seen, answered) {
        (WriteSeen::Shown(WriteFate::Stands { version, ours }), _) => (ours, Some(version), Status::Done),
        (WriteSeen::Shown(WriteFate::Raced { ours, told }), _) => (ours.is_some(), ours, raced(&told)),
        (WriteSeen::Shown(WriteFate::Unseen), None) => {
            let message = format!(
                "SSM took {} and did not store it within {} s: it checks images only afterwards, and drops what the caller \
                 cannot see; look whether the image is still there, and whether the caller has the permissions \
                 ec2:DescribeImages and ssm:GetParameters",
                image.label(),
                shown::PATIENCE.as_secs()
            );
            (false, None, failed(NOT_STORED, message))
        }
        (WriteSeen::Shown(WriteFate::Unseen), Some(error)) => (false, None, Status::Failed(error.problem())),
        (WriteSeen::Interrupted, answered) => {
            let (perhaps, words) = answer(answered.as_ref());
            let message = format!("{words}, and SSM did not show it before the interruption");
            (perhaps, None, failed(NOT_SEEN, message))
        }
        (WriteSeen::Unread(error), answered) => {
            let (perhaps, words) = answer(answered.as_ref());
            let Problem { code, message } = error.problem();
            (perhaps, None, failed(&code, format!("{words}, and it could not be read back: {message}")))
        }
    }
}

/// Whether the answer leaves it possible that the alias was written, and what is known of it.
fn answer(error: Option<&ApiError>) -> (bool, String) {
    let told = |error: &ApiError| error.clone().problem().message;
    match error {
        None => (true, "SSM took it".to_owned()),
        Some(error) if error.answer_lost => (true, format!("whether it was written is unknown ({})", told(error))),
        Some(error) => (false, format!("SSM refused it ({})", told(error))),
    }
}

fn raced(told: &str) -> Status {
    let message = format!("somebody else changed it at the same time: {told}");
    Status::Failed(Problem { code: CONCURRENT.to_owned(), message })
}
