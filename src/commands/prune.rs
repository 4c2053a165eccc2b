//! `amictl prune`: removes old images by policy, and never one in use.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::builder::{PathBufValueParser, TypedValueParser};

use crate::domain::age::Age;
use crate::domain::cost::Prices;
use crate::domain::failure::Failure;
use crate::domain::family::{FamilyPattern, FamilyWord};
use crate::domain::image_service::ImageService;
use crate::domain::limit::Limit;
use crate::domain::plan::document::Plan;
use crate::domain::policy::Policy;
use crate::domain::policy_source::PolicySource;
use crate::domain::tags::TagMatch;
use crate::options::journal::JournalArgs;
use crate::options::price::PriceArgs;
use crate::options::recycle_bin::BinArgs;
use crate::options::usage::{FileArgs, ReportArgs, SourceArgs};
use crate::output;
use crate::workflows::prune::apply::{carry_out, dry_run, end, going, within_limit};
use crate::workflows::prune::{conclude, policy, survey};
use crate::workflows::recycle_bin::outlook::RetentionRules;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl prune                              the plan for every family; changes nothing
  amictl prune web --keep 5 --min-age 30d   the plan for one family
  amictl prune --policy prod.toml --apply   shows the plan, asks, deletes
  amictl prune --keep 3 --apply --yes --max-delete 20%
  amictl prune --policy prod.toml --apply --yes -o json   in cron, with max_delete in the policy
  amictl prune --policy ssm:/policies/prod                the policy is in an SSM parameter";

/// Plan the removal of old images; --apply carries it out
///
/// Shows a plan and changes nothing unless --apply is given. Keeps the newest versions of each family, young images,
/// and images in use. If a source of use cannot be read, every image of its account and region is kept, and the exit
/// code is 4.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Families to prune [default: all]
    #[arg(value_name = "FAMILY")]
    families: Vec<FamilyWord>,

    /// Policy with the rules (TOML): a file, or an SSM parameter as ssm:/PATH
    #[arg(long, value_name = "FILE", value_parser = PathBufValueParser::new().try_map(PolicySource::read))]
    policy: Option<PolicySource>,

    /// Keep the newest N versions of each family [default: 3]
    #[arg(long, value_name = "N", conflicts_with = "policy")]
    keep: Option<usize>,

    /// Keep images younger than this [default: 7d]
    #[arg(long, value_name = "AGE", conflicts_with = "policy")]
    pub min_age: Option<Age>,

    /// Keep images launched within this time [default: off]
    #[arg(long, value_name = "AGE", conflicts_with = "policy")]
    unused_for: Option<Age>,

    /// Keep images shared outside the account
    #[arg(long)]
    keep_shared: bool,

    /// Keep images with this tag, as with amictl:keep; repeatable
    #[arg(long, value_name = "KEY[=VALUE]")]
    protect_tag: Vec<TagMatch>,

    /// Prune only images with this tag; repeatable, and all must match
    #[arg(long, value_name = "KEY[=VALUE]")]
    only_tag: Vec<TagMatch>,

    /// Prune unmanaged images as well, in families by --family-tag
    #[arg(long, requires = "family_tag")]
    unmanaged: bool,

    /// Tag whose value is the family of an unmanaged image
    #[arg(long, value_name = "KEY", requires = "unmanaged")]
    family_tag: Option<String>,

    /// Put unmanaged images into families by name; repeatable
    ///
    /// A regular expression that matches whole names, with a capture 'family' and, if wanted, 'order':
    /// '(?<family>.+)-(?<order>\d+)'. The first that matches counts, after those of the policy.
    #[arg(long, value_name = "REGEX")]
    family_pattern: Vec<FamilyPattern>,

    /// Prune images made by this service: image-builder
    #[arg(long, value_name = "SERVICE")]
    managed_by: Vec<ImageService>,

    #[command(flatten)]
    files: FileArgs,

    #[command(flatten)]
    sources: SourceArgs,

    #[command(flatten)]
    reports: ReportArgs,

    /// Act on at most N images, or P% of those in scope
    #[arg(long, value_name = "N|P%")]
    max_delete: Option<Limit>,

    /// Save the plan for 'amictl apply'
    #[arg(long, value_name = "FILE")]
    plan_out: Option<PathBuf>,

    #[command(flatten)]
    price: PriceArgs,

    /// Carry the plan out, after a confirmation
    #[arg(long)]
    apply: bool,

    /// Skip the confirmation prompt; needs a limit on deletions
    #[arg(short, long, requires = "apply")]
    yes: bool,

    /// With --apply: only check with EC2 (DryRun) that it would work
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    bin: BinArgs,

    #[command(flatten)]
    journal: JournalArgs,
}

impl Args {
    /// Whether it only shows a plan, and asks for no usage report.
    pub fn only_reads(&self) -> bool {
        !self.apply && !self.reports.usage_reports
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let policy = policy(context, &args).await?;
    if args.apply && args.yes && policy.max_delete.is_none() {
        return Err(Limit::missing("--max-delete N or --max-delete P%, or put max_delete into the policy").into());
    }
    let session = context.session_of(&policy).await?;
    let places = context.unless_stopped(async { Ok(session.places().await.some()?) }).await?;
    let bin = async {
        if args.apply || args.bin.demand().required {
            RetentionRules::of(&places.targets).await
        } else {
            Ok(RetentionRules::default())
        }
    };
    let (surveys, bin) = tokio::try_join!(survey::survey(context, &places, &policy, None), bin)?;
    let prices = Prices::new(args.price.price_per_gb);
    let plan = survey::plan(context, &surveys, &policy, prices);
    if let Some(path) = &args.plan_out {
        let text = serde_json::to_string_pretty(&plan)?;
        std::fs::write(path, text + "\n").with_context(|| format!("plan {}", path.display()))?;
    }
    if !args.apply {
        output::plan(&context.printer, &plan)?;
        say_summary(context, &plan);
        args.bin.demand().announce(context, &bin, going(context, &surveys, &plan, &bin)).await?;
        return conclude::complete(context, &plan, &surveys);
    }
    if plan.actions.is_empty() {
        say_summary(context, &plan);
        output::report(&context.printer, &surveys.report())?;
        return conclude::complete(context, &plan, &surveys);
    }
    if !args.yes || args.dry_run {
        context.printer.show(output::overview(&plan), output::dispensable(&plan));
    }
    say_summary(context, &plan);
    within_limit(&plan)?;
    args.bin.demand().announce(context, &bin, going(context, &surveys, &plan, &bin)).await?;
    if args.dry_run {
        dry_run(context, &surveys, &plan, &args.journal.file()).await?;
        return conclude::complete(context, &plan, &surveys);
    }
    context.confirm(&output::plan_question(&plan), args.yes, Limit::unasked(policy.max_delete))?;
    // A person takes time to answer, and EC2 to make reports, so the plan is compared with the current state.
    let surveys = match args.yes && !policy.usage_reports {
        true => surveys,
        false => survey::survey(context, &places, &policy, Some(&surveys)).await?,
    };
    let now = survey::plan(context, &surveys, &policy, prices);
    let carried = carry_out(context, &surveys, &plan, &args.journal.file()).await.and_then(|report| {
        let written = output::report(&context.printer, &report);
        reported(context, written, end(context, report))
    });
    conclude::after(context, carried, &now, &surveys)
}

async fn policy(context: &Context, args: &Args) -> Result<Policy> {
    let mut policy = match &args.policy {
        None => Policy { keep: args.keep, min_age: args.min_age, unused_for: args.unused_for, ..Policy::default() },
        Some(source) => policy::read(context, source).await?,
    };
    policy.family_patterns =
        policy.family_patterns.and(&args.family_pattern).map_err(|error| Failure::usage(error.to_string()))?;
    for family in args.families.iter().filter(|_| policy.family_patterns.is_empty() && !policy.unmanaged) {
        family.check().map_err(|error| Failure::usage(error.to_string()))?;
    }
    policy.managed_by.extend(
        args.managed_by.iter().filter(|service| !policy.managed_by.contains(service)).copied().collect::<Vec<_>>(),
    );
    policy.scope = args.families.iter().map(ToString::to_string).collect();
    policy.protect_tags.extend(args.protect_tag.iter().cloned());
    policy.only_tags.extend(args.only_tag.iter().cloned());
    policy.without_sources.extend(args.sources.without_source.iter().copied());
    policy.max_delete = args.max_delete.or(policy.max_delete);
    policy.unmanaged |= args.unmanaged;
    policy.usage_reports |= args.reports.usage_reports;
    policy.family_tag = args.family_tag.clone().or(policy.family_tag);
    if args.keep_shared {
        policy.keep_shared = Some(true);
        policy.rules.iter_mut().for_each(|rule| rule.keep_shared = Some(true));
    }
    for path in &args.files.refs_from {
        let text = path.to_str().ok_or_else(|| Failure::usage("--refs-from: the path is not UTF-8"))?;
        policy.refs_from.push(text.to_owned());
    }
    policy::bounded(context, &policy)?;
    for path in &mut policy.refs_from {
        let wrong = |error| Failure::usage(format!("--refs-from {path}: {error}"));
        // A plan applied from another folder must read the same files.
        let whole = std::path::absolute(&path).map_err(wrong)?;
        std::fs::metadata(&whole).map_err(wrong)?;
        *path = whole.to_string_lossy().into_owned();
    }
    Ok(policy)
}

fn say_summary(context: &Context, plan: &Plan) {
    for line in output::plan_summary(plan) {
        context.printer.say(line);
    }
    output::warnings(&plan.warnings).iter().for_each(|line| context.printer.tell(line));
    for age in plan.policy.minutes() {
        context.printer.say(format!("an age of {age} is minutes; months are written as 3M or 3months"));
    }
    for pattern in plan.policy.unmatched(&plan.families()) {
        context.printer.say(format!("no family here matches '{pattern}' of the policy"));
    }
}
