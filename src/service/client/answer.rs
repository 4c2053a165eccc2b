//! Explanations of foreign answers, and of refusals that a wrong clock causes.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use chrono::{DateTime, NaiveDateTime};

use super::address::shown;
use super::http::Sent;

/// The tolerated clock difference in seconds. AWS accepts requests signed within five minutes of its own time.
const CLOSE_ENOUGH: i64 = 4 * 60;
/// The phrase of messages about a wrong clock; the hint recognises it.
pub(super) const CLOCK: &str = "the clock of this machine is";
/// The phrase of messages about answers that are not from AWS; the hint recognises it.
pub(super) const FOREIGN: &str = "which is no answer of AWS";
/// Codes with which AWS refuses a signature whose time is too far off.
const TIMELY: [&str; 8] = [
    "RequestExpired",
    "RequestTimeTooSkewed",
    "RequestInTheFuture",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
];

/// The place that sent the answer.
pub(super) fn place(answer: &HttpResponse) -> String {
    answer.extension::<Sent>().map_or_else(|| "the endpoint".to_owned(), |sent| sent.place.clone())
}

/// The description of an answer without AWS's code or message.
pub(super) fn wordless(answer: &HttpResponse) -> String {
    let status = answer.status().as_u16();
    let header = |name| answer.headers().get(name).map(shown);
    let kind = header("content-type").map_or_else(|| "without a content type".to_owned(), |kind| format!("({kind})"));
    let place = place(answer);
    let aws = answer.headers().get("content-type").is_some_and(|kind| kind.contains("xml") || kind.contains("json"));
    match header("location") {
        Some(location) => format!("{place} answered HTTP {status} {kind} with Location {location}, {FOREIGN}"),
        None if aws => {
            format!("{place} answered HTTP {status} {kind} without a message; it may not know this operation")
        }
        None => format!("{place} answered HTTP {status} {kind}, {FOREIGN}"),
    }
}

/// The error of this machine's clock, if AWS refuses a request over it.
pub(super) fn clock(answer: &HttpResponse, code: &str) -> Option<String> {
    if !TIMELY.contains(&code) {
        return None;
    }
    let ahead = ahead(answer)?;
    let how = if ahead > 0 { "ahead of" } else { "behind" };
    Some(format!("{CLOCK} {} {how} that of AWS", span(ahead.abs())))
}

/// Whether the signature's time is too far from AWS's clock.
pub(super) fn is_late(answer: &HttpResponse) -> bool {
    ahead(answer).is_some()
}

/// The seconds by which this machine's clock is ahead of AWS's, if too many.
fn ahead(answer: &HttpResponse) -> Option<i64> {
    let signed = answer.extension::<Sent>()?.signed.as_deref()?;
    let here = NaiveDateTime::parse_from_str(signed, "%Y%m%dT%H%M%SZ").ok()?.and_utc();
    let there = DateTime::parse_from_rfc2822(answer.headers().get("date")?).ok()?;
    let ahead = here.timestamp() - there.timestamp();
    (ahead.abs() > CLOSE_ENOUGH).then_some(ahead)
}

fn span(seconds: i64) -> String {
    let minutes = (seconds + 30) / 60;
    match minutes {
        0..120 => format!("{minutes} minutes"),
        120..2880 => format!("{} hours {} minutes", minutes / 60, minutes % 60),
        _ => format!("{} days", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], signed: &str) -> HttpResponse {
        let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        for (name, value) in headers {
            answer.headers_mut().insert(*name, *value);
        }
        answer.add_extension(Sent { place: "x:443".to_owned(), signed: Some(signed.to_owned()) });
        answer
    }

    #[test]
    fn the_clock_is_wrong_by_what_the_answer_says() {
        let date = ("date", "Fri, 02 Jan 2026 03:04:05 GMT");
        for (signed, said) in [
            ("20260102T020405Z", Some("60 minutes behind")),
            ("20260102T032405Z", Some("20 minutes ahead of")),
            ("20260102T080505Z", Some("5 hours 1 minutes ahead of")),
            ("20250102T030405Z", Some("365 days behind")),
            ("20260102T030205Z", None),
            ("now", None),
        ] {
            let told = clock(&answer(400, &[date], signed), "RequestExpired");
            assert_eq!(told, said.map(|said| format!("{CLOCK} {said} that of AWS")), "{signed}");
        }
        assert_eq!(clock(&answer(400, &[date], "20260102T020405Z"), "InvalidAMIID.NotFound"), None);
        assert_eq!(clock(&answer(400, &[], "20260102T020405Z"), "RequestExpired"), None);
    }

    #[test]
    fn an_answer_of_somebody_else_is_told_by_what_it_is() {
        fn told(status: u16, headers: &[(&'static str, &'static str)]) -> String {
            wordless(&answer(status, headers, ""))
        }
        let page = ("content-type", "text/html; charset=utf-8");
        assert_eq!(told(403, &[page]), format!("x:443 answered HTTP 403 (text/html; charset=utf-8), {FOREIGN}"));
        let location = told(302, &[page, ("location", "https://login.example/")]);
        assert!(location.contains("with Location https://login.example/, which"), "{location}");
        assert!(told(429, &[]).contains("HTTP 429 without a content type"));
        assert!(told(400, &[("content-type", "text/xml")]).ends_with("it may not know this operation"));
    }
}
