//! What the console shows and the management API carries: one file per resource, one type for both.
//!
//! Values here are already limited to what the caller may see.

pub mod account;
pub mod audit;
pub mod credential;
pub mod grant;
pub mod group;
pub mod image;
pub mod login;
pub mod news;
pub mod organization;
pub mod overview;
pub mod package;
pub mod policy;
pub mod profile;
pub mod session;
pub mod setting;
pub mod setup;
pub mod share;
pub mod tag;
pub mod user;
