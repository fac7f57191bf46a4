//! What the tests stand on.

pub mod app;
pub mod client;
pub mod image;
pub mod process;
pub mod remains;
pub mod signed;

pub use app::TestApp;
pub use client::{Client, Reply};
pub use image::TestImage;
pub use signed::Signed;
