//! Tests of the reader and choice of proxies.

use super::*;

fn proxies(env: &[(&str, &str)]) -> Result<Proxies> {
    Proxies::read(&env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

/// The proxy for an address, as messages name it.
#[track_caller]
fn before(env: &[(&str, &str)], url: &str) -> Option<String> {
    proxies(env).unwrap().before(&url.parse().ok().unwrap()).map(ToString::to_string)
}

#[test]
fn each_scheme_has_its_proxy_and_small_letters_come_first() {
    let env = [("HTTP_PROXY", "http://a:1"), ("HTTPS_PROXY", "b:2"), ("https_proxy", "https://c:3")];
    assert_eq!(before(&env, "http://x").unwrap(), "the proxy a:1 (HTTP_PROXY)");
    assert_eq!(before(&env, "https://x").unwrap(), "the proxy c:3 (https_proxy)");
    assert_eq!(before(&[("HTTPS_PROXY", "b:2"), ("https_proxy", "")], "https://x"), None, "turned off");
    assert_eq!(before(&[("ALL_PROXY", "b:2")], "https://x").unwrap(), "the proxy b:2 (ALL_PROXY)");
    assert_eq!(before(&[("ALL_PROXY", "socks5://b:2")], "https://x"), None);
    assert_eq!(before(&[("HTTP_PROXY", "a:1"), ("REQUEST_METHOD", "GET")], "http://x"), None, "set by a stranger");
    assert_eq!(before(&[("HTTPS_PROXY", " ")], "https://x"), None);
}

#[test]
fn what_no_proxy_names_is_asked_directly() {
    let direct = |list: &str, url: &str| {
        before(&[("HTTP_PROXY", "a:1"), ("HTTPS_PROXY", "a:1"), ("NO_PROXY", list)], url).is_none()
    };
    let ec2 = "https://ec2.us-east-1.amazonaws.com";
    for list in ["*", ".amazonaws.com", "amazonaws.com", "x, AmazonAWS.com ", "*.amazonaws.com", "amazonaws.com:443"] {
        assert!(direct(list, ec2), "{list}");
    }
    for list in ["", "amazonaws.com.cn", "amazonaws.com:80", "127.0.0.1", "0.0.0.0/0", "/", "x/y"] {
        assert!(!direct(list, ec2), "{list}");
    }
    for (list, url) in [
        ("*", "http://127.0.0.1:5000"),
        ("127.0.0.1", "http://127.0.0.1:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("10.0.0.0/8", "http://10.255.1.2"),
        ("0.0.0.0/0", "http://10.255.1.2"),
        ("fd00::/8", "http://[fd12::1]:80"),
        ("::1", "http://[::1]"),
        ("localhost", "http://localhost:5000"),
    ] {
        assert!(direct(list, url), "{list} {url}");
    }
    for (list, url) in [
        ("127.0.0.2", "http://127.0.0.1"),
        ("10.0.0.0/8", "http://11.0.0.1"),
        ("10.0.0.0/33", "http://10.0.0.0"),
        ("fd00::/8", "http://10.0.0.1"),
    ] {
        assert!(!direct(list, url), "{list} {url}");
    }
}

#[test]
fn credentials_of_a_proxy_are_read_whatever_is_in_them() {
    let header = |value| proxies(&[("HTTP_PROXY", value)]).unwrap().http.unwrap().authorization;
    assert_eq!(header("http://Aladdin:open%20sesame@x:1").unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(header("http://me@x:1").unwrap(), "Basic bWU6");
    assert_eq!(header("http://a:p@ss%zz@x:1").unwrap(), format!("Basic {}", base64::encode("a:p@ss%zz")));
    assert_eq!(header("http://x:1"), None);
    assert_eq!(encoded(&decoded("a%20%C3%BC<")), "a%20%C3%BC%3C");
}

#[test]
fn a_proxy_that_is_no_url_is_refused_without_its_password() {
    for value in ["http://me:secret@", "me:secret@a b", "socks5://me:secret@x:1", "http://me:secret@x:99999", "://"] {
        let error = proxies(&[("HTTPS_PROXY", value)]).err().unwrap().to_string();
        assert!(error.starts_with("HTTPS_PROXY: ") && !error.contains("secret"), "{error}");
    }
}

#[test]
fn no_proxy_stands_before_what_gives_an_instance_or_a_container_its_keys() {
    let env = [("HTTP_PROXY", "http://a:1"), ("NO_PROXY", "x")];
    for url in [
        "http://169.254.169.254/latest",
        "http://169.254.170.2",
        "http://[fd00:ec2::254]/latest",
        "http://[FD00:EC2::23]",
    ] {
        assert_eq!(before(&env, url), None, "{url}");
    }
    for url in ["http://169.255.169.254", "http://[fd00:ec3::254]", "http://169.254.169.254.example"] {
        assert!(before(&env, url).is_some(), "{url}");
    }
}
