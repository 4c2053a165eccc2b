//! `amictl audit`: what is wrong with images and with what refers to them.

use std::path::PathBuf;

use anyhow::Result;

use crate::domain::audit::{AuditNote, AuditRule, Level, RULES, RuleName, audit, pinned_image, shared_outside};
use crate::domain::failure::{Failure, Kind};
use crate::domain::permissions::principal::Principal;
use crate::output;
use crate::output::printer::{Format, FormatChoice};
use crate::workflows::audit::{AuditScope, gather};
use crate::workflows::run::context::Context;

const EXAMPLES: &str = "\
Examples:
  amictl audit
  amictl audit --refs-from infra/ --fail-on high       for CI: exit 4 if anything grave is found
  amictl audit --refs-from . -o sarif > ami.sarif      for code scanning
  amictl audit --rule dangling-reference,public-image --org-role ami --region all
  amictl audit --rules                                 what each rule looks at, and why";

/// Check images and what refers to them against rules
///
/// References to images that are gone, public images, missing encryption, old images in use, and more; 'amictl audit
/// --rules' lists the rules. The table [audit] of the configuration file sets their limits and names findings to skip. No
/// call is made for each image, unless sharing is asked about. What cannot be read is said, and the exit code is 3. With
/// -o sarif, the findings are SARIF 2.1.0 for code scanning.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Run only this rule; repeatable
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    rule: Vec<RuleName>,

    /// Leave this rule out; repeatable
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    skip: Vec<RuleName>,

    /// File or folder with pinned image ids; repeatable
    #[arg(long, value_name = "PATH")]
    refs_from: Vec<PathBuf>,

    /// Account or organization that images may be shared with; others are findings; repeatable
    #[arg(long, value_name = "ACCOUNT|ARN", value_delimiter = ',')]
    allow_account: Vec<Principal>,

    /// Exit with 4 if there is a finding of this severity or higher: low, medium or high
    #[arg(long, value_name = "SEVERITY")]
    fail_on: Option<Level>,

    /// List the rules
    #[arg(long, conflicts_with_all = ["refs_from", "allow_account", "fail_on"])]
    rules: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let limits = context.audit.limits(&args.allow_account);
    let asked = args.rule.contains(&shared_outside());
    let shares = (asked || limits.allow_accounts.is_some()) && !args.skip.contains(&shared_outside());
    let shares = shares && (asked || args.rule.is_empty());
    let rules = chosen(&args, shares)?;
    if args.rules {
        if context.printer.chose(FormatChoice::Sarif) {
            return Err(Failure::usage("--rules lists no findings, which SARIF is for")
                .hint("leave -o sarif out")
                .into());
        }
        return output::audit_rules(&context.printer, &rules);
    }
    if args.rule.contains(&pinned_image()) && args.refs_from.is_empty() {
        return Err(Failure::usage("the rule pinned-image looks at files, and none are given")
            .hint("name them or their folder with --refs-from PATH")
            .into());
    }
    let scope = AuditScope { refs_from: args.refs_from, shares };
    let survey = Box::pin(gather(context, &scope)).await?;
    let report = audit(&survey.facts, &limits, &context.audit.skip, rules);
    let errors = survey.unread();
    let warnings: Vec<AuditNote> = report.warnings.iter().chain(&survey.warnings).cloned().collect();
    output::findings(&context.printer, &report, &errors, &warnings)?;
    if context.printer.format() == Format::Table {
        context.printer.say(output::findings_summary(&report));
    }
    output::audit_warnings(&warnings).iter().for_each(|line| context.printer.tell(line));
    errors.iter().for_each(|error| context.printer.tell(&error.to_string()));
    let grave = args.fail_on.map(|least| report.findings.iter().filter(|finding| finding.level >= least).count());
    match (grave, args.fail_on) {
        (Some(count), Some(least)) if count > 0 => {
            let findings = if count == 1 { "1 finding".to_owned() } else { format!("{count} findings") };
            let message = format!("{findings} of severity {least} or higher");
            let hint = "mend them, or skip those that are meant in the table [audit] of the configuration file";
            Err(Failure::new(Kind::Refused, "Findings", message).hint(hint).into())
        }
        _ => survey.whole(),
    }
}

/// The rules to run or to list. Without a list of accounts, nothing is asked about sharing.
fn chosen(args: &Args, shares: bool) -> Result<Vec<AuditRule>> {
    let named = |names: &[RuleName], rule: &AuditRule| names.iter().any(|name| name.as_str() == rule.id);
    let wanted = |rule: &AuditRule| {
        let on_demand = rule.id == shared_outside().as_str() && !shares && !args.rules;
        !on_demand && (args.rule.is_empty() || named(&args.rule, rule)) && !named(&args.skip, rule)
    };
    let rules: Vec<AuditRule> = RULES.into_iter().filter(wanted).collect();
    match rules.is_empty() {
        true => {
            Err(Failure::usage("no rule is left to run").hint("name others with --rule, or fewer with --skip").into())
        }
        false => Ok(rules),
    }
}
