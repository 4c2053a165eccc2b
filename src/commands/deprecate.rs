//! `amictl deprecate`: hides images from the listings of others, from a date on.

use std::str::FromStr;

use anyhow::Result;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::Context;
use super::changing::{self, Which};
use crate::domain::age::Age;
use crate::domain::change::{Change, whole_minute};

const EXAMPLES: &str = "\
Examples:
  amictl deprecate web:v3 --after 0s
  amictl deprecate web:v3 web:v4 --at 2027-01-31 --region all
  amictl deprecate ami-0123456789abcdef0 --after 90d --copies --region all
  amictl deprecate web:v3 --cancel";

/// Deprecate images: others do not find them any more, launches go on
///
/// A deprecated image is hidden from the listings of those it is shared with, and web or web:latest does not stand
/// for it. Who knows its id can launch it still: templates and Auto Scaling groups are not affected.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("when").required(true))]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// The moment from which on, in UTC: 2027-01-31, or 2027-01-31T18:00:00Z
    #[arg(long, value_name = "TIME", group = "when")]
    at: Option<Moment>,

    /// The same as a span from now on; 0s is at once. At most 10 years, for public images 2 from their creation
    #[arg(long, value_name = "SPAN", group = "when")]
    after: Option<Age>,

    /// Takes the deprecation back
    #[arg(long, group = "when")]
    cancel: bool,
}

/// A moment as a user writes it.
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
    let change = match (args.at, args.after) {
        (Some(Moment(at)), _) => Change::Deprecate(whole_minute(at)),
        (None, Some(span)) => Change::Deprecate(whole_minute(span.after(context.now))),
        (None, None) => Change::CancelDeprecation,
    };
    changing::run(context, &args.which, &change).await
}
