//! `copy`: regions, encryption, other accounts, many accounts, existing copies, time-based copies.

mod account_keys;
mod accounts;
mod adoption;
mod basics;
mod encrypted;
mod many_accounts;
mod many_accounts_unfinished;
mod within;
