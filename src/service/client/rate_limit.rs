//! Rate limiter that keeps every call, SDK retries included, within EC2's request limits.
//!
//! EC2 throttles with a token bucket per account, region and API. This HTTP client sits between the SDK and the network
//! and takes a token before each request, so a bulk run uses the burst, then the sustained rate, without throttling. If
//! EC2 throttles anyway, because of other users of the account, the API slows down and recovers. Places never wait for
//! each other: each has its own limits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::action::action;
use super::retry::TOO_MANY_REQUESTS;
use super::stop;

/// The number of concurrent reads: the number EC2 handles well per account, and the number for raised limits.
const READS_AT_ONCE: usize = 10;
const UNLIMITED_READS_AT_ONCE: usize = 32;
/// The share of the limits in use: requests do not arrive at exactly the intervals at which they are sent.
const MARGIN: f64 = 0.96;
/// The minimum rate of an API after any number of throttles, in calls per second.
const SLOWEST: f64 = 0.5;
/// EC2's HTTP status for a throttled call.
const THROTTLED: u16 = 503;

/// The request limits to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// EC2's documented limits for every account.
    #[default]
    Documented,
    /// No limits, for accounts whose limits AWS has raised: as fast as EC2 answers until it throttles.
    Unlimited,
}

/// The documented burst and tokens per second of an API.
fn limits(action: &str) -> (f64, f64) {
    match action {
        "CopyImage" => (100.0, 1.0),
        "CreateTags" | "DeleteTags" => (100.0, 10.0),
        "DeregisterImage"
        | "DeleteSnapshot"
        | "ModifyImageAttribute"
        | "ModifySnapshotAttribute"
        | "TerminateInstances"
        | "CreateLaunchTemplateVersion"
        | "ModifyLaunchTemplate" => (100.0, 5.0),
        "RunInstances" | "StartInstances" => (5.0, 2.0),
        "DescribeSpotFleetRequests" => (50.0, 3.0),
        read if reads(read) => (100.0, 20.0),
        _ => (50.0, 5.0),
    }
}

fn reads(action: &str) -> bool {
    ["Describe", "Get", "List", "Search"].iter().any(|prefix| action.starts_with(prefix))
}

/// A token bucket: a caller that finds it empty gets the time to wait for its token.
#[derive(Debug)]
struct Bucket {
    burst: f64,
    rate: f64,
    /// The share of the rate in use: 1, less after a throttle.
    share: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn new((burst, rate): (f64, f64), now: Instant) -> Self {
        Self { burst, rate, share: 1.0, tokens: burst, at: now }
    }

    fn fill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.rate * self.share;
        self.tokens = (self.tokens + gained).min(self.burst);
        self.at = now;
    }

    /// Takes a token, possibly a future one, and returns the time to wait for it.
    fn take(&mut self, now: Instant) -> Duration {
        self.fill(now);
        self.tokens -= 1.0;
        match self.tokens {
            left if left >= 0.0 => Duration::ZERO,
            debt => Duration::from_secs_f64(-debt / (self.rate * self.share)),
        }
    }

    /// After a throttle EC2's bucket is empty, whatever this one says: halves the rate.
    fn throttled(&mut self, now: Instant) {
        self.fill(now);
        self.tokens = self.tokens.min(0.0);
        self.share = (self.share / 2.0).max(SLOWEST / self.rate);
    }

    fn accepted(&mut self) {
        self.share = (self.share + 0.05).min(1.0);
    }
}

/// The limits of one account and region.
#[derive(Debug)]
struct Limits {
    pace: Pace,
    buckets: Mutex<HashMap<String, Bucket>>,
    reads: Semaphore,
}

impl Limits {
    fn buckets(&self) -> MutexGuard<'_, HashMap<String, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, action: &str, work: impl FnOnce(&mut Bucket) -> T) -> T {
        let mut buckets = self.buckets();
        let new = || match self.pace {
            Pace::Documented => {
                let (burst, rate) = limits(action);
                Bucket::new((burst * MARGIN, rate * MARGIN), Instant::now())
            }
            // A rate that throttles reduce to what EC2 accepts.
            Pace::Unlimited => Bucket::new((1000.0, 1000.0), Instant::now()),
        };
        work(buckets.entry(action.to_owned()).or_insert_with(new))
    }

    /// Returns when the call may be made.
    async fn turn(&self, action: &str) {
        let wait = self.with(action, |bucket| bucket.take(Instant::now()));
        if !wait.is_zero() {
            tracing::debug!(action, ?wait, "waiting for the request limit");
            tokio::time::sleep(wait).await;
        }
    }

    fn heard(&self, action: &str, answer: &HttpResponse) {
        match answer.status().as_u16() {
            THROTTLED | TOO_MANY_REQUESTS => self.with(action, |bucket| bucket.throttled(Instant::now())),
            _ => self.with(action, Bucket::accepted),
        }
    }
}

/// An HTTP client that keeps the limits of one account and region.
pub(super) fn paced(inner: SharedHttpClient, pace: Pace) -> SharedHttpClient {
    let reads = match pace {
        Pace::Documented => READS_AT_ONCE,
        Pace::Unlimited => UNLIMITED_READS_AT_ONCE,
    };
    let limits = Limits { pace, buckets: Mutex::default(), reads: Semaphore::new(reads) };
    SharedHttpClient::new(PacedClient { inner, limits: Arc::new(limits) })
}

#[derive(Debug)]
struct PacedClient {
    inner: SharedHttpClient,
    limits: Arc<Limits>,
}

impl HttpClient for PacedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(PacedConnector { inner, limits: Arc::clone(&self.limits) })
    }
}

#[derive(Debug)]
struct PacedConnector {
    inner: SharedHttpConnector,
    limits: Arc<Limits>,
}

impl HttpConnector for PacedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, limits) = (self.inner.clone(), Arc::clone(&self.limits));
        HttpConnectorFuture::new(async move {
            let Some(action) = action(&request).map(str::to_owned) else { return inner.call(request).await };
            let reads = reads(&action);
            let made = async {
                let permit = if reads { limits.reads.acquire().await.ok() } else { None };
                let answer = inner.call(request).await?;
                drop(permit);
                limits.heard(&action, &answer);
                Ok(answer)
            };
            // An error kind that the SDK does not retry.
            let stopped = |stopped| ConnectorError::other(Box::new(stopped), None);
            stop::call(reads, limits.turn(&action), made).await.map_err(stopped)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_goes_at_once_and_the_rest_at_the_rate() {
        let now = Instant::now();
        let mut bucket = Bucket::new(limits("DeregisterImage"), now);
        let waits: Vec<Duration> = (0..1000).map(|_| bucket.take(now)).collect();
        assert!(waits[..100].iter().all(Duration::is_zero));
        assert_eq!(waits[100].as_millis(), 200);
        // (1000 − 100) / 5 per second.
        assert_eq!(waits[999].as_secs(), 180);
    }

    #[test]
    fn tokens_come_back_up_to_the_burst() {
        let now = Instant::now();
        let mut bucket = Bucket::new((2.0, 1.0), now);
        assert!(bucket.take(now).is_zero() && bucket.take(now).is_zero());
        assert_eq!(bucket.take(now).as_secs(), 1);
        let later = now + Duration::from_secs(100);
        assert!(bucket.take(later).is_zero() && bucket.take(later).is_zero());
        assert!(!bucket.take(later).is_zero());
    }

    #[test]
    fn a_throttle_halves_the_rate_and_success_restores_it() {
        let now = Instant::now();
        let mut bucket = Bucket::new((100.0, 5.0), now);
        bucket.throttled(now);
        assert_eq!(bucket.take(now).as_millis(), 400);
        for _ in 0..100 {
            bucket.throttled(now);
        }
        assert!(bucket.take(now) <= Duration::from_secs(4), "it never stops altogether");
        for _ in 0..100 {
            bucket.accepted();
        }
        assert!((bucket.share - 1.0).abs() < 1e-9);
    }

    #[test]
    fn each_api_has_the_limits_that_ec2_documents() {
        assert_eq!(limits("CopyImage"), (100.0, 1.0));
        assert_eq!(limits("DescribeImages"), (100.0, 20.0));
        assert_eq!(limits("CreateImage"), (50.0, 5.0));
        assert_eq!(limits("RunInstances"), (5.0, 2.0));
    }
}
