//! Aliases in all places of a run: listed, and moved everywhere or nowhere.
//!
//! 1. [`promote`] finds the image for each place; [`rollback`] takes it from the [`past`]. Both make an
//!    [`moves::AliasMove`] of it. [`tested`] finds the verdict of a boot test that it stands on.
//! 2. [`check`] looks at every place with its own credentials. One refusal: nothing is written.
//! 3. [`write`] writes side by side, and [`shown`] reads back until SSM shows the value.
//! 4. [`templates`] then gives the image to the launch templates that are named.
//! 5. [`conclude`] says how it ended, with the lines that finish it and, of [`put_back`], that put it back.

pub mod check;
pub mod conclude;
pub mod copies;
pub mod helps;
pub mod list;
pub mod moves;
pub mod past;
pub mod promote;
pub mod put_back;
pub mod rollback;
pub mod run;
pub mod shown;
pub mod templates;
pub mod tested;
pub mod write;
