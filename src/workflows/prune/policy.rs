//! The policy that `--policy` names: its text, and what is wrong with it.

use anyhow::{Context as _, Error, Result};

use crate::domain::bare_error;
use crate::domain::failure::{Failure, Kind};
use crate::domain::parameter::ParameterName;
use crate::domain::policy::Policy;
use crate::domain::policy_source::PolicySource;
use crate::service::parameters;
use crate::workflows::run::context::Context;

/// Reads the policy.
pub async fn read(context: &Context, source: &PolicySource) -> Result<Policy> {
    let wrong = |why: String| Failure::usage(format!("policy {source}: {why}"));
    let text = match source {
        PolicySource::File(path) => std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?,
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
