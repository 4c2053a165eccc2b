//! The action that a request asks for.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// The action of a request in EC2's query protocol: the first parameter of its body.
pub(super) fn action(request: &HttpRequest) -> Option<&str> {
    let body = std::str::from_utf8(request.body().bytes()?).ok()?;
    body.split('&').find_map(|pair| pair.strip_prefix("Action="))
}

/// Service, region and action of a request, for the log.
pub(super) fn described(request: &HttpRequest) -> String {
    // `Credential=KEY/DATE/REGION/SERVICE/aws4_request` is the scope of the signature.
    let signed = request.headers().get("authorization").unwrap_or_default();
    let scope: Vec<&str> = signed.split(',').next().unwrap_or_default().split('/').skip(2).take(2).collect();
    let place = scope.into_iter().rev().collect::<Vec<_>>().join(" ");
    let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
    let path = || request.uri().split('?').next().unwrap_or_default();
    let what = action(request).or(target).unwrap_or_else(path);
    format!("{place} {what}")
}
