//! The loop of the function: the next event, its run, its answer.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::answer::FailedInvocation;
use super::function::Function;
use super::runtime_api::{RUNTIME_API, RuntimeApi};
use crate::cli::settings::Process;
use crate::domain::failure::Failure;
use crate::exit;
use crate::output::error;

/// The name that the platform gives a custom runtime.
const BOOTSTRAP: &str = "bootstrap";

/// Whether the platform started this process: there is a runtime API, and the name is `bootstrap` or nothing was asked.
pub fn is_function(args: &[OsString], process: &Process) -> bool {
    let name = args.first().and_then(|program| Path::new(program).file_name());
    address(process).is_some() && (args.len() <= 1 || name.is_some_and(|name| name == BOOTSTRAP))
}

fn address(process: &Process) -> Option<&str> {
    process.env.get(RUNTIME_API).map(String::as_str).filter(|address| !address.is_empty())
}

/// Serves events until the runtime API is gone; gives the exit code.
pub fn serve(process: &Process) -> u8 {
    std::panic::set_hook(Box::new(error::panicked));
    let runtime = tokio::runtime::Runtime::new().context("the function cannot start");
    let Err(ended) = runtime.and_then(|runtime| runtime.block_on(events(process)));
    let (code, hint, exit) = match ended.downcast_ref::<Failure>() {
        Some(failure) => (failure.code.as_ref(), failure.hint.as_deref(), failure.kind.into()),
        None => ("RuntimeApi", None, exit::FAILED),
    };
    error::failure(false, code, &format!("{ended:#}"), hint, exit);
    exit
}

async fn events(process: &Process) -> Result<Infallible> {
    let api = RuntimeApi::at(address(process).unwrap_or_default());
    let function = match Function::new(process) {
        Ok(function) => function,
        Err(failure) => {
            // The failure itself is the news, whether or not the platform hears of it.
            let _ = api.not_started(&FailedInvocation::from(&failure)).await;
            return Err(failure.into());
        }
    };
    loop {
        let delivery = api.next().await?;
        let answer = function.answer(&delivery).await;
        match answer {
            Ok(answer) => api.respond(&delivery.request_id, answer).await?,
            Err(failed) => {
                if !failed.in_log {
                    let code = failed.code.as_ref().unwrap_or(&failed.error_type);
                    error::failure(true, code, &failed.message, failed.hint.as_deref(), failed.exit);
                }
                api.fail(&delivery.request_id, &failed).await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn only_the_platform_starts_the_function() {
        let process = |api: Option<&str>| Process {
            clock: || chrono::DateTime::<chrono::Utc>::UNIX_EPOCH,
            env: api.map(|api| (RUNTIME_API.to_owned(), api.to_owned())).into_iter().collect::<HashMap<_, _>>(),
        };
        for (api, args, expected) in [
            (Some("127.0.0.1:9001"), &["/var/task/bootstrap"][..], true),
            (Some("127.0.0.1:9001"), &["bootstrap", "hello.handler"], true),
            (Some("127.0.0.1:9001"), &["/amictl"], true),
            (Some("127.0.0.1:9001"), &["/amictl", "list"], false),
            (Some(""), &["/var/task/bootstrap"], false),
            (None, &["/var/task/bootstrap"], false),
            (None, &["/var/task/bootstrap", "list"], false),
            (None, &[], false),
        ] {
            let given: Vec<OsString> = args.iter().map(OsString::from).collect();
            assert_eq!(is_function(&given, &process(api)), expected, "{api:?} {args:?}");
        }
    }
}
