//! `create --prepare`: a script that SSM runs on the instance first.

use super::stop::{ALL, runs_again};
use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, PROD, Script};
use crate::setup::{EAST, Setup, seconds};

const TEXT: &str = "#!/bin/sh\n\techo \"clean\"\n\nexit 0\n";

/// A running instance that SSM manages, and the file of a script.
fn ready(setup: &Setup) -> (String, String) {
    let id = setup.world().instance(PROD, EAST).profile("ssm").put();
    (id, setup.home.write("clean.sh", TEXT))
}

fn prepare(setup: &Setup, (id, file): &(String, String), options: &str) -> Ran {
    setup.run(&format!("create web --instance {id} --prepare {file} -o json {options}"))
}

fn script(setup: &Setup, script: Script) {
    setup.world().run_commands.scripts.push(script);
}

#[test]
fn the_script_runs_as_it_is_and_then_the_image_is_made() {
    let setup = Setup::new();
    let machine = ready(&setup);
    script(&setup, Script::with("clean", 0).says("one\ntwo\u{1b}[31m\n").complains("hm\n"));
    let ran = prepare(&setup, &machine, "").ended(0);
    assert_eq!(setup.changes(), ["SendCommand", "CreateImage"]);
    let sent = setup.world().run_commands.sent();
    let lines = ["#!/bin/sh", "\techo \"clean\"", "", "exit 0"];
    assert_eq!(
        (sent.len(), sent[0].document.as_str(), &sent[0].lines[..]),
        (1, "AWS-RunShellScript", &lines.map(str::to_owned)[..])
    );
    let run = ran.json()["images"][0]["tags"]["amictl:run"].as_str().unwrap().to_owned();
    assert_eq!(sent[0].comment, format!("create --prepare, run {run}"));
    let ran = ran.says(&[
        "running clean.sh (32 bytes, SHA-256 ",
        "with AWS-RunShellScript",
        "what it changes on the instance stays there, also if no image is made",
        "output of clean.sh:\n  one\n  two\\u{1b}[31m\n",
        "errors of clean.sh:\n  hm\n",
        "exit code 0",
    ]);
    assert!(!ran.stdout.contains("one") && !ran.stderr.contains("first 24000"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_digest_is_the_one_that_sha256sum_prints() {
    let setup = Setup::new();
    let machine = ready(&setup);
    let sum = std::process::Command::new("sha256sum").arg(&machine.1).output().unwrap().stdout;
    let digest = String::from_utf8(sum).unwrap().split_whitespace().next().unwrap().to_owned();
    prepare(&setup, &machine, "").ended(0).says(&[&format!("SHA-256 {digest})")]);
}

#[test]
fn a_script_that_fails_means_no_image_and_its_output_is_shown() {
    let setup = Setup::new();
    let machine = ready(&setup);
    script(&setup, Script::with("clean", 3).says("half\n").complains("broken\n"));
    let ran = prepare(&setup, &machine, "--stop -q").ended(1);
    let error = ran.error();
    assert_eq!(error["code"], "PrepareFailed");
    let message = error["message"].as_str().unwrap();
    let told = "exit code 3; no image was made, and what it changed stays";
    assert!(message.starts_with("clean.sh failed on i-") && message.ends_with(told), "{message}");
    assert!(error["hint"].as_str().unwrap().contains("aws ssm get-command-invocation --region us-east-1"), "{error}");
    ran.says(&["output of clean.sh:\n  half\n", "errors of clean.sh:\n  broken\n"]);
    assert_eq!(setup.changes(), ["SendCommand"]);
    runs_again(&setup, &machine.0);
}

#[test]
fn it_runs_before_the_instance_is_stopped() {
    let setup = Setup::new();
    let machine = ready(&setup);
    script(&setup, Script::with("clean", 0).takes(seconds(3)));
    prepare(&setup, &machine, "--stop").ended(0);
    let changes = setup.changes();
    assert_eq!((changes[0].as_str(), &changes[1..]), ("SendCommand", &ALL.map(str::to_owned)[..]));
    runs_again(&setup, &machine.0);
}

#[test]
fn a_windows_instance_runs_powershell() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).profile("ssm").windows().put();
    let file = setup.home.write("clean.ps1", "Get-Service\r\nexit 0\r\n");
    prepare(&setup, &(id, file), "").ended(0).says(&["with AWS-RunPowerShellScript"]);
    let sent = setup.world().run_commands.sent();
    assert_eq!(
        (sent[0].document.as_str(), &sent[0].lines[..]),
        ("AWS-RunPowerShellScript", &["Get-Service\r".to_owned(), "exit 0\r".to_owned()][..])
    );
}

#[test]
fn lines_that_end_as_on_windows_are_refused_where_sh_would_run_them() {
    let setup = Setup::new();
    let (id, _) = ready(&setup);
    let file = setup.home.write("clean.sh", "rm -rf /tmp/build\r\nexit 0\r\n");
    let error = prepare(&setup, &(id, file), "--stop").ended(2).error();
    assert_eq!(error["message"], "the lines of clean.sh end with carriage returns, and sh would run it");
    assert_eq!(error["hint"], "convert it with dos2unix");
    assert!(setup.changes().is_empty());
}

#[test]
fn what_is_cut_off_is_said() {
    let setup = Setup::new();
    let machine = ready(&setup);
    script(&setup, Script::with("clean", 0).says(&"x".repeat(30_000)));
    let ran = prepare(&setup, &machine, "").ended(0);
    ran.says(&["SSM gives the first 24000 characters of output and 8000 of errors: the rest of this is cut off"]);
}

#[test]
fn an_instance_that_ssm_does_not_manage_is_refused_and_it_is_said_how_to_see_it() {
    let setup = Setup::new();
    let (_, file) = ready(&setup);
    let bare = setup.world().instance(PROD, EAST).put();
    let silent = setup.world().instance(PROD, EAST).profile("ssm").put();
    setup.world().run_commands.silent.insert(silent.clone());
    for (id, why) in [(bare, "it has never heard of its agent"), (silent, "it says that its agent is ConnectionLost")] {
        for options in ["--stop", "--dry-run"] {
            let error = prepare(&setup, &(id.clone(), file.clone()), options).ended(4).error();
            assert_eq!(error["code"], "NotManaged");
            assert!(error["message"].as_str().unwrap().ends_with(why), "{error}");
            let see = format!(
                "aws ssm describe-instance-information --region us-east-1 --filters Key=InstanceIds,Values={id}"
            );
            assert!(error["hint"].as_str().unwrap().ends_with(&see), "{error}");
        }
    }
    setup.unchanged();
}

#[test]
fn looks_for_the_agent_that_fail_for_a_while_do_not_end_it() {
    let setup = Setup::new();
    let machine = ready(&setup);
    // One of the check, and one before the script.
    for skip in [0, 2] {
        let fault = Fault::error("DescribeInstanceInformation", "ThrottlingException", "slow down");
        setup.fake.fault(fault.skip(skip).times(1));
    }
    let line = format!("create web --instance {} --prepare {}", machine.0, machine.1);
    setup.once().run(&line).ended(0);
    assert_eq!(setup.changes(), ["SendCommand", "CreateImage"]);
}

#[test]
fn an_agent_that_does_not_come_in_time_fails_the_run() {
    let setup = Setup::new();
    let (_, file) = ready(&setup);
    let mark = "0123abcd 2026-01-01T00:00:00Z until 2026-01-01T02:45:00Z";
    let id = setup.world().instance(PROD, EAST).profile("ssm").state("stopped").tag("amictl:stopped", mark).put();
    // SSM sees the agent of a machine that has stopped as online for a while.
    setup.world().run_commands.lost_after = seconds(600);
    setup.world().boot_for = seconds(0);
    setup.world().run_commands.silent.insert(id.clone());
    let error = prepare(&setup, &(id, file), "--timeout 3s").ended(1).error();
    assert_eq!(error["code"], "PrepareTimedOut");
    assert!(error["message"].as_str().unwrap().ends_with("SSM says that its agent is ConnectionLost"), "{error}");
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn a_lost_command_is_looked_for_among_the_new_ones_only() {
    let setup = Setup::new();
    let machine = ready(&setup);
    setup.fake.fault(Fault::on("SendCommand", FaultKind::ResetAfter).times(1));
    prepare(&setup, &machine, "").ended(0);
    let asked = setup.calls("ListCommands");
    assert!(!asked.is_empty() && asked.iter().all(|call| call.params["Filters.1.key"] == "InvokedAfter"));
}

#[test]
fn a_stopped_instance_runs_no_script() {
    let setup = Setup::new();
    let (_, file) = ready(&setup);
    for state in ["stopped", "pending"] {
        let id = setup.world().instance(PROD, EAST).profile("ssm").state(state).put();
        let error = prepare(&setup, &(id, file.clone()), "").ended(4).error();
        assert_eq!(error["code"], "IncorrectInstanceState");
        assert!(error["message"].as_str().unwrap().contains("only on a running instance"), "{error}");
    }
    setup.unchanged();
}

#[test]
fn a_file_that_is_no_script_is_refused_before_any_call() {
    let setup = Setup::new();
    let home = setup.home.path();
    std::fs::write(home.join("bytes"), b"\xff\xfe\x00").unwrap();
    std::fs::write(home.join("nul"), b"true\0").unwrap();
    setup.home.write("empty", " \n\n");
    setup.home.write("large", &"#".repeat(64 * 1024 + 1));
    let most = setup.home.write("most", &"#".repeat(64 * 1024));
    for (name, why) in [
        ("bytes", "it is not UTF-8 text"),
        ("nul", "it is not UTF-8 text"),
        ("empty", "it is empty"),
        ("large", "it has more than 65536 bytes"),
        ("missing", "No such file"),
        (".", "directory"),
    ] {
        let file = home.join(name).display().to_string();
        let ran = prepare(&setup, &("i-0123456789abcdef0".to_owned(), file.clone()), "").ended(2);
        ran.says(&[&format!("--prepare {file}: "), why]);
    }
    setup.run("create web --snapshot snap-0123456789abcdef0 --prepare x").ended(2).says(&["--prepare"]);
    assert!(setup.fake.calls().is_empty());
    let (id, _) = ready(&setup);
    prepare(&setup, &(id, most), "").ended(0);
}

#[test]
fn nothing_runs_in_a_dry_run() {
    let setup = Setup::new();
    let machine = ready(&setup);
    let ran = prepare(&setup, &machine, "--dry-run").ended(0);
    ran.says(&["dry run: clean.sh (32 bytes, SHA-256 ", "was not run on i-", "would be made"]);
    setup.unchanged();
}

#[test]
fn nothing_runs_for_an_image_that_ec2_would_not_make() {
    let setup = Setup::new();
    let machine = ready(&setup);
    setup.fake.fault(Fault::error("CreateImage", "UnauthorizedOperation", "You are not authorized."));
    prepare(&setup, &machine, "").ended(1).says(&["CreateImage"]);
    setup.unchanged();
}

#[test]
fn a_lost_answer_runs_the_script_once() {
    let setup = Setup::new();
    let machine = ready(&setup);
    setup.fake.fault(Fault::on("SendCommand", FaultKind::ResetAfter).times(1));
    prepare(&setup, &machine, "").ended(0);
    assert_eq!(setup.world().run_commands.sent().len(), 1);
    // Where it cannot be found, it may run: no image is made.
    setup.fake.fault(Fault::on("SendCommand", FaultKind::ResetBefore).times(1));
    let ran = prepare(&setup, &machine, "").ended(1);
    ran.says(&["clean.sh on i-", "it may run, but ListCommands does not show it"]);
    assert_eq!(setup.names(PROD, EAST).len(), 1);
}

#[test]
fn a_script_that_takes_too_long_means_no_image() {
    let setup = Setup::new();
    let machine = ready(&setup);
    script(&setup, Script::with("clean", 0).takes(seconds(3600)));
    let error = prepare(&setup, &machine, "--timeout 2s").ended(1).error();
    assert_eq!(error["code"], "PrepareFailed");
    assert!(error["message"].as_str().unwrap().contains("execution timed out"), "{error}");
    assert!(setup.names(PROD, EAST).is_empty());
}

#[test]
fn a_refused_command_changes_nothing() {
    let setup = Setup::new();
    let machine = ready(&setup);
    setup.fake.fault(Fault::error("SendCommand", "AccessDeniedException", "not authorized"));
    let error = prepare(&setup, &machine, "").ended(1).error();
    assert_eq!(error["code"], "AccessDeniedException");
    assert!(setup.names(PROD, EAST).is_empty());
}

/// Asks a run to stop as Ctrl-C does, and gives what it wrote.
#[cfg(unix)]
fn interrupted(process: std::process::Child) -> Ran {
    let pid = process.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    Ran::from(process.wait_with_output().unwrap())
}

#[cfg(unix)]
#[test]
fn an_interruption_after_the_script_does_not_say_that_nothing_was_changed() {
    let setup = Setup::new();
    let (id, file) = ready(&setup);
    // The third look is that of the image that is made.
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Latency(seconds(5))).skip(2).times(1));
    let process = setup.process(&format!("create web --instance {id} --prepare {file} -o json")).spawn().unwrap();
    setup.until("DescribeImages", 3);
    assert_eq!(interrupted(process).ended(130).error()["message"], "interrupted: no image was made");
    assert_eq!(setup.changes(), ["SendCommand"]);
}

#[cfg(unix)]
#[test]
fn an_interrupted_script_is_cancelled_and_may_go_on() {
    for denied in [false, true] {
        let setup = Setup::new();
        let (id, file) = ready(&setup);
        script(&setup, Script::with("clean", 0).takes(seconds(3600)));
        if denied {
            setup.fake.fault(Fault::error("CancelCommand", "AccessDeniedException", "not authorized"));
        }
        let line = format!("create web --instance {id} --prepare {file} --stop -o json");
        let process = setup.process(&line).spawn().unwrap();
        setup.until("GetCommandInvocation", 1);
        let ran = interrupted(process).ended(130);
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        let why = match denied {
            true => "it may go on, as SSM could not be asked to cancel it",
            false => "SSM was asked to cancel it, and it may go on for a moment",
        };
        assert!(message.contains(why) && message.ends_with("no image was made"), "{message}");
        assert_eq!(setup.changes(), ["SendCommand", "CancelCommand"]);
        assert_eq!(setup.world().run_commands.sent()[0].cancelled.is_some(), !denied);
        runs_again(&setup, &id);
    }
}

#[test]
fn a_nightly_line_selects_prepares_and_stops() {
    let setup = Setup::new();
    let file = setup.home.write("clean.sh", TEXT);
    let mut world = setup.world();
    world.instance(PROD, EAST).profile("ssm").tag("Role", "web").launched("2026-01-01").put();
    let id = world.instance(PROD, EAST).profile("ssm").tag("Role", "web").launched("2026-01-02").put();
    drop(world);
    let line = format!("create web --instance tag:Role=web --newest --stop --prepare {file} -o ids");
    let ran = setup.run(&line).ended(0);
    assert_eq!(setup.image(ran.stdout.trim()).source_instance.as_deref(), Some(id.as_str()));
    runs_again(&setup, &id);
}
