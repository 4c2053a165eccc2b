//! `amictl deprecate`: hides images from the listings of other accounts, from a date on.

use std::str::FromStr;

use anyhow::Result;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::domain::age::Age;
use crate::domain::change::{Change, latest_minute, whole_minute};
use crate::domain::image::Image;
use crate::domain::report::Verb;
use crate::options::images::Which;
use crate::output;
use crate::workflows::change;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl deprecate web:v3 --after 0s
  amictl deprecate web:v3 web:v4 --at 2027-01-31 --region all
  amictl deprecate ami-0123456789abcdef0 --after 90d --copies --region all
  amictl deprecate web:v3 --cancel";

/// Deprecate images: hidden from others, still launchable
///
/// Accounts that a deprecated image is shared with no longer see it in listings, and web and web:latest skip it. It can
/// still be launched by its id: launch templates and Auto Scaling groups are not affected. Times are rounded up to whole
/// minutes, as EC2 has them. EC2 deprecates a public image 2 years after its creation; that date can be brought forward,
/// but postponed only once the image is private.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("when").required(true))]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// When: a day in UTC (2027-01-31), or a time with its zone (2027-01-31T18:00:00Z)
    #[arg(long, value_name = "TIME", group = "when")]
    at: Option<Moment>,

    /// When, from now: e.g. 90d, 0s for at once; at most 10y, for public images 2y after their creation
    #[arg(long, value_name = "SPAN", group = "when")]
    after: Option<Age>,

    /// Cancel the deprecation
    #[arg(long, group = "when")]
    cancel: bool,
}

/// A date or time as a user writes it.
#[derive(Debug, Clone, Copy)]
struct Moment(DateTime<Utc>);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Self(day.and_time(NaiveTime::MIN).and_utc()));
        }
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self(at.to_utc()))
            .map_err(|_| "give a day, e.g. 2027-01-31, or a moment with its zone, e.g. 2027-01-31T18:00:00Z".to_owned())
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let request = args.which.request();
    let changes = match (args.at, args.after) {
        (Some(Moment(at)), _) => change::run(context, request, &Change::Deprecate(whole_minute(at))).await,
        (None, Some(span)) => {
            let at = after(span, context.now);
            let at_once = span == Age::days(0);
            // An image already deprecated keeps its time: a new one would be in effect only after this minute.
            let change = |image: &Image| match image.deprecated_at {
                Some(set) if at_once && set <= at => Change::Deprecate(set),
                _ => Change::Deprecate(at),
            };
            change::run_each(context, request, Verb::Deprecate, change).await
        }
        (None, None) => change::run(context, request, &Change::CancelDeprecation).await,
    }?;
    let written = output::changes(&context.printer, changes.report());
    reported(context, written, changes.conclude(context))
}

/// A span of ten years is up to a day longer than EC2's ten calendar years.
fn after(span: Age, now: DateTime<Utc>) -> DateTime<Utc> {
    let (at, latest) = (whole_minute(span.after(now)), latest_minute(now));
    if at > latest && at - latest <= TimeDelta::days(1) { latest } else { at }
}
