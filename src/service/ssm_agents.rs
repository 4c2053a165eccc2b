//! Agents of Systems Manager on instances, and the wait until one takes commands.

use aws_sdk_ssm::types::{InstanceInformation, InstanceInformationStringFilter, PlatformType};

use super::client::error::{ApiError, api, passes};
use super::client::patience::{Over, Patience, Pauses};
use super::client::target::Target;
use crate::domain::ids::InstanceId;

/// The call of [`managed`].
const DESCRIBE: &str = "DescribeInstanceInformation";
/// SSM's limit for a page.
const PAGE: i32 = 50;

/// The agent of an instance, as SSM sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentState {
    /// `Online`, `ConnectionLost` or `Inactive`.
    pub ping: String,
    /// The document that runs scripts there.
    pub document: ScriptDocument,
}

impl AgentState {
    /// Whether it takes commands.
    pub fn online(&self) -> bool {
        self.ping == "Online"
    }
}

/// A document of AWS that runs a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScriptDocument {
    /// `sh`, unless the script begins with `#!`.
    Shell,
    /// PowerShell.
    PowerShell,
}

impl ScriptDocument {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shell => "AWS-RunShellScript",
            Self::PowerShell => "AWS-RunPowerShellScript",
        }
    }
}

/// Why a wait for an agent ended without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOnline {
    /// The time was over, or the user stopped the wait; with what was seen last.
    Over(Over, Result<Option<AgentState>, ApiError>),
    /// SSM does not tell.
    Untold(ApiError),
}

/// What SSM knows of the agent of an instance; `None` where it has never heard of one.
pub async fn managed(target: &Target, id: &InstanceId) -> Result<Option<AgentState>, ApiError> {
    let filter = InstanceInformationStringFilter::builder().key("InstanceIds").values(id.as_str()).build();
    let filter = filter.map_err(|_| ApiError::unreadable(DESCRIBE, &target.region))?;
    let request = target.ssm().describe_instance_information().filters(filter);
    let mut pages = request.into_paginator().page_size(PAGE).send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(api(DESCRIBE, &target.region))?;
        let found = page.instance_information_list().iter().find(|one| one.instance_id() == Some(id.as_str()));
        if let Some(found) = found {
            return Ok(Some(agent(found)));
        }
    }
    Ok(None)
}

fn agent(found: &InstanceInformation) -> AgentState {
    let windows = matches!(found.platform_type(), Some(PlatformType::Windows));
    AgentState {
        ping: found.ping_status().map_or("unknown", |ping| ping.as_str()).to_owned(),
        document: if windows { ScriptDocument::PowerShell } else { ScriptDocument::Shell },
    }
}

/// What SSM knows of the agent, asked again while the answer is one that passes.
pub async fn known(target: &Target, id: &InstanceId, patience: &Patience) -> Result<Option<AgentState>, NotOnline> {
    seen(target, id, patience, |_| true).await
}

/// The agent, once it takes commands: one that was just started needs a while.
pub async fn online(target: &Target, id: &InstanceId, patience: &Patience) -> Result<AgentState, NotOnline> {
    let online = |agent: &Option<AgentState>| agent.as_ref().is_some_and(AgentState::online);
    match seen(target, id, patience, online).await? {
        Some(agent) => Ok(agent),
        None => Err(NotOnline::Over(Over::TimedOut, Ok(None))),
    }
}

async fn seen(
    target: &Target,
    id: &InstanceId,
    patience: &Patience,
    enough: impl Fn(&Option<AgentState>) -> bool,
) -> Result<Option<AgentState>, NotOnline> {
    // Until SSM has answered, it is not the agent that is missing.
    let (mut pauses, mut last) = (Pauses::new(patience), Err(ApiError::given_up(DESCRIBE, &target.region)));
    loop {
        match patience.unless_over(managed(target, id)).await {
            Ok(Ok(agent)) if enough(&agent) => return Ok(agent),
            Ok(Err(error)) if !passes(&error) => return Err(NotOnline::Untold(error)),
            Ok(looked) => last = looked,
            Err(over) => return Err(NotOnline::Over(over, last)),
        }
        if let Err(over) = pauses.pause().await {
            return Err(NotOnline::Over(over, last));
        }
    }
}
