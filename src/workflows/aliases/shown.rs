//! The reading back of a write, until SSM shows what became of it.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::alias_race::{AliasWrite, Fate};
use crate::service::client::error::ApiError;
use crate::service::client::patience::{Over, Patience};
use crate::service::{Target, parameters};
use crate::workflows::run::context::Context;

/// How long SSM may take to check and show a value.
pub const PATIENCE: Duration = Duration::from_secs(60);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What SSM shows in the end.
pub enum Seen {
    /// The alias names the image.
    Stands {
        /// The version.
        version: i64,
        /// Whether this run wrote it.
        ours: bool,
    },
    /// Somebody else wrote at the same time.
    Raced {
        /// The version that this run wrote, if it is shown.
        ours: Option<i64>,
        /// Who has the alias now.
        told: String,
    },
    /// Nothing new.
    Nothing,
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
) -> Seen {
    let patience = Patience { until: Instant::now() + PATIENCE, stop: context.stop.clone() };
    let mut pause = FIRST_PAUSE;
    loop {
        let seen = match parameters::history(target, parameter).await {
            Ok(history) => match write.fate(&history) {
                Fate::Stands { version, ours } => return Seen::Stands { version, ours },
                Fate::Raced { ours: Some(version), told } => return Seen::Raced { ours: Some(version), told },
                Fate::Raced { ours: None, told } if refused => return Seen::Raced { ours: None, told },
                // Ours may still come.
                Fate::Raced { ours: None, told } => Seen::Raced { ours: None, told },
                Fate::Unseen => Seen::Nothing,
            },
            Err(error) if error.is(DENIED) => return Seen::Unread(error),
            Err(error) => Seen::Unread(error),
        };
        let over = patience.unless_over(tokio::time::sleep(pause.mul_f64(0.8 + 0.4 * fastrand::f64()))).await;
        pause = pause.mul_f64(1.5).min(LONGEST_PAUSE);
        match (over, seen) {
            (Ok(()), _) => {}
            (Err(Over::Interrupted), Seen::Nothing) => return Seen::Interrupted,
            (Err(Over::TimedOut | Over::Interrupted), seen) => return seen,
        }
    }
}
