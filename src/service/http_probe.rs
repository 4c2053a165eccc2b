//! Connections and GET requests of a boot test, straight to an address: no proxy, no redirect, no TLS.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::client::error::causes;
use crate::domain::probe::{HttpProbe, Miss, Reach};

/// The time for one attempt: to connect, and to answer.
const ATTEMPT: Duration = Duration::from_secs(5);
/// As much of a body as is read, and of the head of an answer.
const MOST: usize = 64 * 1024;
/// The characters of a body that are shown.
const SHOWN: usize = 80;
const HTTP_PORT: u16 = 80;

/// Asks once; gives what was answered.
pub async fn get(address: IpAddr, probe: &HttpProbe) -> Result<String, Miss> {
    let (began, until) = (Instant::now(), Instant::now() + ATTEMPT);
    let stream = connect(address, probe.port, until).await?;
    let late = |_| missed(format!("no answer within {} s", ATTEMPT.as_secs()));
    let (status, answer) = timeout_at(until, exchange(stream, address, probe)).await.map_err(late)??;
    let took = began.elapsed().as_millis();
    match status == probe.status {
        true => Ok(format!("{status} in {took} ms{answer}")),
        false => Err(missed(format!("{status}, not {}, in {took} ms{answer}", probe.status))),
    }
}

/// Connects once, and says how long it took.
pub async fn touch(address: IpAddr, port: u16) -> Result<String, Miss> {
    let began = Instant::now();
    connect(address, port, began + ATTEMPT).await?;
    Ok(format!("connected in {} ms", began.elapsed().as_millis()))
}

fn missed(why: String) -> Miss {
    Miss { reach: Reach::Port, why }
}

async fn connect(address: IpAddr, port: u16, until: Instant) -> Result<TcpStream, Miss> {
    let at = SocketAddr::new(address, port);
    match timeout_at(until, TcpStream::connect(at)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(Miss { reach: reach(&error), why: format!("{at}: {error}") }),
        Err(_) => {
            Err(Miss { reach: Reach::Nowhere, why: format!("{at}: no connection within {} s", ATTEMPT.as_secs()) })
        }
    }
}

fn reach(error: &io::Error) -> Reach {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Reach::Machine,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Reach::Port,
        _ => Reach::Nowhere,
    }
}

/// The status, and the beginning of the body in quotes.
async fn exchange(stream: TcpStream, address: IpAddr, probe: &HttpProbe) -> Result<(u16, String), Miss> {
    let broken = |error: &hyper::Error| {
        let hint = if error.is_parse() { "; is it HTTP, without TLS?" } else { "" };
        missed(format!("no proper answer: {}{hint}", causes(error)))
    };
    let shaken = http1::Builder::new().max_buf_size(MOST).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| broken(&error))?;
    let request = request(address, probe).map_err(|error| missed(format!("the request cannot be made: {error}")))?;
    let asked = async {
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        let status = response.status().as_u16();
        let to = target(&response);
        let body = beginning(response.into_body()).await;
        let body = body.map_err(|error| missed(format!("{status}, but its body broke off: {}", causes(&error))))?;
        Ok((status, format!("{to}{}", quoted(&body))))
    };
    // The connection works only while it is polled, and the answer may outlive it.
    let (mut asked, mut connection) = (pin!(asked), pin!(connection));
    tokio::select! {
        biased;
        done = &mut asked => done,
        _ = &mut connection => asked.await,
    }
}

fn request(address: IpAddr, probe: &HttpProbe) -> Result<Request<String>, hyper::http::Error> {
    let host = match (address, probe.port) {
        (IpAddr::V4(address), HTTP_PORT) => address.to_string(),
        (IpAddr::V6(address), HTTP_PORT) => format!("[{address}]"),
        (_, port) => SocketAddr::new(address, port).to_string(),
    };
    Request::get(&probe.path)
        .header("host", host)
        .header("user-agent", concat!("amictl/", env!("CARGO_PKG_VERSION")))
        .header("accept", "*/*")
        .header("connection", "close")
        .body(String::new())
}

/// Where a redirect leads, which is not followed.
fn target(response: &Response<Incoming>) -> String {
    let to = response.headers().get("location").filter(|_| response.status().is_redirection());
    to.map_or_else(String::new, |to| {
        format!(", to {} (not followed)", quoted_text(&String::from_utf8_lossy(to.as_bytes())))
    })
}

async fn beginning(mut body: Incoming) -> Result<Vec<u8>, hyper::Error> {
    let mut read = Vec::new();
    while read.len() < MOST {
        let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await else { break };
        if let Some(data) = frame?.data_ref() {
            read.extend_from_slice(data);
        }
    }
    Ok(read)
}

fn quoted(body: &[u8]) -> String {
    match String::from_utf8_lossy(body).trim() {
        "" => String::new(),
        text => format!(": {}", quoted_text(text)),
    }
}

fn quoted_text(text: &str) -> String {
    let mut characters = text.chars();
    let shown: String = characters.by_ref().take(SHOWN).collect();
    let more = if characters.next().is_some() { "…" } else { "" };
    format!("{shown:?}{more}")
}
