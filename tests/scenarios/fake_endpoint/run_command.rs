//! Run Command.

use std::time::Duration;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::get_command_invocation::GetCommandInvocationOutput;
use aws_sdk_ssm::operation::send_command::builders::SendCommandFluentBuilder;
use aws_sdk_ssm::types::{
    CommandFilter, CommandFilterKey, InstanceInformation, InstanceInformationStringFilter, PingStatus,
};

use super::*;
use crate::fake::Script;

const SHELL: &str = "AWS-RunShellScript";

/// A managed instance.
fn ready() -> (Fake, Client, String) {
    let fake = Fake::start();
    let id = fake.world().instance(PROD, EAST).profile("ssm").put();
    let client = ssm(&fake, "AKIAPROD", EAST);
    (fake, client, id)
}

fn command(client: &Client, id: &str, document: &str, line: &str) -> SendCommandFluentBuilder {
    client.send_command().document_name(document).instance_ids(id).parameters("commands", vec![line.to_owned()])
}

async fn sent(client: &Client, id: &str, line: &str) -> String {
    let answer = command(client, id, SHELL, line).send().await.unwrap();
    answer.command().unwrap().command_id().unwrap().to_owned()
}

async fn seen(client: &Client, command: &str, id: &str) -> GetCommandInvocationOutput {
    client.get_command_invocation().command_id(command).instance_id(id).send().await.unwrap()
}

async fn agents(client: &Client, key: &str, value: &str) -> Vec<InstanceInformation> {
    let filter = InstanceInformationStringFilter::builder().key(key).values(value).build().unwrap();
    let answer = client.describe_instance_information().filters(filter).send().await.unwrap();
    answer.instance_information_list().to_vec()
}

#[tokio::test]
async fn an_instance_is_managed_where_it_may_register_and_its_agent_runs() {
    let (fake, client, id) = ready();
    assert_eq!(agents(&client, "InstanceIds", &id).await[0].ping_status(), Some(&PingStatus::Online));
    let bare = fake.world().instance(PROD, EAST).put();
    assert!(agents(&client, "InstanceIds", &bare).await.is_empty());
    assert_eq!(code(command(&client, &bare, SHELL, "ls").send().await), "InvalidInstanceId");
    fake.world().run_commands.host_management.insert(PROD.to_owned());
    assert_eq!(agents(&client, "InstanceIds", &bare).await.len(), 1);
    let stopped = fake.world().instance(PROD, EAST).profile("ssm").state("stopped").put();
    assert_eq!(agents(&client, "PingStatus", "ConnectionLost").await[0].instance_id(), Some(stopped.as_str()));
    fake.world().run_commands.agentless.insert(id.clone());
    assert!(agents(&client, "InstanceIds", &id).await.is_empty());
    assert_eq!(code(command(&client, &id, SHELL, "ls").send().await), "InvalidInstanceId");
    let strange = ssm(&fake, "AKIAOTHER", EAST);
    assert_eq!(code(command(&strange, &bare, SHELL, "ls").send().await), "InvalidInstanceId");
}

#[tokio::test]
async fn what_is_sent_must_have_the_form_of_its_document() {
    let (fake, client, id) = ready();
    let send = |document: &str| command(&client, &id, document, "ls");
    assert_eq!(code(send("AWS-RunAnything").send().await), "InvalidDocument");
    assert_eq!(code(send("AWS-RunPowerShellScript").send().await), "UnsupportedPlatformType");
    assert_eq!(code(send(SHELL).parameters("script", vec!["ls".to_owned()]).send().await), "ValidationException");
    assert_eq!(
        code(send(SHELL).parameters("executionTimeout", vec!["0".to_owned()]).send().await),
        "InvalidParameters"
    );
    assert_eq!(code(send(SHELL).timeout_seconds(29).send().await), "ValidationException");
    assert_eq!(code(send(SHELL).comment("x".repeat(101)).send().await), "ValidationException");
    assert_eq!(code(command(&client, &id, SHELL, " ").send().await), "InvalidParameters");
    assert_eq!(code(command(&client, &id, SHELL, &"x".repeat(65_537)).send().await), "InvalidParameters");
    let windows = fake.world().instance(PROD, EAST).profile("ssm").windows().put();
    assert_eq!(code(command(&client, &windows, SHELL, "ls").send().await), "UnsupportedPlatformType");
    assert!(command(&client, &windows, "AWS-RunPowerShellScript", "ls").send().await.is_ok());
    assert_eq!(fake.world().run_commands.sent().len(), 1);
}

#[tokio::test]
async fn a_command_runs_its_course() {
    let (fake, client, id) = ready();
    {
        let run_commands = &mut fake.world().run_commands;
        run_commands.shown_after = Duration::from_secs(2);
        let slow = Script::with("slow", 3).says(&"é".repeat(30_000)).complains("no").takes(Duration::from_secs(60));
        run_commands.scripts.push(slow.times(1));
    }
    let slow = sent(&client, &id, "slow thing").await;
    let early = client.get_command_invocation().command_id(&slow).instance_id(&id).send().await;
    assert_eq!(code(early), "InvocationDoesNotExist");
    fake.world().advance(Duration::from_secs(10));
    let now = seen(&client, &slow, &id).await;
    assert_eq!((now.status().unwrap().as_str(), now.response_code()), ("InProgress", -1));
    assert_eq!(now.standard_output_content(), Some(""));
    fake.world().advance(Duration::from_secs(60));
    let now = seen(&client, &slow, &id).await;
    assert_eq!((now.status().unwrap().as_str(), now.response_code()), ("Failed", 3));
    assert_eq!(now.standard_output_content().unwrap().chars().count(), 24_000);
    assert_eq!(now.standard_error_content(), Some("no"));
    let other = sent(&client, &id, "slow again").await;
    fake.world().advance(Duration::from_secs(3));
    assert_eq!(seen(&client, &other, &id).await.status().unwrap().as_str(), "Success");
    let listed = client.list_commands().instance_id(&id).send().await.unwrap();
    let ids: Vec<_> = listed.commands().iter().filter_map(|command| command.command_id()).collect();
    assert_eq!(ids, [other.as_str(), slow.as_str()]);
    let newer = |key: &str, time: &str| {
        let filter = CommandFilter::builder().key(CommandFilterKey::from(key)).value(time).build().unwrap();
        client.list_commands().instance_id(&id).filters(filter).send()
    };
    assert_eq!(newer("InvokedAfter", "2026-01-01T00:00:00Z").await.unwrap().commands().len(), 2);
    assert!(newer("InvokedAfter", "2999-01-01T00:00:00Z").await.unwrap().commands().is_empty());
    assert_eq!(code(newer("InvokedAfter", "yesterday").await), "ValidationException");
    assert_eq!(code(newer("Since", "2026-01-01T00:00:00Z").await), "InvalidFilterKey");
}

#[tokio::test]
async fn a_command_ends_early_when_it_is_cancelled_or_takes_too_long() {
    let (fake, client, id) = ready();
    fake.world().run_commands.scripts.push(Script::with("slow", 0).takes(Duration::from_secs(3600)));
    let first = sent(&client, &id, "slow").await;
    client.cancel_command().command_id(&first).send().await.unwrap();
    assert_eq!(seen(&client, &first, &id).await.status().unwrap().as_str(), "Cancelling");
    let limited = command(&client, &id, SHELL, "slow").parameters("executionTimeout", vec!["30".to_owned()]);
    let second = limited.send().await.unwrap().command().unwrap().command_id().unwrap().to_owned();
    fake.world().run_commands.silent.insert(id.clone());
    let lost = command(&client, &id, SHELL, "ls").timeout_seconds(30).send().await.unwrap();
    let lost = lost.command().unwrap().command_id().unwrap().to_owned();
    assert_eq!(seen(&client, &lost, &id).await.status().unwrap().as_str(), "Delayed");
    fake.world().advance(Duration::from_secs(31));
    assert_eq!(seen(&client, &first, &id).await.status().unwrap().as_str(), "Cancelled");
    assert_eq!(seen(&client, &second, &id).await.status_details(), Some("Execution Timed Out"));
    assert_eq!(seen(&client, &lost, &id).await.status_details(), Some("Delivery Timed Out"));
    client.cancel_command().command_id(&second).send().await.unwrap();
    assert_eq!(seen(&client, &second, &id).await.status_details(), Some("Execution Timed Out"));
    let unknown = "00000000-0000-4000-8000-000000000000";
    assert_eq!(code(client.cancel_command().command_id(unknown).send().await), "InvalidCommandId");
}
