//! The policy that `--policy` names: its text, and what is wrong with it.

use std::path::Path;

use anyhow::{Context as _, Error, Result};

use crate::domain::bare_error;
use crate::domain::failure::{Failure, Kind};
use crate::domain::parameter::ParameterName;
use crate::domain::policy::Policy;
use crate::domain::policy_source::PolicySource;
use crate::service::parameters;
use crate::workflows::run::context::Context;
use crate::workflows::run::roots::Roots;
use crate::workflows::run::unreadable::unreadable;

/// Reads the policy.
pub async fn read(context: &Context, source: &PolicySource) -> Result<Policy> {
    let wrong = |why: String| Failure::usage(format!("policy {source}: {why}"));
    let text = match source {
        PolicySource::File(path) => {
            std::fs::read_to_string(path).map_err(|error| unreadable(format!("policy {source}"), &error))?
        }
        PolicySource::Parameter(name) => context.unless_stopped(Box::pin(parameter(context, source, name))).await?,
    };
    let policy = Policy::parse(&text).map_err(|why| match context.contained {
        true => wrong(bare_error::of_toml::<Policy>(&text)),
        false => wrong(why),
    })?;
    if let (Some(id), false) = (policy.account_ids().first(), context.can_enter(&policy)) {
        let line = 1 + text.lines().take_while(|line| !line.contains(id.as_str())).count();
        let which = if context.contained { "an account".to_owned() } else { format!("account {id}") };
        let why = format!("line {line}: {which} is given by its id, without a role to assume");
        let hint = "put org_role = \"NAME\" into the policy, or give --org-role NAME";
        return Err(wrong(why).hint(hint).into());
    }
    Ok(policy)
}

/// Refuses in a function what a policy may not ask for: a change where nothing is allowed, and files elsewhere.
pub fn bounded(context: &Context, policy: &Policy) -> Result<()> {
    if context.read_only && policy.usage_reports {
        let message = "the policy asks for usage reports, which are made in the account, and this function may only read; \
                       nothing was done";
        let hint = "AMICTL_ALLOW=\"prune\" on the function would allow it, in all its forms";
        return Err(Failure::new(Kind::Refused, "NotAllowed", message).hint(hint).into());
    }
    if context.contained && !policy.refs_from.is_empty() {
        let roots = Roots::new(std::path::absolute(".")?, context.env("LAMBDA_TASK_ROOT"));
        let read = policy.refs_from.iter().try_for_each(|file| roots.read("refs_from", Path::new(file)));
        // The path is text of the policy, which is not quoted.
        let message = "refs_from of the policy: a function may not read a file that it names; nothing was done";
        read.map_err(|failure| Failure { message: message.to_owned(), ..failure })?;
    }
    Ok(())
}

/// The text of a parameter of the caller's own account. A policy may name accounts and regions, but not where it is
/// itself: that is the first region of the command line, else that of the environment.
async fn parameter(context: &Context, source: &PolicySource, name: &ParameterName) -> Result<String> {
    let target = context.own_target().await?;
    let place = target.place().await;
    let found = parameters::value(&target, name.as_str()).await;
    let found = found.map_err(Error::from).with_context(|| format!("policy {source} in {place}"))?;
    match found {
        None => {
            Err(Failure::new(Kind::Failed, "ParameterNotFound", format!("policy {source}: there is none in {place}"))
                .hint("a policy is read in the account of the credentials, in the first --region, else AWS_REGION")
                .into())
        }
        Some(text) if text.secret => {
            Err(Failure::usage(format!("policy {source} in {place} is a SecureString, which is not decrypted"))
                .hint("store the policy in a parameter of the type String")
                .into())
        }
        Some(text) => Ok(text.value),
    }
}
