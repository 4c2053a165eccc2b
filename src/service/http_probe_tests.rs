//! Tests of probes over the network, against servers of all manners on the loopback interface.

#![allow(clippy::disallowed_methods, reason = "a server of these tests blocks a thread of its own")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream as Stream};
use std::sync::mpsc;
use std::thread;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SOON: Duration = Duration::from_millis(400);
const LONG: Duration = Duration::from_secs(60);

/// A server that reads a request and does this with it.
fn server(serve: impl Fn(Stream, String) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = vec![0; 4096];
            let length = stream.read(&mut asked).unwrap_or(0);
            serve(stream, String::from_utf8_lossy(&asked[..length]).into_owned());
        }
    });
    port
}

fn says(answer: &'static [u8]) -> u16 {
    server(move |mut stream, _| drop(stream.write_all(answer)))
}

async fn asked(port: u16, status: u16, within: Duration) -> Result<String, Miss> {
    get(HERE, &HttpProbe { path: "/health?x=1".to_owned(), port, status }, within).await
}

async fn failure(port: u16, within: Duration) -> String {
    let miss = asked(port, 200, within).await.unwrap_err();
    assert_eq!(miss.reach, Reach::Port, "{miss:?}");
    miss.why
}

#[tokio::test]
async fn a_get_request_goes_straight_to_the_address() {
    let (tell, told) = mpsc::channel();
    let port = server(move |mut stream, asked| {
        tell.send(asked).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n").unwrap();
    });
    let said = asked(port, 200, LONG).await.unwrap();
    assert!(said.starts_with("200 in ") && said.ends_with(" ms: \"ok\""), "{said}");
    let request = told.recv().unwrap().to_lowercase();
    assert!(request.starts_with("get /health?x=1 http/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nhost: 127.0.0.1:{port}\r\n")), "{request}");
    assert!(request.contains("\r\nuser-agent: amictl/") && request.contains("\r\nconnection: close\r\n"), "{request}");
}

#[tokio::test]
async fn the_status_must_be_the_wanted_one_and_redirects_are_not_followed() {
    let empty = says(b"HTTP/1.1 204 No Content\r\n\r\n");
    assert!(asked(empty, 204, LONG).await.unwrap().starts_with("204 in "));
    assert!(failure(empty, LONG).await.starts_with("204, not 200, in "));
    let moved = says(b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n");
    assert!(failure(moved, LONG).await.ends_with(", to \"http://169.254.169.254/\" (not followed)"));
    assert!(asked(moved, 302, LONG).await.is_ok());
    let broken = says(b"HTTP/1.0 500 Oh\r\n\r\n<h1>\x1b[31m \xe2\x80\xae no\x00</h1>");
    let said = failure(broken, LONG).await;
    assert!(said.contains("500, not 200") && said.ends_with(r#""<h1>\u{1b}[31m \u{202e} no\0</h1>""#), "{said}");
}

#[tokio::test]
async fn what_is_no_answer_fails_and_says_so() {
    assert!(failure(says(b""), LONG).await.contains("no proper answer"), "closed at once");
    let said = failure(says(b"SSH-2.0-OpenSSH_9.6\r\n"), LONG).await;
    assert!(said.ends_with("is it HTTP, without TLS?"), "{said}");
    let said = failure(says(b"\x15\x03\x01\x00\x02\x02\x46"), LONG).await;
    assert!(said.ends_with("is it HTTP, without TLS?"), "{said}");
    let said = failure(says(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok"), LONG).await;
    assert!(said.starts_with("200, but its body broke off: "), "{said}");
    let endless = server(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n").is_ok() {}
    });
    assert!(failure(endless, LONG).await.contains("no proper answer"));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_fails() {
    let silent = server(|stream, _| {
        thread::sleep(Duration::from_secs(20));
        drop(stream);
    });
    let began = Instant::now();
    assert_eq!(failure(silent, SOON).await, "no answer within 400 ms");
    assert!(began.elapsed() < Duration::from_secs(3));
    let slow = server(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok");
        thread::sleep(Duration::from_secs(20));
    });
    assert_eq!(failure(slow, SOON).await, "no answer within 400 ms");
}

#[tokio::test]
async fn no_more_than_the_beginning_of_a_huge_body_is_read() {
    let (tell, told) = mpsc::channel();
    let huge = server(move |mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n");
        let chunk = vec![b'x'; 64 * 1024];
        let sent = (0..10_000).take_while(|_| stream.write_all(&chunk).is_ok()).count();
        tell.send(sent).unwrap();
    });
    let said = asked(huge, 200, LONG).await.unwrap();
    assert!(said.ends_with(&format!("ms: \"{}\"…", "x".repeat(80))), "{said}");
    let sent = told.recv().unwrap();
    assert!(sent < 1_000, "{sent} chunks were taken");
}

#[tokio::test]
async fn a_refusal_is_told_apart_from_silence() {
    let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let miss = touch(HERE, unused, LONG).await.unwrap_err();
    assert!(miss.reach == Reach::Machine && miss.why.contains(&format!("127.0.0.1:{unused}")), "{miss:?}");
    assert_eq!(asked(unused, 200, LONG).await.unwrap_err().reach, Reach::Machine);
    for kind in [io::ErrorKind::HostUnreachable, io::ErrorKind::NetworkUnreachable, io::ErrorKind::TimedOut] {
        assert_eq!(reach(&io::Error::from(kind)), Reach::Nowhere, "{kind}");
    }
    let said = touch(HERE, says(b""), LONG).await.unwrap();
    assert!(said.starts_with("connected in "), "{said}");
}
