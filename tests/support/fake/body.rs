//! Response bodies that can break off.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// Stands for a connection that is to be broken off.
#[derive(Debug)]
pub struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken off on purpose")
    }
}

impl std::error::Error for Broken {}

/// A body that promises its whole length and may end halfway.
pub struct Cut {
    rest: Option<Bytes>,
    breaks: bool,
    length: u64,
}

impl Cut {
    /// The whole text, or the first half of it.
    pub fn new(text: String, breaks: bool) -> Cut {
        let length = text.len() as u64;
        let mut rest = Bytes::from(text);
        if breaks {
            rest.truncate(rest.len() / 2);
        }
        Cut { rest: Some(rest), breaks, length }
    }
}

impl Body for Cut {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Poll::Ready(match self.rest.take() {
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None if std::mem::take(&mut self.breaks) => Some(Err(Broken)),
            None => None,
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
