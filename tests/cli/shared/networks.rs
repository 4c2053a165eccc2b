//! Networks between amictl and AWS: proxies, certificates, gateways, clocks, and their errors.

use std::net::TcpListener;

use crate::cli::{Amictl, Ran};
use crate::fake::{Fault, FaultKind, PROD};
use crate::loopback::{Loopback, ROOT, response};
use crate::setup::{EAST, Setup, WEST, each};

/// Nobody listens there.
const DEAD: &str = "http://127.0.0.1:9";
/// `me:w@rd` as proxies are told it.
const SECRET: &str = "Basic bWU6d0ByZA==";

fn ready() -> Setup {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup
}

/// Host and port of the endpoint.
fn host(setup: &Setup) -> String {
    setup.fake.url().strip_prefix("http://").unwrap().to_owned()
}

/// What was said, after checking that it is for people.
#[track_caller]
fn said(ran: Ran, code: i32, words: &[&str]) -> Ran {
    for dump in ["Request {", "Response {", "ConnectorError", "Error {", "Some(", "Os {", ".cargo", "w@rd", "w%40rd"] {
        assert!(!ran.stderr.contains(dump), "'{dump}' is in:\n{}", ran.stderr);
    }
    ran.ended(code).says(words)
}

#[test]
fn a_proxy_gets_the_requests_of_its_scheme_and_the_credentials_of_its_url() {
    let setup = ready();
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        let proxy = Loopback::proxy(Some(SECRET));
        let url = format!("http://me:w%40rd@127.0.0.1:{}", proxy.port);
        setup.amictl().env(name, url).env("HTTPS_PROXY", DEAD).run("list").ended(0);
        let asked = proxy.asked();
        assert_eq!(asked[0].line, format!("POST {}/ HTTP/1.1", setup.fake.url()), "{name}");
        assert_eq!(asked[0].header("proxy-authorization"), Some(SECRET), "{name}");
    }
    let closed = Loopback::proxy(Some(SECRET));
    let place = format!("{} through the proxy 127.0.0.1:{} (HTTP_PROXY) answered HTTP 407", host(&setup), closed.port);
    let ran = setup.once().env("HTTP_PROXY", closed.url()).run("list");
    said(ran, 1, &[&place, "(text/html)", "hint: ", "HTTPS_PROXY, NO_PROXY"]);
    said(
        setup.amictl().env("HTTP_PROXY", "http://me:w@rd@:1").run("list"),
        2,
        &["HTTP_PROXY: 'http://…@:1' is no URL"],
    );
}

#[test]
fn a_tunnel_is_asked_for_with_the_credentials_of_the_proxy() {
    let setup = ready();
    let tls = Loopback::tls(&host(&setup));
    let secure = format!("https://localhost:{}", tls.port);
    let amictl = || setup.once().env("AWS_ENDPOINT_URL", &secure).env("AWS_CA_BUNDLE", ROOT).env("HTTP_PROXY", DEAD);
    for name in ["HTTPS_PROXY", "https_proxy"] {
        let proxy = Loopback::proxy(Some(SECRET));
        amictl().env(name, format!("me:w%40rd@127.0.0.1:{}", proxy.port)).run("list").ended(0);
        let asked = proxy.asked();
        assert_eq!(asked[0].line, format!("CONNECT localhost:{} HTTP/1.1", tls.port));
        assert_eq!(asked[0].header("proxy-authorization"), Some(SECRET));
    }
    assert!(tls.asked().iter().all(|asked| asked.header("proxy-authorization").is_none()), "the endpoint learns none");
    let closed = Loopback::proxy(Some(SECRET));
    let ran = amictl().env("HTTPS_PROXY", closed.url()).run("list");
    let place = format!("no answer from localhost:{} through the proxy 127.0.0.1:{}", tls.port, closed.port);
    said(ran, 1, &[&place, "proxy authorization required", "hint: check the proxy: HTTPS_PROXY"]);
    said(amictl().env("HTTPS_PROXY", DEAD).run("list"), 1, &["through the proxy 127.0.0.1:9 (HTTPS_PROXY)", "refused"]);
}

#[test]
fn what_no_proxy_names_is_asked_without_a_proxy() {
    let setup = ready();
    let list = |name, value: &str| setup.once().env("HTTP_PROXY", DEAD).env(name, value).run("list");
    for value in ["*", "127.0.0.1", "127.0.0.0/8", "other, 127.0.0.1 ", &host(&setup)] {
        list("NO_PROXY", value).ended(0);
        list("no_proxy", value).ended(0);
    }
    for value in ["", "10.0.0.0/8", "localhost"] {
        said(list("NO_PROXY", value), 1, &["through the proxy 127.0.0.1:9 (HTTP_PROXY)", "hint: check the proxy"]);
    }
    list("http_proxy", "").ended(0);
}

#[test]
fn a_bundle_of_certificates_is_trusted_instead_of_those_of_the_system() {
    let setup = ready();
    let tls = Loopback::tls(&host(&setup));
    let secure =
        || setup.once().env("AWS_ENDPOINT_URL", format!("https://127.0.0.1:{}", tls.port)).without("SSL_CERT_FILE");
    let stranger = secure().run("list");
    let place = format!("no answer from 127.0.0.1:{}", tls.port);
    said(stranger, 1, &[&place, "UnknownIssuer", "hint: ", "AWS_CA_BUNDLE", "ca_bundle"]);
    secure().env("AWS_CA_BUNDLE", ROOT).run("list").ended(0);
    secure().env("SSL_CERT_FILE", ROOT).run("list").ended(0);
    setup.home.write("aws-config", &format!("[default]\nca_bundle = {ROOT}\n[profile x]\nca_bundle = /nowhere\n"));
    secure().run("list").ended(0);
    // The variable comes before the profile.
    let other = setup.home.write("bundle.pem", "# no certificate\n");
    said(
        secure().env("AWS_CA_BUNDLE", &other).run("list"),
        1,
        &["bundle.pem (AWS_CA_BUNDLE) has no certificate", "hint: "],
    );
    let half = setup.home.write("half.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    said(secure().env("AWS_CA_BUNDLE", &half).run("list"), 1, &["half.pem (AWS_CA_BUNDLE) has no certificate"]);
    let gone = secure().env("AWS_CA_BUNDLE", "/nowhere/x.pem").run("list");
    said(gone, 1, &["the CA bundle /nowhere/x.pem (AWS_CA_BUNDLE) cannot be read", "hint: AWS_CA_BUNDLE names a file"]);
    let words = ["the CA bundle /nowhere (ca_bundle in the profile) cannot be read"];
    said(secure().env("AWS_PROFILE", "x").without("AWS_ACCESS_KEY_ID").run("list"), 1, &words);
}

#[test]
fn an_address_that_does_not_answer_is_named() {
    let setup = ready();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let at = |url: &str| setup.once().env("AWS_ENDPOINT_URL", url);
    let place = format!("no answer from {free}: ");
    said(at(&format!("http://{free}")).run("list"), 1, &[&place, "Connection refused", "hint: check the network"]);
    said(at(&format!("https://{free}")).run("list"), 1, &[&place, "Connection refused"]);
    let role = "list --role-arn arn:aws:iam::222222222222:role/ami";
    said(at(&format!("http://{free}")).run(role), 1, &[&place, "arn:aws:iam::222222222222:role/ami"]);
    said(at("http://nobody.invalid").run("list"), 1, &["no answer from nobody.invalid:80: "]);
    // TLS where there is none, and what breaks off.
    said(
        at(&setup.fake.url().replace("http:", "https:")).run("list"),
        1,
        &[&format!("no answer from {}", host(&setup))],
    );
    for kind in [FaultKind::ResetBefore, FaultKind::Truncated] {
        setup.fake.clear_faults();
        setup.fake.fault(Fault::on("DescribeImages", kind));
        said(setup.once().run("list"), 1, &[&host(&setup)]);
    }
    // Credentials that a profile gets from STS.
    let profile = "[profile one]\nrole_arn = arn:aws:iam::222222222222:role/ami\nsource_profile = one\n\
                   aws_access_key_id = AKIAPROD\naws_secret_access_key = secret\n";
    setup.home.write("aws-config", profile);
    let ran = at(&format!("http://{free}")).run("list --profile one");
    said(ran, 1, &["the role arn:aws:iam::222222222222:role/ami cannot be assumed: ", &place]);
}

#[test]
fn an_answer_that_is_not_of_aws_is_shown_as_what_it_is() {
    let setup = ready();
    for (status, code) in
        [("302 Found", 302), ("403 Forbidden", 403), ("407 Who", 407), ("502 Bad", 502), ("503 Busy", 503)]
    {
        let headers = match code {
            302 => "content-type: text/html\nlocation: https://login.example/?to=aws",
            _ => "content-type: text/html; charset=utf-8",
        };
        let page = response(status, headers, "<html><body><h1>Sign in</h1></body></html>");
        let gateway = Loopback::answering(move |_| page.clone());
        for command in ["list", "list --role-arn arn:aws:iam::222222222222:role/ami"] {
            let ran = setup.once().env("AWS_ENDPOINT_URL", gateway.url()).run(command);
            let place = format!("127.0.0.1:{} answered HTTP {code} (text/html", gateway.port);
            said(ran, 1, &[&place, "which is no answer of AWS", "hint: a proxy or a sign-in page", "NO_PROXY"]);
            let shown = setup.once().env("AWS_ENDPOINT_URL", gateway.url()).run(command).stderr;
            assert_eq!(shown.contains("Location https://login.example/?to=aws"), code == 302, "{shown}");
        }
    }
    // Services that speak JSON are no other.
    let page = response("403 Forbidden", "content-type: text/html", "<html></html>");
    let gateway = Loopback::answering(move |_| page.clone());
    setup.home.write("aws-config", "");
    let ran = setup.once().env("AWS_ENDPOINT_URL_SSM", gateway.url()).run("list web:prod");
    assert!(!ran.stderr.contains("Error {"), "{}", ran.stderr);
}

#[test]
fn too_many_requests_are_tried_again_whoever_says_so() {
    let setup = ready();
    let busy = Loopback::answering(|_| response("429 Too Many Requests", "", ""));
    let ran = setup.amictl().env("AWS_ENDPOINT_URL", busy.url()).run("list --max-attempts 3");
    said(ran, 1, &["answered HTTP 429 without a content type"]);
    let asked = |action| busy.asked().iter().filter(|asked| asked.is_for(action)).count();
    assert_eq!(asked("DescribeImages"), 3);
    let role = "list --role-arn arn:aws:iam::222222222222:role/ami --max-attempts 2";
    let ran = setup.amictl().env("AWS_ENDPOINT_URL", busy.url()).run(role);
    said(ran, 1, &["answered HTTP 429"]);
    assert_eq!(asked("AssumeRole"), 2);
}

#[test]
fn a_clock_that_is_off_is_said_to_be_and_by_how_much() {
    let setup = ready();
    for (minutes, words) in [(61, "61 minutes behind that of AWS"), (-150, "2 hours 30 minutes ahead of that of AWS")] {
        setup.world().clock_ahead = minutes;
        for command in ["list", "list --role-arn arn:aws:iam::222222222222:role/ami", "list --region all"] {
            let ran = setup.once().run(command);
            let ran = said(ran, 1, &["the clock of this machine is ", words, "hint: set the clock of this machine"]);
            assert!(!ran.stderr.contains("sign in"), "{}", ran.stderr);
        }
        // With a second attempt it is signed for AWS's time.
        let found = setup.run("list --region us-east-1 -o json").ended(0).json();
        assert_eq!(each(&found["images"], "name"), ["web-v1-2026-01-02"]);
        setup.run("list --region all").ended(0);
    }
}

#[test]
fn credentials_that_have_run_out_are_not_the_clocks_fault() {
    let setup = ready();
    setup.fake.fault(Fault::error("DescribeImages", "RequestExpired", "Request has expired."));
    let ran = setup.once().run("list").ended(1);
    assert!(!ran.stderr.contains("clock of this machine"), "{}", ran.stderr);
    ran.says(&["Request has expired. [RequestExpired]", "hint: the credentials have run out"]);
}

fn copy(setup: &Setup, line: &str) -> Ran {
    Amictl::at(&setup.fake.url(), setup.home.path()).run(&format!("copy web --to us-west-2,eu-west-1 {line}"))
}

#[test]
fn a_quota_ends_a_copy_at_once_and_what_goes_on_at_the_moment_does_not() {
    let setup = ready();
    let quota = "You have reached the quota of 50000 AMIs in this region.";
    setup.fake.fault(Fault::error("CopyImage", "ResourceLimitExceeded", quota).in_region(WEST));
    let ran = copy(&setup, "").ended(3);
    assert!(!ran.stderr.contains("waiting for room"), "{}", ran.stderr);
    ran.says(&[quota, "Service Quotas", "run the command again", "amictl copy"]);
    assert_eq!(setup.calls("CopyImage").iter().filter(|call| call.region == WEST).count(), 1);

    let setup = ready();
    let full = "Too many snapshot copies in progress. Limit is 20.";
    setup.fake.fault(Fault::error("CopyImage", "ResourceLimitExceeded", full).in_region(WEST).times(2));
    let ran = copy(&setup, "").ended(0);
    assert_eq!(ran.stderr.matches("waiting for room").count(), 1, "{}", ran.stderr);
    ran.says(&["CopyImage in us-west-2: Too many snapshot copies in progress"]);
    assert_eq!(setup.world().images(PROD, WEST).count(), 1);
}

#[test]
fn the_wait_for_room_ends_with_the_time_to_wait() {
    let setup = ready();
    let full = "Too many snapshot copies in progress. Limit is 20.";
    setup.fake.fault(Fault::error("CopyImage", "ResourceLimitExceeded", full).in_region(WEST));
    let ran = copy(&setup, "--timeout 3s").ended(3);
    ran.says(&["waiting for room", "it finishes the rest", "amictl copy"]);
    assert!(setup.calls("CopyImage").iter().filter(|call| call.region == WEST).count() <= 3);
}
