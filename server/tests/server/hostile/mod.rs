//! Hostile input at the registry's door: refused in the protocol's words, in bounded memory, with nothing left behind.
//!
//! [`name`] and [`document`] go through the router; [`wire`] and [`slow`] write bytes to the socket of the real binary
//! ([`target`]), because no client library would send them.

mod document;
mod name;
mod slow;
mod target;
mod wire;
