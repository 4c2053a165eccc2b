//! `--share-with`, `--deprecate-after` and `--protect`: steps once an image is available.

mod keys;
mod steps;
mod stopped;
