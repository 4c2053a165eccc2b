//! Renderer of checks of permissions, in every format.

use std::collections::{BTreeMap, BTreeSet};

use super::json::document::VERSION;
use super::json::{CheckJson, ChecksJson, LackJson};
use super::printer::{Format, Printer};
use super::table::{Cell, Sheet, Tone};
use crate::domain::permissions_table::{ActionCheck, Finding, Lack, PolicyDocument};

/// The most places that a line names.
const NAMED: usize = 3;

/// What enters an account.
const ENTRY: &str = "sts:AssumeRole";

/// A place as people read it.
type Place<'a> = (Option<&'a str>, &'a str);

/// Writes the checks to stdout.
pub fn doctor(printer: &Printer, checks: &[ActionCheck], missing: &[Lack], places: usize) -> anyhow::Result<()> {
    printer.each(|printer| match printer.format() {
        Format::Json => printer.json(&ChecksJson {
            version: VERSION,
            checks: checks.iter().map(json).collect(),
            missing: missing.iter().map(lack).collect(),
        }),
        Format::Jsonl => printer.jsonl(checks.iter().map(json)),
        Format::Ids => {
            let denied = checks.iter().filter(|check| check.finding == Finding::Denied);
            printer.ids(denied.map(|check| check.action).collect::<BTreeSet<_>>())
        }
        Format::Csv => {
            let mut sheet = Sheet::new(["account", "region", "for", "action", "status", "message"]);
            sheet.rows = checks.iter().map(csv_row).collect();
            printer.csv(&sheet)
        }
        Format::Table => {
            printer.table(overview(checks, places), &["FOR"])?;
            Ok(printer.code(&policies(missing, places)?)?)
        }
    })
}

fn json(check: &ActionCheck) -> CheckJson<'_> {
    CheckJson {
        account: check.account.as_deref(),
        region: check.region.as_str(),
        command: check.command,
        action: check.action,
        status: check.finding.name(),
        message: Some(check.message.as_str()).filter(|message| !message.is_empty()),
    }
}

fn lack(lack: &Lack) -> LackJson<'_> {
    LackJson {
        account: lack.account.as_deref(),
        region: lack.region.as_str(),
        actions: &lack.actions,
        policy: &lack.policy,
    }
}

fn csv_row(check: &ActionCheck) -> Vec<Cell> {
    vec![
        check.account.as_deref().unwrap_or_default().into(),
        check.region.as_str().into(),
        check.command.into(),
        check.action.into(),
        check.finding.name().into(),
        check.message.as_str().into(),
    ]
}

/// What is alike is one row: the actions that ended so, for the same reason, in the same places.
fn overview(checks: &[ActionCheck], places: usize) -> Sheet {
    let mut actions: BTreeMap<(Finding, &str, String), (BTreeSet<Place<'_>>, BTreeSet<&str>)> = BTreeMap::new();
    for check in checks {
        let entry = actions.entry((check.finding, check.action, reason(check))).or_default();
        entry.0.insert((check.account.as_deref(), check.region.as_str()));
        entry.1.insert(check.command);
    }
    let mut rows: BTreeMap<(Finding, String, BTreeSet<Place<'_>>), (Vec<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for ((finding, action, reason), (of, commands)) in actions {
        let row = rows.entry((finding, reason, of)).or_default();
        row.0.push(action);
        row.1.extend(commands);
    }
    let mut sheet = Sheet::new(["STATUS", "ACTION", "WHERE", "WHY", "FOR"]);
    for ((finding, reason, of), (actions, commands)) in rows {
        let tone = match finding {
            Finding::Denied => Tone::Bad,
            Finding::Unknown => Tone::Notice,
            Finding::Allowed => Tone::Good,
        };
        // Each denied action is something to be done.
        let shown: Vec<String> = match actions.len() {
            1 => vec![actions[0].to_owned()],
            _ if finding == Finding::Denied => actions.iter().map(|action| (*action).to_owned()).collect(),
            many => vec![format!("{many} actions")],
        };
        let commands = commands.into_iter().collect::<Vec<_>>().join(", ");
        for action in shown {
            sheet.rows.push(vec![
                Cell::toned(finding.name(), tone),
                action.into(),
                count(of.len(), places, &of).into(),
                reason.as_str().into(),
                commands.as_str().into(),
            ]);
        }
    }
    let without = if sheet.rows.iter().all(|row| row[3] == Cell::default()) { &["WHY"][..] } else { &[] };
    sheet.without(without)
}

/// Why something is not known: the code of AWS where there is one, as its messages name what is only there.
fn reason(check: &ActionCheck) -> String {
    if check.finding != Finding::Unknown {
        return String::new();
    }
    let code = check.message.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')).map(|(_, code)| code.to_owned());
    code.unwrap_or_else(|| check.message.split(':').next().unwrap_or_default().to_owned())
}

fn count(some: usize, all: usize, places: &BTreeSet<Place<'_>>) -> String {
    match (some, all) {
        (1, _) => places.iter().map(place).collect(),
        (some, all) if some == all => format!("all {all} places"),
        (some, all) => format!("{some} of {all} places"),
    }
}

fn place((account, region): &Place<'_>) -> String {
    match account {
        Some(account) => format!("{account} {region}"),
        None => (*region).to_owned(),
    }
}

/// The policies that are missing, each with the places where it is.
fn policies(missing: &[Lack], places: usize) -> anyhow::Result<String> {
    let (entry, missing): (Vec<&Lack>, Vec<&Lack>) = missing.iter().partition(|lack| lack.actions == [ENTRY]);
    let entered = entry.split_first().map(|(first, rest)| {
        // The caller needs it, once for all roles.
        let mut policy = first.policy.clone();
        let more = rest.iter().flat_map(|lack| &lack.policy.statement).flat_map(|one| one.resource.clone());
        policy.statement.iter_mut().take(1).for_each(|one| one.resource.extend(more.clone()));
        policy
    });
    let mut groups: Vec<(&PolicyDocument, Vec<Place<'_>>)> = Vec::new();
    let of_entry =
        |policy| (policy, entry.iter().map(|lack| (lack.account.as_deref(), lack.region.as_str())).collect());
    groups.extend(entered.as_ref().map(of_entry));
    for lack in missing {
        let at = (lack.account.as_deref(), lack.region.as_str());
        match groups.iter_mut().find(|(policy, _)| **policy == lack.policy) {
            Some((_, places)) => places.push(at),
            None => groups.push((&lack.policy, vec![at])),
        }
    }
    let mut text = String::new();
    for (policy, of) in groups {
        let named: Vec<_> = of.iter().take(NAMED).map(place).collect();
        let more = of.len().saturating_sub(NAMED);
        let place = match (of.len(), more) {
            (many, _) if many == places && many > 1 => format!("all {many} places"),
            (_, 0) => named.join(", "),
            (_, more) => format!("{} and {more} more", named.join(", ")),
        };
        text += &format!("\nMissing in {place}:\n{}\n", serde_json::to_string_pretty(policy)?);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(account: usize, action: &'static str, finding: Finding, message: &str) -> ActionCheck {
        ActionCheck {
            account: Some(format!("{account:012}")),
            region: "us-east-1".parse().unwrap(),
            command: "prune",
            action,
            finding,
            message: message.to_owned(),
        }
    }

    #[test]
    fn what_is_alike_in_many_places_is_told_once() {
        let checks: Vec<_> = (0..240)
            .flat_map(|n| {
                let denied = if n < 3 { Finding::Denied } else { Finding::Allowed };
                let busy = format!("snap-{n} is in use [InvalidSnapshot.InUse]");
                [
                    check(n, "ec2:DescribeImages", Finding::Allowed, ""),
                    check(n, "ec2:DescribeFleets", Finding::Allowed, ""),
                    check(n, "ec2:DeregisterImage", denied, "no"),
                    check(n, "ec2:DeleteSnapshot", Finding::Unknown, &busy),
                    check(n, "kms:Decrypt", Finding::Unknown, "EC2 does this"),
                    check(n, "kms:CreateGrant", Finding::Unknown, "EC2 does this"),
                ]
            })
            .collect();
        insta::assert_snapshot!(overview(&checks, 240).render(Some(80), false));
    }
}
