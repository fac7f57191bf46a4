//! Server functions: parse, take the context, call one service method, translate the error. One file per resource.
//!
//! They are public endpoints under `/console/call`; the server's layer checks origin and CSRF token (`_csrf` in plain
//! forms, `x-csrf-token` from WASM). To add one, copy a neighbour; the service decides what is allowed.

pub mod account;
pub mod audit;
pub mod credential;
pub mod grant;
pub mod group;
pub mod image;
pub mod news;
pub mod organization;
pub mod overview;
pub mod policy;
pub mod session;
pub mod setting;
pub mod setup;
pub mod share;
pub mod tag;
pub mod tenant;
pub mod user;
