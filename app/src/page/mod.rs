//! One file per page: its resource and its view, no formatting. What only the server compiles is [`served!`](crate::served).

pub mod account;
#[cfg(feature = "ssr")]
pub mod audit;
#[cfg(feature = "ssr")]
pub mod image_description;
pub mod image_detail;
#[cfg(feature = "ssr")]
pub mod image_guide;
pub mod image_tags;
pub mod images;
pub mod not_found;
pub mod organizations;
pub mod overview;
#[cfg(feature = "ssr")]
pub mod preferences;
#[cfg(feature = "ssr")]
pub mod settings;
pub mod setup;
pub mod signin;
pub mod stories;
#[cfg(feature = "ssr")]
pub mod tag_detail;
