//! The trials of one account in one region: each call once, for all commands.

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::domain::permissions_table::{ActionCheck, Finding, Lack, Need, Needs, Without, named_action};
use crate::service::Target;
use crate::service::client::concurrency::{self, CALLS};
use crate::service::trial::{Tried, specimens, try_row};

/// The checks of a place, in the order of the commands, and what it lacks.
pub(super) async fn place(
    target: &Target,
    commands: &[&'static Needs],
    now: DateTime<Utc>,
) -> Result<(Vec<ActionCheck>, Option<Lack>)> {
    // Without credentials, or without a connection, there is nothing to say of permissions.
    let account = target.account().await?.to_string();
    let own = specimens(target).await;
    let mut rows: Vec<&'static Need> = Vec::new();
    for row in commands.iter().flat_map(|needs| needs.rows()) {
        if !rows.iter().any(|other| same(other, row)) {
            rows.push(row);
        }
    }
    let trial = |row: &'static Need| {
        let own = &own;
        async move {
            match row.without {
                Without::Documented => Tried::Unknown("EC2 does this in the name of the caller".to_owned()),
                _ => try_row(target, row, own, now).await,
            }
        }
    };
    let answers = concurrency::each(CALLS, rows.iter().copied(), trial).await;
    let tried: Vec<Trial> = rows.iter().zip(&answers).map(|(row, answer)| found(row, answer, &answers)).collect();
    let denied =
        tried.iter().filter(|(_, finding, _)| *finding == Finding::Denied).map(|(row, ..)| *row).collect::<Vec<_>>();
    let checks = commands.iter().flat_map(|needs| of_command(needs, &tried, target, &account)).collect();
    Ok((checks, Lack::of(Some(account), target.region.clone(), &denied)))
}

/// Whether two rows ask for the same, whatever for.
fn same(one: &Need, other: &Need) -> bool {
    (one.action, one.on, one.when) == (other.action, other.on, other.when)
}

/// A row with what came of it, and AWS's words.
type Trial = (&'static Need, Finding, String);

/// What a trial says of a row. A refusal may be of another action that the same call needs.
fn found(row: &'static Need, answer: &Tried, all: &[Tried]) -> Trial {
    match answer {
        Tried::Allowed => (row, Finding::Allowed, String::new()),
        Tried::Denied(message) => match named_action(message) {
            Some(other) if other != row.action => {
                (row, Finding::Unknown, format!("the trial ends before it is asked for: {message}"))
            }
            _ => (row, Finding::Denied, message.clone()),
        },
        Tried::Unknown(why) => {
            let refusals = all.iter().filter_map(|one| match one {
                Tried::Denied(message) => Some(message),
                _ => None,
            });
            // What EC2 does in the name of the caller shows only in the refusal of the call behind which it does it.
            let mut mine = refusals.filter(|message| named_action(message) == Some(row.action));
            match mine.next().filter(|_| row.without == Without::Documented) {
                Some(message) => (row, Finding::Denied, message.clone()),
                None => (row, Finding::Unknown, why.clone()),
            }
        }
    }
}

/// The checks of a command: one for each action, with the worst of what its rows say.
fn of_command(needs: &'static Needs, tried: &[Trial], target: &Target, account: &str) -> Vec<ActionCheck> {
    let mut checks: Vec<ActionCheck> = Vec::new();
    for row in needs.rows() {
        let Some((_, finding, message)) = tried.iter().find(|(one, ..)| same(one, row)) else { continue };
        match checks.iter_mut().find(|check| check.action == row.action) {
            Some(check) if check.finding <= *finding => {}
            Some(check) => (check.finding, check.message) = (*finding, message.clone()),
            None => checks.push(ActionCheck {
                account: Some(account.to_owned()),
                region: target.region.clone(),
                command: needs.command,
                action: row.action,
                finding: *finding,
                message: message.clone(),
            }),
        }
    }
    checks
}
