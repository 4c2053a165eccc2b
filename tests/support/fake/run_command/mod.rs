//! Run Command of Systems Manager, and the agents that take its commands.

mod agents;
mod model;
mod read;
mod send;

use super::services::Operation;

pub use model::{RunCommands, Script, SentCommand};

/// Operations of Run Command.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "CancelCommand", params: &["CommandId", "InstanceIds"], run: send::cancel },
    Operation {
        name: "DescribeInstanceInformation",
        params: &["Filters", "MaxResults", "NextToken"],
        run: agents::describe,
    },
    Operation { name: "GetCommandInvocation", params: &["CommandId", "InstanceId"], run: read::invocation },
    Operation {
        name: "ListCommands",
        params: &["CommandId", "Filters", "InstanceId", "MaxResults", "NextToken"],
        run: read::list,
    },
    Operation {
        name: "SendCommand",
        params: &["Comment", "DocumentName", "InstanceIds", "Parameters", "TimeoutSeconds"],
        run: send::send,
    },
];
