//! Probes by commands that SSM runs on a booted instance.

use super::probes::{check, checks, ready, test};
use crate::fake::{Fault, FaultKind, Outcome, PROD, Script};
use crate::setup::{EAST, Setup, at_the_same_time, seconds};

const COMMAND: &str = "systemctl is-active nginx";

/// Tests with this command and these options, on instances with an instance profile.
fn managed(setup: &Setup, command: &str, options: &[&str]) -> crate::cli::Ran {
    test(setup, &[&["--instance-profile", "ssm", "--ssm", command], options].concat())
}

fn script(setup: &Setup, script: Script) {
    setup.world().run_commands.scripts.push(script);
}

#[test]
fn a_command_that_exits_with_0_passes() {
    let setup = ready();
    script(&setup, Script::with("nginx", 0).says("active\n"));
    let (passed, detail) = check(&managed(&setup, COMMAND, &["--probe-timeout", "90s"]).ended(0));
    assert_eq!((passed, detail.as_str()), (true, r#"exit code 0; "active""#));
    let sent = setup.world().run_commands.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].document.as_str(), &sent[0].lines), ("AWS-RunShellScript", &vec![COMMAND.to_owned()]));
    assert!(sent[0].comment.starts_with("amictl, run ") && sent[0].timeouts.1 <= 120, "{sent:?}");
    assert_eq!(setup.fake.count("ListCommands") + setup.fake.count("CancelCommand"), 0);
}

#[test]
fn a_windows_instance_runs_powershell() {
    let setup = ready();
    setup.world().image(PROD, EAST, "win-v1-2026-01-01").windows().put();
    let line = ["test", "win", "--type", "t3.micro", "--instance-profile", "ssm", "--ssm", "Get-Service\nexit 0"];
    setup.amictl().args(&line).ended(0);
    let sent = setup.world().run_commands.sent();
    assert_eq!((sent[0].document.as_str(), sent[0].lines.len()), ("AWS-RunPowerShellScript", 2));
}

#[test]
fn it_waits_for_the_agent_and_for_the_command_to_show() {
    let setup = ready();
    setup.world().run_commands.online_after = seconds(3);
    setup.world().run_commands.shown_after = seconds(1);
    assert!(check(&managed(&setup, COMMAND, &[]).ended(0)).0);
    assert!(setup.fake.count("DescribeInstanceInformation") > 1);
    let unknown = Outcome::Error("InvocationDoesNotExist".to_owned());
    assert!(setup.outcomes("GetCommandInvocation").contains(&unknown));
}

#[test]
fn without_an_instance_profile_the_way_to_one_is_told() {
    let setup = ready();
    let ran = test(&setup, &["--ssm", COMMAND, "--probe-timeout", "2s"]).ended(1);
    let (passed, detail) = check(&ran);
    assert!(!passed && detail.contains("did not come online in 2 s (SSM does not know the instance)"), "{detail}");
    assert!(detail.contains("--instance-profile NAME") && detail.contains("Default Host Management"), "{detail}");
    assert_eq!(setup.fake.count("SendCommand"), 0);
    setup.world().run_commands.host_management.insert(PROD.to_owned());
    test(&setup, &["--ssm", COMMAND]).ended(0);
}

#[test]
fn a_command_is_sent_again_until_it_passes() {
    let setup = ready();
    script(&setup, Script::with("nginx", 3).says("activating").times(1));
    assert!(check(&managed(&setup, COMMAND, &[]).ended(0)).0);
    let sent = setup.world().run_commands.sent();
    assert_eq!(sent.len(), 2);
    assert_ne!(sent[0].comment, sent[1].comment);
}

#[test]
fn how_a_command_failed_is_told() {
    let setup = ready();
    script(&setup, Script::with("nginx", 3).says("inactive\n").complains("unit \u{1b}[31mdead"));
    let (passed, detail) = check(&managed(&setup, COMMAND, &["--probe-timeout", "3s"]).ended(1));
    assert!(!passed && detail.starts_with("did not pass in time; tried "), "{detail}");
    assert!(detail.ends_with(r#"exit code 3; "inactive"; stderr "unit \u{1b}[31mdead""#), "{detail}");
}

#[test]
fn a_long_output_is_shown_by_its_end_and_said_to_be_cut() {
    let setup = ready();
    script(&setup, Script::with("nginx", 0).says(&"line\n".repeat(6000)));
    let (_, detail) = check(&managed(&setup, COMMAND, &[]).ended(0));
    assert!(detail.starts_with("exit code 0; …\"") && detail.ends_with("; SSM cut the output"), "{detail}");
    assert!(detail.len() < 400, "{detail}");
}

#[test]
fn a_command_that_hangs_is_cancelled() {
    let setup = ready();
    script(&setup, Script::with("nginx", 0).takes(seconds(3600)));
    let (_, detail) = check(&managed(&setup, COMMAND, &["--probe-timeout", "3s"]).ended(1));
    let sent = setup.world().run_commands.sent();
    assert!(sent.len() == 1 && sent[0].cancelled.is_some() && sent[0].timeouts.1 < 34, "{sent:?}");
    let words = format!("did not pass in time; it had not ended; command {} was cancelled", sent[0].id);
    assert_eq!(detail, words);
}

#[test]
fn a_command_that_ends_in_the_last_pause_is_seen() {
    let setup = ready();
    script(&setup, Script::with("nginx", 0).takes(std::time::Duration::from_millis(1500)));
    assert!(check(&managed(&setup, COMMAND, &["--probe-timeout", "1800ms"]).ended(0)).0);
}

#[test]
fn a_command_whose_answer_is_lost_is_found_and_not_sent_twice() {
    let setup = ready();
    setup.world().run_commands.listed_after = seconds(1);
    setup.fake.fault(Fault::on("SendCommand", FaultKind::ResetAfter).times(1));
    assert!(check(&managed(&setup, COMMAND, &[]).ended(0)).0);
    assert_eq!((setup.fake.count("SendCommand"), setup.world().run_commands.sent().len()), (1, 1));
    assert!(setup.fake.count("ListCommands") > 1);
}

#[test]
fn a_command_that_never_arrived_is_looked_for_and_sent_again() {
    let setup = ready();
    setup.fake.fault(Fault::on("SendCommand", FaultKind::ResetBefore).times(1));
    assert!(check(&managed(&setup, COMMAND, &[]).ended(0)).0);
    assert_eq!((setup.fake.count("SendCommand"), setup.world().run_commands.sent().len()), (2, 1));
    assert!(setup.fake.count("ListCommands") > 3);
}

#[test]
fn limits_and_trouble_at_aws_do_not_fail_an_image() {
    let busy = |call: &str| Fault::error(call, "ThrottlingException", "Rate exceeded");
    let starting = Fault::error("SendCommand", "InvalidInstanceId", "not in a valid state");
    let at_the_answer = Fault::on("GetCommandInvocation", FaultKind::ResetBefore).times(4);
    let cases = [
        vec![busy("DescribeInstanceInformation").times(4)],
        vec![busy("SendCommand").times(2), starting.skip(2).times(1)],
        vec![at_the_answer],
    ];
    at_the_same_time(cases, |faults| {
        let setup = ready();
        faults.into_iter().for_each(|fault| setup.fake.fault(fault));
        assert!(check(&managed(&setup, COMMAND, &[]).ended(0)).0);
        assert_eq!(setup.world().run_commands.sent().len(), 1);
    });
}

#[test]
fn a_missing_permission_is_told_at_once() {
    let setup = ready();
    setup.fake.fault(Fault::error(
        "SendCommand",
        "AccessDeniedException",
        "not authorized to perform: ssm:SendCommand",
    ));
    let ran = managed(&setup, COMMAND, &[]).ended(1);
    let (passed, detail) = check(&ran);
    assert!(!passed, "{detail}");
    assert!(detail.contains("ssm:SendCommand") && detail.contains("amictl permissions test --ssm"), "{detail}");
    assert_eq!(setup.fake.count("SendCommand"), 1);
    no_verdict(&setup, &ran, "AccessDeniedException");
}

/// Checks that the image was not judged, and why.
#[track_caller]
fn no_verdict(setup: &Setup, ran: &crate::cli::Ran, code: &str) {
    let test = ran.json()["tests"][0].clone();
    assert_eq!((&test["verdict"], &test["terminated"]), (&serde_json::Value::Null, &true.into()), "{test}");
    assert_eq!(test["error"]["code"], code, "{test}");
    assert_eq!(ran.error()["code"], code);
    let image = setup.world().image_named(PROD, EAST, "web-v1-2026-01-01").unwrap().clone();
    assert!(!image.tags.contains_key("amictl:tested"), "{:?}", image.tags);
}

#[test]
fn a_probe_that_could_not_be_asked_is_no_verdict() {
    let denied = |call: &str| Fault::error(call, "AccessDeniedException", "not authorized");
    let busy = |call: &str| Fault::error(call, "ThrottlingException", "Rate exceeded");
    let cases = [
        (denied("GetCommandInvocation"), "AccessDeniedException"),
        // It is asked once before the launch.
        (denied("DescribeInstanceInformation").skip(1), "AccessDeniedException"),
        (busy("DescribeInstanceInformation"), "ThrottlingException"),
        (busy("SendCommand"), "ThrottlingException"),
        (busy("GetCommandInvocation"), "ThrottlingException"),
        (Fault::error("SendCommand", "InvalidDocument", "no such document"), "InvalidDocument"),
        (Fault::on("DescribeInstanceInformation", FaultKind::Hang(seconds(60))).skip(1), "RequestTimeout"),
        (Fault::on("GetCommandInvocation", FaultKind::Hang(seconds(60))), "RequestTimeout"),
    ];
    at_the_same_time(cases, |(fault, code)| {
        let (setup, what) = (ready(), format!("{fault:?}"));
        setup.fake.fault(fault);
        let options = ["--instance-profile", "ssm", "--ssm", COMMAND, "--probe-timeout", "4s", "-o", "json"];
        let ran = setup.once().args(&super::probes::line(&options)).ended(1);
        assert!(!check(&ran).0, "{what}");
        no_verdict(&setup, &ran, code);
    });
}

#[test]
fn a_check_that_failed_is_a_verdict_whatever_could_not_be_asked() {
    let setup = ready();
    setup.fake.fault(Fault::error("SendCommand", "AccessDeniedException", "not authorized"));
    let port = super::probes::unused_port().to_string();
    let ran = managed(&setup, COMMAND, &["--tcp", &port, "--probe-timeout", "1s"]).ended(1);
    assert_eq!((&ran.json()["tests"][0]["verdict"], checks(&ran).len()), (&"failed".into(), 2));
}

#[test]
fn a_denial_of_the_agents_is_found_before_a_launch() {
    let setup = ready();
    setup.fake.fault(Fault::error("DescribeInstanceInformation", "AccessDeniedException", "not authorized"));
    let ran = managed(&setup, COMMAND, &[]).ended(1);
    assert_eq!((ran.error()["code"].as_str(), ran.stdout.as_str()), (Some("AccessDeniedException"), ""));
    setup.unchanged();
    test(&setup, &["--tcp", "22", "--probe-timeout", "1s"]);
    assert_eq!(setup.fake.count("DescribeInstanceInformation"), 1, "only where it is needed");
}

#[test]
fn commands_run_side_by_side() {
    let setup = ready();
    script(&setup, Script::with("slow", 0).takes(seconds(5)));
    let ran = managed(&setup, "slow one", &["--ssm", "slow two"]).ended(0);
    assert_eq!(checks(&ran).len(), 2);
    let sent = setup.world().run_commands.sent();
    assert!(sent[1].sent - sent[0].sent < chrono::Duration::seconds(5), "{sent:?}");
}
