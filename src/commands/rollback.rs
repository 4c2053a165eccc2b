//! `amictl rollback`: takes an alias back to the image before.

use anyhow::Result;

use crate::domain::alias::AliasParameter;
use crate::domain::reference::ImageRef;
use crate::output;
use crate::workflows::aliases::rollback::{Rollback, rollback};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl rollback web:prod
  amictl rollback web:prod --region us-east-1,eu-west-1 --org-role ami --reason panics
  amictl rollback web:prod --dry-run                where it would go
  amictl rollback web:prod --to web:v3";

/// Let an alias name the image before again
///
/// In each account and region, by its own history: back to the nearest image before that is another one and that is
/// available, allowed, and neither deprecated nor revoked. A second rollback goes further back, never forth. All places
/// are checked before any is written; where they would not go back to images of one name, it is refused without --each.
/// 'amictl aliases --history' shows histories; SSM keeps 100 versions.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Alias of a family, e.g. web:prod
    #[arg(value_name = "FAMILY:ALIAS", value_parser = alias)]
    alias: AliasParameter,

    /// Image to go back to, or its copies, whether the alias has named them or not
    #[arg(long, value_name = "REF")]
    to: Option<ImageRef>,

    /// Reason, kept in the history of the alias
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Let each account and region go back by its own history, also to images of different names
    #[arg(long)]
    each: bool,

    /// Role in the account that owns the images: other accounts do not see what it has revoked
    #[arg(long, value_name = "ARN")]
    from_role_arn: Option<String>,

    /// Only run the checks; SSM has no DryRun, so the permission to write is not tried
    #[arg(long)]
    dry_run: bool,
}

fn alias(text: &str) -> Result<AliasParameter, String> {
    match text.parse::<ImageRef>() {
        Ok(ImageRef::Alias(family, alias)) => AliasParameter::new(family, alias).map_err(|error| error.to_string()),
        Ok(_) => Err("it is no alias of a family; give one such as web:prod".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let wanted = Rollback {
        parameter: args.alias,
        to: args.to,
        reason: args.reason,
        each: args.each,
        from_role: args.from_role_arn,
        dry_run: args.dry_run,
    };
    let moved = rollback(context, wanted).await?;
    let written = output::moved_aliases(&context.printer, &moved.report);
    reported(context, written, moved.conclude(context))
}
