//! Client of the Lambda runtime API: the next event, its answer, and a start that failed.
//!
//! By hand over hyper, which the SDK brings: the crate `lambda_runtime` turns on features of tower below hyper-util, so that
//! all of the SDK would be compiled again, and it brings ten crates more.

use std::future::poll_fn;
use std::pin::{Pin, pin};

use anyhow::{Context as _, Result, bail};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::http::response::Parts;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::answer::FailedInvocation;
use crate::exit;
use crate::output::error;

/// The variable in which the platform names its runtime API.
pub const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const PATH: &str = "/2018-06-01/runtime";

/// The runtime API at its address, `host:port`.
pub struct RuntimeApi {
    address: String,
}

/// An event as the platform delivers it.
pub struct Delivery {
    pub request_id: String,
    /// When the platform kills the run, in milliseconds since 1970.
    pub deadline: Option<i64>,
    pub event: Vec<u8>,
}

impl RuntimeApi {
    pub fn at(address: &str) -> Self {
        Self { address: address.to_owned() }
    }

    /// Waits for the next event, for as long as it takes: the platform freezes the process meanwhile.
    pub async fn next(&self) -> Result<Delivery> {
        let (head, event) = self.ask("GET", "/invocation/next", None, String::new()).await?;
        if head.status != StatusCode::OK {
            bail!("the runtime API gives no event: {}: {}", head.status, String::from_utf8_lossy(&event));
        }
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let request_id =
            header("lambda-runtime-aws-request-id").context("the runtime API gives an event without an id")?;
        let deadline = header("lambda-runtime-deadline-ms").and_then(|text| text.parse().ok());
        Ok(Delivery { request_id: request_id.to_owned(), deadline, event })
    }

    /// Answers an event.
    pub async fn respond(&self, request_id: &str, answer: String) -> Result<()> {
        self.tell(&format!("/invocation/{request_id}/response"), None, answer).await
    }

    /// Answers an event with an error: the invocation has failed.
    pub async fn fail(&self, request_id: &str, failed: &FailedInvocation) -> Result<()> {
        self.tell(&format!("/invocation/{request_id}/error"), Some(&failed.error_type), failed.body()).await
    }

    /// Says that the function cannot start.
    pub async fn not_started(&self, failed: &FailedInvocation) -> Result<()> {
        self.tell("/init/error", Some(&failed.error_type), failed.body()).await
    }

    /// An answer that the platform refuses is said, and the next event comes; one that it cannot take ends the process.
    async fn tell(&self, path: &str, error_type: Option<&str>, body: String) -> Result<()> {
        let (head, said) = self.ask("POST", path, error_type, body).await?;
        let why = format!("the runtime API refuses an answer: {}: {}", head.status, String::from_utf8_lossy(&said));
        if head.status.is_server_error() {
            bail!(why);
        }
        if !head.status.is_success() {
            error::failure(true, "RuntimeApi", &why, None, exit::FAILED);
        }
        Ok(())
    }

    async fn ask(&self, method: &str, path: &str, error_type: Option<&str>, body: String) -> Result<(Parts, Vec<u8>)> {
        let whole = async {
            let stream = TcpStream::connect(&self.address).await?;
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            let request = Request::builder()
                .method(method)
                .uri(format!("{PATH}{path}"))
                .header("host", &self.address)
                .header("user-agent", concat!("amictl/", env!("CARGO_PKG_VERSION")));
            let request = match error_type {
                Some(error_type) => request.header("lambda-runtime-function-error-type", error_type),
                None => request,
            };
            let request = request.header("content-type", "application/json").body(body)?;
            let asked = async {
                let (head, body) = sender.send_request(request).await?.into_parts();
                anyhow::Ok((head, whole(body).await?))
            };
            // The connection works only while it is polled, and the answer may outlive it.
            let (mut asked, mut connection) = (pin!(asked), pin!(connection));
            tokio::select! {
                biased;
                done = &mut asked => done,
                _ = &mut connection => asked.await,
            }
        };
        whole.await.with_context(|| format!("the runtime API at {}: {method} {path}", self.address))
    }
}

async fn whole(mut body: Incoming) -> Result<Vec<u8>> {
    let mut read = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Some(data) = frame?.data_ref() {
            read.extend_from_slice(data);
        }
    }
    Ok(read)
}
