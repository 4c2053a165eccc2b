//! The four forms of answers of AWS: EC2's, the general query form, JSON, and REST with JSON.

use super::errors::Refusal;
use super::xml::Xml;

/// How a service reads requests and writes documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Form in, XML out, as only EC2 does it.
    Ec2,
    /// Form in, XML out, as the other services of that age do it.
    Query,
    /// JSON in and out; the operation is in the header `X-Amz-Target`.
    Json,
    /// JSON in and out; the operation is in the method and the path, the code of an error in a header.
    RestJson,
}

/// EC2's codes for what every service refuses, and the codes of the general query form and of JSON.
const SPELLINGS: [(&str, &str, &str); 10] = [
    ("AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException"),
    ("RequestExpired", "ExpiredToken", "ExpiredTokenException"),
    ("MissingAuthenticationToken", "MissingAuthenticationToken", "MissingAuthenticationTokenException"),
    ("IncompleteSignature", "IncompleteSignature", "IncompleteSignatureException"),
    ("InvalidAction", "InvalidAction", "UnknownOperationException"),
    ("NoSuchVersion", "InvalidAction", "UnknownOperationException"),
    ("MissingParameter", "ValidationError", "ValidationException"),
    ("UnknownParameter", "ValidationError", "ValidationException"),
    ("InvalidParameterValue", "ValidationError", "ValidationException"),
    ("InvalidParameterCombination", "ValidationError", "ValidationException"),
];

impl Protocol {
    /// A refusal in the words of this protocol; codes of a service's own pass unchanged.
    pub fn spell(self, refusal: Refusal) -> Refusal {
        let Some((_, query, json)) = SPELLINGS.iter().find(|(code, _, _)| *code == refusal.code) else {
            return refusal;
        };
        let (code, status) = match self {
            Protocol::Ec2 => return refusal,
            Protocol::Query if matches!(refusal.code.as_str(), "AuthFailure" | "RequestExpired") => (query, 403),
            Protocol::Query => (query, refusal.status),
            Protocol::Json => (json, 400),
            Protocol::RestJson => (json, rest_status(&refusal.code)),
        };
        Refusal { status, code: (*code).to_owned(), message: refusal.message }
    }

    /// Content type of its documents.
    pub fn content_type(self) -> &'static str {
        match self {
            Protocol::Ec2 => "text/xml;charset=UTF-8",
            Protocol::Query => "text/xml",
            Protocol::Json => "application/x-amz-json-1.1",
            Protocol::RestJson => "application/json",
        }
    }

    /// The document of an accepted request.
    pub fn envelope(self, namespace: &str, action: &str, inner: &str, request_id: &str) -> String {
        let content = match self {
            Protocol::Json | Protocol::RestJson if inner.is_empty() => return "{}".to_owned(),
            Protocol::Json | Protocol::RestJson => return inner.to_owned(),
            Protocol::Ec2 => format!("<requestId>{request_id}</requestId>{inner}"),
            Protocol::Query => format!(
                "<{action}Result>{inner}</{action}Result>\
                 <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
            ),
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <{action}Response xmlns=\"{namespace}\">{content}</{action}Response>"
        )
    }

    /// The document of a refused request.
    pub fn error_document(self, refusal: &Refusal, request_id: &str) -> String {
        let mut x = Xml::new();
        match self {
            Protocol::Json => {
                return serde_json::json!({"__type": refusal.code, "message": refusal.message}).to_string();
            }
            Protocol::RestJson => return serde_json::json!({"message": refusal.message}).to_string(),
            Protocol::Ec2 => x.node("Response", |x| {
                x.node("Errors", |x| {
                    x.node("Error", |x| {
                        x.leaf("Code", &refusal.code).leaf("Message", &refusal.message);
                    });
                });
                x.leaf("RequestID", request_id);
            }),
            Protocol::Query => x.node("ErrorResponse", |x| {
                x.node("Error", |x| {
                    x.leaf("Type", if refusal.status < 500 { "Sender" } else { "Receiver" });
                    x.leaf("Code", &refusal.code).leaf("Message", &refusal.message);
                });
                x.leaf("RequestId", request_id);
            }),
        };
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", x.done())
    }
}

/// REST services tell by the status what is wrong, where the other JSON services answer 400 to everything.
fn rest_status(code: &str) -> u16 {
    match code {
        "AuthFailure" | "RequestExpired" | "MissingAuthenticationToken" | "IncompleteSignature" => 403,
        "InvalidAction" | "NoSuchVersion" => 404,
        _ => 400,
    }
}
