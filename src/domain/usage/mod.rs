//! Use of images: the sources, what they say, and what other accounts say.

pub mod accounts;
pub mod source;
