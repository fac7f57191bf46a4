//! Hostile input at the registry's door: refused in the protocol's words, in bounded memory, with nothing left behind.
//!
//! [`name`] and [`document`] go through the router.

mod document;
mod name;
