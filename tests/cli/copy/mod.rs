//! `copy`: regions, encryption, images of other accounts, many accounts, copies that exist already.

mod account_keys;
mod accounts;
mod adoption;
mod basics;
mod encrypted;
mod many_accounts;
mod many_accounts_unfinished;
