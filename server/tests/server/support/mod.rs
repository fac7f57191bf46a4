//! What the tests stand on.

pub mod app;
pub mod client;
pub mod image;
pub mod process;
pub mod remains;

pub use app::TestApp;
pub use client::{Client, Reply};
pub use image::TestImage;
