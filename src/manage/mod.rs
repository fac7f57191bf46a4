//! What the console shows and the management API carries: one file per resource, one type for both.
//!
//! Values here are already limited to what the caller may see.

pub mod audit;
pub mod credential;
pub mod grant;
pub mod image;
pub mod login;
pub mod news;
pub mod organization;
pub mod overview;
pub mod profile;
pub mod setting;
pub mod setup;
pub mod share;
pub mod tag;
