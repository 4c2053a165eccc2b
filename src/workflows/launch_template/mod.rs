//! Launch templates: a first version, or one from the default version with another image.
//!
//! Everything is checked in every place before anything is written. A version with the same contents is used again.

pub mod image;
pub mod promote;
pub mod run;

mod apply;
mod check;

pub use check::TemplateRequest;
