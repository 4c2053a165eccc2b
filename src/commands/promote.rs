//! `amictl promote`: lets an alias name an image, in every account and region or in none.

use anyhow::Result;

use crate::domain::age::Age;
use crate::domain::alias::Alias;
use crate::domain::alias_gates::Gates;
use crate::domain::launch_template::TemplateName;
use crate::domain::naming::Family;
use crate::domain::reference::ImageRef;
use crate::domain::scan::Severity;
use crate::domain::tested_lineage::TestedGate;
use crate::output;
use crate::workflows::aliases::promote::{Promotion, promote};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl promote web:v3 --to prod
  amictl promote web:v3 --to prod --region us-east-1,eu-west-1 --org-role ami --reason CVE-2026-1234
  amictl promote web:canary --to prod --from canary --min-age 3d
  amictl promote web --to prod --max-severity high --dry-run
  amictl promote web --to prod --require-tested --tested-within 7d
  amictl promote ami-0123456789abcdef0 --to prod --family web";

/// Let an alias name an image, everywhere or nowhere
///
/// An alias is the SSM parameter /amictl/FAMILY/ALIAS in each account and region; launch templates follow it with
/// resolve:ssm:/amictl/web/prod. In each place it gets the image itself, its copy there, or one that is shared with the
/// account. All places are checked with their own credentials before any is written; if one is refused, nothing is
/// written. Then amictl reads back until SSM shows the new value. Running it again finishes what is left.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Image: an id, a name, web, web:v3, web:canary, or an SSM parameter (ssm:/golden/web)
    #[arg(value_name = "REF")]
    reference: ImageRef,

    /// Alias that is to name the image, e.g. prod
    #[arg(long, value_name = "ALIAS")]
    to: Alias,

    /// Only what this alias names now, in each place
    #[arg(long, value_name = "ALIAS")]
    from: Option<Alias>,

    /// Role in the account that owns the image: finds it and its copies there
    #[arg(long, value_name = "ARN")]
    from_role_arn: Option<String>,

    /// Family of the alias, for an image without one
    #[arg(long)]
    family: Option<Family>,

    /// Reason, kept in the history of the alias
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Launch template that gets the image in its default version too, unless it follows an alias by itself
    #[arg(long, value_name = "NAME")]
    template: Option<TemplateName>,

    /// Refuse images made less than this time ago, e.g. 3d
    #[arg(long, value_name = "AGE")]
    min_age: Option<Age>,

    /// Refuse images whose last scan found a higher severity: informational, low, medium, high or critical; also images
    /// that were never scanned
    #[arg(long, value_name = "SEVERITY")]
    max_severity: Option<Severity>,

    /// With --max-severity: let images pass that were never scanned
    #[arg(long, requires = "max_severity")]
    allow_unscanned: bool,

    /// Refuse images without a boot test that passed; a copy stands on the verdict of its source
    #[arg(long)]
    require_tested: bool,

    /// With --require-tested: the oldest that the verdict may be, e.g. 7d
    #[arg(long, value_name = "AGE", requires = "require_tested")]
    tested_within: Option<Age>,

    /// Let the image be of another architecture than the one before
    #[arg(long)]
    allow_arch_change: bool,

    /// Only run the checks; SSM has no DryRun, so the permission to write is not tried
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let gates = Gates {
        min_age: args.min_age,
        max_severity: args.max_severity,
        allow_unscanned: args.allow_unscanned,
        tested: args.require_tested.then_some(TestedGate { within: args.tested_within }),
    };
    let promotion = Promotion {
        reference: args.reference,
        to: args.to,
        from: args.from,
        family: args.family,
        from_role: args.from_role_arn,
        template: args.template,
        reason: args.reason,
        gates,
        allow_arch_change: args.allow_arch_change,
        dry_run: args.dry_run,
    };
    let moved = promote(context, promotion).await?;
    let written = output::moved_aliases(&context.printer, &moved.report);
    reported(context, written, moved.conclude(context))
}
