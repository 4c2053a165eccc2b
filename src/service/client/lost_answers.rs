//! Tracks retries whose answer was lost: the last error may hide an earlier success.
//!
//! The SDK repeats a call whose answer is lost and returns only the last error, e.g. that the name is taken by the
//! image of an earlier attempt.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::error::{self, ApiError};
use super::retry;

/// Counts the attempts of one call that were sent and not refused.
#[derive(Debug, Clone, Default)]
pub struct Attempts(Arc<AtomicUsize>);

impl Attempts {
    /// Marks the error if the answer to any attempt was lost.
    pub fn judged(&self, error: ApiError) -> ApiError {
        // A call stopped before its first attempt was counted, but not sent.
        let answer_lost = !error::is_interrupted(&error) && self.0.load(Ordering::Relaxed) > 0;
        ApiError { answer_lost, ..error }
    }
}

#[dyn_dispatch_hint]
impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.response().is_some_and(refused) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Whether the answer says that nothing was done. After other errors of AWS that is unknown.
fn refused(response: &HttpResponse) -> bool {
    response.status().is_client_error() || response.body().bytes().is_some_and(retry::did_nothing)
}
