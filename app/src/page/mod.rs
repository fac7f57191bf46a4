//! One file per page: its resource and its view, no formatting.

pub mod account;
pub mod image_description;
pub mod image_detail;
pub mod image_guide;
pub mod image_tags;
pub mod images;
pub mod not_found;
pub mod organizations;
pub mod overview;
pub mod settings;
pub mod setup;
pub mod signin;
pub mod stories;
pub mod tag_detail;
