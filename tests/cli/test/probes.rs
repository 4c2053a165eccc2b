//! Probes of all kinds: order, side by side, bad input, Ctrl-C.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::cli::Ran;
use crate::fake::{PROD, Script};
use crate::loopback::{Loopback, response};
use crate::setup::{EAST, Setup, seconds};

/// An image whose instances are at the loopback address, and an instance profile for them.
pub fn ready() -> Setup {
    let setup = Setup::new();
    {
        let mut world = setup.world();
        world.image(PROD, EAST, "web-v1-2026-01-01").put();
        world.address = Some("127.0.0.1".to_owned());
        world.add_profile(PROD, "ssm");
    }
    setup
}

/// The command line of a test, with these options.
pub fn line<'a>(options: &[&'a str]) -> Vec<&'a str> {
    [&["test", "web", "--type", "t3.micro"], options].concat()
}

/// Tests the image with these options.
pub fn test(setup: &Setup, options: &[&str]) -> Ran {
    setup.amictl().args(&line(&[options, &["-o", "json"]].concat()))
}

/// The checks of the one test of a run, but for EC2's own.
#[track_caller]
pub fn checks(ran: &Ran) -> Vec<Value> {
    let document = ran.json();
    let all = document["tests"][0]["checks"].as_array().unwrap_or_else(|| panic!("no checks in {document:#}"));
    all.iter().filter(|check| check["kind"] != "status").cloned().collect()
}

/// The one check of a run: whether it passed, and its detail.
#[track_caller]
pub fn check(ran: &Ran) -> (bool, String) {
    let checks = checks(ran);
    assert_eq!(checks.len(), 1, "{checks:?}");
    (checks[0]["passed"].as_bool().unwrap(), checks[0]["detail"].as_str().unwrap().to_owned())
}

/// A port on which nothing listens.
pub fn unused_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn probes_stand_in_their_order_and_one_that_fails_fails_the_image() {
    let setup = ready();
    let server = Loopback::answering(|_| response("200 OK", "", "fine"));
    let (http, tcp, closed) = (format!("/:{}", server.port), server.port.to_string(), unused_port().to_string());
    let options = ["--ssm", "uptime", "--tcp", &tcp, "--tcp", &closed, "--http", &http];
    let ran = test(&setup, &[&options[..], &["--instance-profile", "ssm", "--probe-timeout", "3s"]].concat()).ended(1);
    let checks = checks(&ran);
    let found: Vec<_> = checks.iter().map(|check| (&check["kind"], &check["what"], &check["passed"])).collect();
    let wanted = [
        ("http", http.as_str(), true),
        ("tcp", tcp.as_str(), true),
        ("tcp", closed.as_str(), false),
        ("ssm", "uptime", true),
    ];
    assert_eq!(found.len(), wanted.len(), "{checks:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert_eq!(
            (found.0.as_str(), found.1.as_str(), found.2.as_bool()),
            (Some(wanted.0), Some(wanted.1), Some(wanted.2))
        );
    }
    let refused = checks[2]["detail"].as_str().unwrap();
    assert!(refused.contains("the machine is there, and nothing listens on the port"), "{refused}");
    assert_eq!(ran.json()["tests"][0]["verdict"], "failed");
}

#[test]
fn probes_run_side_by_side() {
    let setup = ready();
    let second_was_asked = Arc::new((Mutex::new(false), Condvar::new()));
    let seen = Arc::clone(&second_was_asked);
    let first = Loopback::answering(move |_| {
        let (asked, change) = &*seen;
        let waited = change.wait_timeout_while(asked.lock().unwrap(), Duration::from_secs(4), |asked| !*asked).unwrap();
        response(if *waited.0 { "200 OK" } else { "500 Alone" }, "", "")
    });
    let second = Loopback::answering(move |_| {
        *second_was_asked.0.lock().unwrap() = true;
        second_was_asked.1.notify_all();
        response("200 OK", "", "")
    });
    let (first, second) = (format!("/:{}", first.port), format!("/:{}", second.port));
    let ran = test(&setup, &["--http", &first, "--http", &second]).ended(0);
    assert!(checks(&ran).iter().all(|check| check["passed"] == true && check["seconds"].as_u64() < Some(4)));
}

#[test]
fn bad_probes_are_refused_before_anything_is_launched() {
    let setup = ready();
    for (options, why) in [
        (["--http", "health"], "begins with /"),
        (["--http", "http://localhost/"], "begins with /"),
        (["--http", "/x?wait=200"], "say also the status"),
        (["--http", "/x:70000"], "not a port"),
        (["--tcp", "0"], "0"),
        (["--tcp", "ssh"], "ssh"),
        (["--ssm", " "], "no command"),
        (["--udp", "53"], "--udp"),
    ] {
        setup.amictl().args(&line(&options)).ended(2).says(&[why]);
    }
    setup.unchanged();
}

#[test]
fn ctrl_c_ends_the_probes() {
    let setup = ready();
    setup.world().run_commands.scripts.push(Script::with("sleep", 0).takes(seconds(3600)));
    let port = unused_port();
    let mut command = setup.process("test web --type t3.micro --instance-profile ssm -o json");
    let child = command.args(["--ssm", "sleep 3600", "--tcp", &port.to_string()]).spawn().unwrap();
    setup.until("GetCommandInvocation", 1);
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).ended(130);
    for check in checks(&ran) {
        assert!(check["passed"] == false && check["detail"].as_str().unwrap().contains("interrupted"), "{check}");
    }
    let sent = setup.world().run_commands.sent();
    assert!(sent.len() == 1 && sent[0].cancelled.is_some(), "{sent:?}");
}
