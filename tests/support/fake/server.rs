//! HTTP: takes requests, sends answers or breaks them off.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http_body_util::BodyExt;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use super::body::{Broken, Cut};
use super::judge::Shared;
use super::request::Incoming;

/// Serves until told to stop.
pub fn serve(listener: TcpListener, shared: &Arc<Shared>, mut stop: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        loop {
            let stream = tokio::select! {
                _ = &mut stop => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(_) => continue,
                },
            };
            let _ = stream.set_nodelay(true);
            let shared = Arc::clone(shared);
            tokio::spawn(async move {
                let service = service_fn(|request| answer(&shared, request));
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                let _ = connection.await;
            });
        }
    });
}

/// An error here makes hyper drop the connection, which is what the reset faults want.
async fn answer(
    shared: &Shared,
    request: hyper::Request<hyper::body::Incoming>,
) -> Result<hyper::Response<Cut>, Broken> {
    let _busy = Busy::enter(shared);
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let (authorization, session_token) = (header("authorization"), header("x-amz-security-token"));
    let target = header("x-amz-target");
    let by_amictl = header("x-amz-user-agent").is_some_and(|agent| agent.contains("app/amictl"));
    let (method, path) =
        (request.method().to_string(), request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned());
    let body = request.into_body().collect().await.map_err(|_| Broken)?;
    let body = body.to_bytes().to_vec();
    let incoming = Incoming { method, path, by_amictl, authorization, session_token, target, body };
    let verdict = shared.judge(&incoming);
    if !verdict.wait.is_zero() {
        tokio::time::sleep(verdict.wait).await;
    }
    let reply = verdict.reply.ok_or(Broken)?;
    let mut response = hyper::Response::builder()
        .status(reply.status)
        .header("content-type", reply.content_type)
        .header("content-length", reply.body.len());
    if let Some(code) = reply.error_type {
        response = response.header("x-amzn-errortype", code);
    }
    response.body(Cut::new(reply.body, reply.cut)).map_err(|_| Broken)
}

/// Counts a request as in progress.
struct Busy<'a>(&'a Shared);

impl Busy<'_> {
    fn enter(shared: &Shared) -> Busy<'_> {
        let busy = shared.busy.fetch_add(1, Ordering::SeqCst) + 1;
        shared.peak.fetch_max(busy, Ordering::SeqCst);
        Busy(shared)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::SeqCst);
    }
}
