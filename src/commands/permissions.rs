//! `amictl permissions`: prints the IAM policy that commands need.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use serde::Serialize;

use crate::domain::failure::Failure;
use crate::domain::naming::Family;
use crate::domain::permissions_table::{self, Atom, Condition, LONGEST, Needs, SEND_COMMAND, TrustPolicy, Trusted};
use crate::domain::roles::RoleArn;
use crate::output::printer::Format;
use crate::workflows::run::context::Context;

/// Commands that give roles to instances.
const PASS: [&str; 3] = ["launch", "rollout", "test"];
/// Commands that do not call AWS.
const LOCAL: [&str; 4] = ["completions", "config", "man", "permissions"];

const EXAMPLES: &str = "\
Examples:
  amictl permissions prune                                the policy for prune, with all its options
  amictl permissions create copy --family web > ami.json  for both, and the aliases of one family
  amictl permissions launch --instance-profile-role arn:aws:iam::111122223333:role/web
  amictl permissions test --ssm                           also what runs commands on the instances
  amictl permissions prune --org-role ops/ami             also what enters the accounts
  amictl permissions prune --trust 111122223333 --external-id customer-7";

/// Print the IAM policy that commands need
///
/// The policy is enough for all options of the commands. Left out, and named on stderr, is what would let its holder act
/// as somebody else. IAM takes at most 6,144 characters: a longer policy is printed as a list of several. Calls nothing
/// of AWS.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Commands that are to run
    #[arg(value_name = "COMMAND", required = true, value_parser = commands(), hide_possible_values = true)]
    commands: Vec<String>,

    /// Family whose aliases the commands may read; others stay closed to them
    #[arg(long, value_name = "FAMILY")]
    family: Option<Family>,

    /// Role of the instance profile that 'launch', 'rollout' and 'test' may give to instances
    #[arg(long, value_name = "ARN")]
    instance_profile_role: Vec<RoleArn>,

    /// Allow 'test --ssm', which runs commands on the instances it boots: ssm:SendCommand on any instance
    #[arg(long)]
    ssm: bool,

    /// Allow 'create --prepare', which runs a script on an instance: ssm:SendCommand on any instance
    #[arg(long)]
    prepare: bool,

    /// Print instead the trust policy of a role for this account or identity; with --external-id its condition
    #[arg(long, value_name = "ACCOUNT|ARN")]
    trust: Option<Trusted>,
}

fn commands() -> PossibleValuesParser {
    let named = permissions_table::all().iter().map(|needs| needs.command);
    PossibleValuesParser::new(named.chain(LOCAL))
}

/// Prints the policy, or the trust policy.
pub fn run(context: &Context, args: &Args) -> Result<()> {
    if let Some(trusted) = &args.trust {
        return print(context, &TrustPolicy::new(trusted, context.settings.external_id.as_ref()));
    }
    check(args)?;
    let launches = args.commands.iter().any(|command| command == "launch");
    let passes = args.commands.iter().any(|command| PASS.contains(&command.as_str()));
    let sends = args.ssm || args.prepare;
    let family = args.family.as_ref().map(Family::as_str);
    let needs = args.commands.iter().filter_map(|command| permissions_table::of(command));
    let mut atoms: BTreeSet<Atom> = needs.flat_map(Needs::rows).flat_map(|row| Atom::of(row, family)).collect();
    let unsent = atoms.iter().any(|atom| atom.action == SEND_COMMAND) && !sends;
    atoms.retain(|atom| sends || atom.action != SEND_COMMAND);
    if atoms.is_empty() {
        let failure = Failure::usage(format!("{}: calls nothing of AWS", args.commands.join(", ")));
        return Err(failure.hint("no policy is needed for it").into());
    }
    let passed = args.instance_profile_role.iter();
    atoms.extend(passed.map(|role| atom("iam:PassRole", role.to_string(), Condition::PassedToEc2)));
    atoms.extend(entry(context));
    for line in left_out(&atoms, launches, passes) {
        context.printer.say(line);
    }
    if unsent {
        context.printer.say(format!(
            "left out: {SEND_COMMAND}, which runs scripts on any instance; --ssm adds it for 'test --ssm', --prepare for \
             'create --prepare'"
        ));
    }
    let policy = permissions_table::policy(atoms);
    let length = policy.length();
    match permissions_table::documents(policy).as_slice() {
        [one] => print(context, one),
        parts => {
            context.printer.say(format!(
                "the policy has {length} characters, and IAM takes {LONGEST}: it is printed as a list of {} policies; \
                 attach them all",
                parts.len()
            ));
            print(context, &parts)
        }
    }
}

/// Refuses options that are of no use to the commands.
fn check(args: &Args) -> Result<()> {
    let options = [
        ("--instance-profile-role", !args.instance_profile_role.is_empty(), &PASS[..]),
        ("--ssm", args.ssm, &["test"]),
        ("--prepare", args.prepare, &["create"]),
    ];
    for (option, given, of) in options {
        if given && !args.commands.iter().any(|command| of.contains(&command.as_str())) {
            let list = of.join(", ");
            return Err(Failure::usage(format!("{option}: is only for {list}"))
                .hint(format!("add {list} to the commands, or leave the option out"))
                .into());
        }
    }
    Ok(())
}

fn atom(action: &'static str, resource: String, when: Condition) -> Atom {
    Atom { action, resource, when }
}

/// What the accounts of the command line need to be entered.
fn entry(context: &Context) -> Vec<Atom> {
    let (named, settings) = (context.named, &context.settings);
    let mut atoms = Vec::new();
    let mut enter = |role: String| atoms.push(atom("sts:AssumeRole", role, Condition::None));
    if named.roles {
        settings.role_arns.iter().for_each(|role| enter(role.to_string()));
    }
    if let Some(role) = settings.org_role.as_ref().filter(|_| named.org_role) {
        enter(format!("arn:*:iam::*:role/{role}"));
        atoms.push(atom("organizations:ListAccounts", "*".to_owned(), Condition::None));
    }
    atoms
}

/// What the policy does not allow although an option needs it.
fn left_out(atoms: &BTreeSet<Atom>, launches: bool, passes: bool) -> Vec<&'static str> {
    let has = |action: &str| atoms.iter().any(|atom| atom.action == action);
    let mut lines = Vec::new();
    if passes && !has("iam:PassRole") {
        lines.push("left out: iam:PassRole, for an instance profile; --instance-profile-role ARN adds it for a role");
    }
    if launches {
        lines.push("left out: iam:CreateServiceLinkedRole, which the first Spot launch of an account needs");
    }
    if !has("sts:AssumeRole") {
        lines.push("left out: sts:AssumeRole, to work in other accounts; --role-arn or --org-role adds it for roles");
    }
    if has("ssm:GetParameter") {
        lines.push("left out: ssm:GetParameter on parameters of your own, such as ssm:/golden/web");
    }
    if has("kms:Decrypt") {
        lines.push(
            "note: the kms actions are allowed on every key; put the ARNs of yours in place of arn:*:kms:*:*:key/*",
        );
    }
    lines
}

fn print(context: &Context, document: &impl Serialize) -> Result<()> {
    context.printer.each(|printer| match printer.format() {
        Format::Json | Format::Jsonl => printer.json(document),
        Format::Table => {
            let text = serde_json::to_string_pretty(document)?;
            Ok(printer.code(&format!("{text}\n"))?)
        }
        Format::Csv | Format::Ids => {
            Err(Failure::usage("a policy is JSON").hint("leave --output out, or give -o json for one line").into())
        }
    })
}
