//! Use of images: sources, references and verdicts, and use by other accounts.

pub mod accounts;
pub mod kind;
pub mod source;
