//! Probes by HTTP of a booted instance.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::probes::{check, ready, test, unused_port};
use crate::loopback::{Loopback, response};

#[test]
fn an_instance_that_answers_passes() {
    let setup = ready();
    let server = Loopback::answering(|_| response("200 OK", "content-type: text/plain", "all is well\n"));
    let ran = test(&setup, &["--http", &format!("/health?deep=1:{}", server.port)]).ended(0);
    let (passed, detail) = check(&ran);
    assert!(passed && detail.starts_with("200 in ") && detail.ends_with(r#": "all is well""#), "{detail}");
    let asked = server.asked();
    assert_eq!((asked.len(), asked[0].line.as_str()), (1, "GET /health?deep=1 HTTP/1.1"));
    assert_eq!(asked[0].header("host"), Some(format!("127.0.0.1:{}", server.port).as_str()));
    assert_eq!(ran.json()["tests"][0]["verdict"], "passed");
}

#[test]
fn it_is_asked_again_until_it_answers_well() {
    let setup = ready();
    let count = AtomicUsize::new(0);
    let server = Loopback::answering(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 => String::new(),
        1 => response("503 Starting", "", "wait"),
        _ => response("204 No Content", "", ""),
    });
    let (passed, detail) = check(&test(&setup, &["--http", &format!("/:{}=204", server.port)]).ended(0));
    assert!(passed && detail.starts_with("204 in "), "{detail}");
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn a_redirect_is_not_followed() {
    let setup = ready();
    let elsewhere = Loopback::answering(|_| response("200 OK", "", ""));
    let to = format!("location: {}/login", elsewhere.url());
    let server = Loopback::answering(move |_| response("302 Found", &to, ""));
    let path = format!("/:{}", server.port);
    let ran = test(&setup, &["--http", &path, "--probe-timeout", "3s"]).ended(1);
    let (passed, detail) = check(&ran);
    assert!(!passed && detail.contains("302, not 200, in ") && detail.contains("/login\" (not followed)"), "{detail}");
    assert!(detail.contains("tried "), "{detail}");
    assert_eq!(elsewhere.asked().len(), 0);
    test(&setup, &["--http", &format!("{path}=302")]).ended(0);
}

#[test]
fn a_port_on_which_nothing_listens_is_told_apart() {
    let setup = ready();
    let ran = test(&setup, &["--http", &format!("/:{}", unused_port()), "--probe-timeout", "1s"]).ended(1);
    let (_, detail) = check(&ran);
    assert!(detail.ends_with("the machine is there, and nothing listens on the port"), "{detail}");
}

#[test]
fn no_proxy_is_asked() {
    let setup = ready();
    let server = Loopback::answering(|_| response("200 OK", "", ""));
    let proxy = Loopback::proxy(None);
    let path = format!("/health:{}", server.port);
    let amictl = setup.amictl().env("HTTP_PROXY", proxy.url()).env("http_proxy", proxy.url());
    amictl.args(&super::probes::line(&["--http", &path])).ended(0);
    assert!(proxy.asked().iter().all(|asked| !asked.line.contains("/health")), "{:?}", proxy.asked());
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn what_the_instance_says_does_not_reach_the_terminal_raw() {
    let setup = ready();
    let server = Loopback::answering(|_| response("500 Oh", "", "\u{1b}[2J\u{202e}gone\r\n"));
    let options = ["--http", &format!("/:{}", server.port), "--probe-timeout", "1s"];
    let ran = setup.amictl().args(&super::probes::line(&options)).ended(1);
    let said = ran.stdout + &ran.stderr;
    assert!(said.contains(r"\u{1b}[2J") && !said.contains(['\u{1b}', '\u{202e}']), "{said}");
}
