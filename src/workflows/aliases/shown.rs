//! The reading back of a write, until SSM shows what became of it.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::alias_race::{AliasWrite, WriteFate};
use crate::service::client::error::ApiError;
use crate::service::client::patience::{Over, Patience};
use crate::service::{Target, parameters};
use crate::workflows::run::context::Context;

/// How long SSM may take to check and show a value.
pub const PATIENCE: Duration = Duration::from_secs(60);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What SSM shows in the end.
pub enum WriteSeen {
    /// What the history says of the write.
    Shown(WriteFate),
    /// Nothing new before the user asked to stop.
    Interrupted,
    /// It could not be read.
    Unread(ApiError),
}

/// SSM's code for a call that is not permitted: asking again changes nothing.
const DENIED: &str = "AccessDeniedException";

/// Reads the history until it shows what became of a write. Where SSM refused it, ours is not waited for.
pub async fn until_shown(
    context: &Context,
    target: &Target,
    parameter: &str,
    write: &AliasWrite<'_>,
    refused: bool,
) -> WriteSeen {
    let patience = Patience { until: Instant::now() + PATIENCE, stop: context.stop.clone() };
    let mut pause = FIRST_PAUSE;
    loop {
        let seen = match parameters::history(target, parameter).await {
            Ok(history) => match write.fate(&history) {
                // Ours may still come.
                fate @ WriteFate::Raced { ours: None, .. } if !refused => WriteSeen::Shown(fate),
                fate @ WriteFate::Unseen => WriteSeen::Shown(fate),
                fate @ (WriteFate::Stands { .. } | WriteFate::Raced { .. }) => return WriteSeen::Shown(fate),
            },
            Err(error) if error.is(DENIED) => return WriteSeen::Unread(error),
            Err(error) => WriteSeen::Unread(error),
        };
        let over = patience.unless_over(tokio::time::sleep(pause.mul_f64(0.8 + 0.4 * fastrand::f64()))).await;
        pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
        match (over, seen) {
            (Ok(()), _) => {}
            (Err(Over::Interrupted), WriteSeen::Shown(WriteFate::Unseen)) => return WriteSeen::Interrupted,
            (Err(Over::TimedOut | Over::Interrupted), seen) => return seen,
        }
    }
}
