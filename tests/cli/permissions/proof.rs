//! The proof of policies: commands run under exactly theirs, and without each part of it.
//!
//! Removing an action from a statement must make a run fail, or say what it could not do, with the action named. Where the
//! table calls an action one that a run does without, the run may end well.

use std::collections::{BTreeMap, BTreeSet};

use amictl::domain::permissions_table::{self, Need, Needs, Without};
use serde_json::{Value, json};

use super::{changing, finding, making, release, removing};
use crate::cli::Ran;
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, everything, part};

/// A way to run a command that reaches some of its calls.
pub struct Case {
    pub command: &'static str,
    /// Fills the world, and gives the command line.
    pub seed: fn(&Setup) -> String,
    /// How it ends where everything is allowed.
    pub code: i32,
}

/// A case that ends well.
pub const fn case(command: &'static str, seed: fn(&Setup) -> String) -> Case {
    Case { command, seed, code: 0 }
}

/// Options of `permissions` that belong to what the cases do.
const MORE: [(&str, &str); 6] = [
    ("create", "--prepare"),
    ("copy", "--role-arn arn:aws:iam::222222222222:role/ami"),
    ("launch", "--instance-profile-role arn:aws:iam::111111111111:role/web"),
    ("rollout", "--instance-profile-role arn:aws:iam::111111111111:role/web"),
    ("test", "--instance-profile-role arn:aws:iam::111111111111:role/web --ssm"),
    ("orphans", "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami"),
];

/// Actions that EC2 takes in the name of the caller, where the endpoint does not ask for them.
const UNSEEN: &str = "kms:";

fn cases() -> impl Iterator<Item = &'static Case> {
    [changing::CASES, finding::CASES, making::CASES, release::CASES, removing::CASES].into_iter().flatten()
}

/// Two regions, so that `--region all` does not take long.
pub fn few_regions(setup: &Setup) {
    for (region, status) in &mut setup.world().opt_in {
        if ![EAST, WEST].contains(&region.as_str()) {
            "not-opted-in".clone_into(status);
        }
    }
}

/// The policy that `permissions` prints.
#[track_caller]
pub fn policy(command: &str) -> Value {
    let more = MORE.iter().find(|(name, _)| *name == command).map(|(_, more)| *more).unwrap_or_default();
    let setup = Setup::new();
    setup.amictl().without("AWS_REGION").run(&format!("permissions {command} {more} -o json")).ended(0).json()
}

/// Runs a case under a policy; gives how it ended and what was needed of the policy.
fn run(case: &Case, policy: &Value) -> (Ran, BTreeSet<(String, String)>) {
    let setup = Setup::new();
    let line = (case.seed)(&setup);
    for account in [PROD, OTHER] {
        setup.world().allow_only(account, policy);
    }
    let ran = setup.run(&line);
    let used = setup.world().permissions_used();
    (ran, used)
}

/// The same policy without an action of a statement.
fn without(policy: &Value, (sid, action): &(String, String)) -> Value {
    let mut policy = policy.clone();
    let statements = policy["Statement"].as_array_mut().unwrap();
    for statement in statements.iter_mut().filter(|statement| statement["Sid"] == json!(sid)) {
        statement["Action"].as_array_mut().unwrap().retain(|one| one != action);
    }
    statements.retain(|statement| statement["Action"] != json!([]));
    policy
}

fn all_of(needs: &Needs, policy: &Value) -> BTreeSet<(String, String)> {
    let statements = policy["Statement"].as_array().unwrap().iter();
    let pairs = statements.flat_map(|statement| {
        let actions = statement["Action"].as_array().unwrap().iter();
        actions.map(|action| (statement["Sid"].as_str().unwrap().to_owned(), action.as_str().unwrap().to_owned()))
    });
    let unseen = |action: &str| {
        let mut rows = needs.rows().filter(|row| row.action == action);
        action.starts_with(UNSEEN) && rows.all(|row| row.without == Without::Documented)
    };
    pairs.filter(|(_, action)| !unseen(action)).collect()
}

/// Whether a run may end well without the action.
fn spared(needs: &Needs, action: &str) -> bool {
    needs.rows().any(|row: &Need| row.action == action && matches!(row.without, Without::Says(_)))
}

/// The complaints about a command; the sample begins with another action for each.
fn complaints(needs: &Needs, first: usize) -> Vec<String> {
    let command = needs.command;
    let policy = policy(command);
    let mut reached: BTreeMap<(String, String), &Case> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in cases().filter(|case| case.command == command) {
        let (ran, used) = run(case, &policy);
        if ran.code != case.code {
            wrong.push(format!("{command}: ended with {}, not {}:\n{}{}", ran.code, case.code, ran.stdout, ran.stderr));
        }
        used.into_iter().for_each(|pair| {
            reached.entry(pair).or_insert(case);
        });
    }
    let all = all_of(needs, &policy);
    wrong.extend(
        all.iter().filter(|pair| !reached.contains_key(*pair)).map(|pair| format!("{command}: {pair:?} is not needed")),
    );
    for (pair, case) in part(reached, 6, first) {
        let (ran, _) = run(case, &without(&policy, &pair));
        let said = ran.stdout + &ran.stderr;
        if !said.contains(&pair.1) {
            wrong.push(format!("{command} does not name {pair:?}, ended with {}:\n{said}", ran.code));
        } else if ran.code == 0 && !spared(needs, &pair.1) {
            wrong.push(format!("{command} ends well without {pair:?}:\n{said}"));
        }
    }
    wrong
}

/// Every `nth` command.
#[track_caller]
fn prove(nth: usize, of: usize) {
    let commands = permissions_table::all().iter().enumerate();
    let only = std::env::var("AMICTL_TEST_COMMAND").ok();
    let mine = commands.filter(|(at, needs)| at % of == nth && only.as_ref().is_none_or(|only| only == needs.command));
    let wrong: Vec<String> = mine.flat_map(|(at, needs)| complaints(needs, at)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn policies_are_enough_and_not_more_1() {
    prove(0, 4);
}

#[test]
fn policies_are_enough_and_not_more_2() {
    prove(1, 4);
}

#[test]
fn policies_are_enough_and_not_more_3() {
    prove(2, 4);
}

#[test]
fn policies_are_enough_and_not_more_4() {
    prove(3, 4);
}

#[test]
fn every_command_has_rows_and_cases() {
    let known: BTreeSet<&str> = permissions_table::all().iter().map(|needs| needs.command).collect();
    let commands = amictl::command_line();
    let calling = commands.get_subcommands().map(clap::Command::get_name);
    let calling: BTreeSet<&str> =
        calling.filter(|name| !["completions", "config", "man", "permissions"].contains(name)).collect();
    let missing: Vec<_> = calling.difference(&known).collect();
    assert!(missing.is_empty(), "without rows: {missing:?}");
    let tried: BTreeSet<&str> = cases().map(|case| case.command).collect();
    let untried: Vec<_> = known.difference(&tried).collect();
    assert!(untried.is_empty(), "without cases: {untried:?}");
    assert!(everything() || tried.len() > 20);
}
