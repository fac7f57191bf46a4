//! One file per page: its resource and its view, no formatting. What only the server compiles is [`served!`](crate::served).

pub mod account;
#[cfg(feature = "ssr")]
<<<<<<< HEAD
pub mod grants;
=======
pub mod credentials;
>>>>>>> 8d9dafa (A new access key's secret stays with the session that made it until it is saved; the page of one's own credentials)
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
#[cfg(feature = "ssr")]
pub mod shared_images;
#[cfg(feature = "ssr")]
pub mod sharing;
pub mod signin;
pub mod stories;
#[cfg(feature = "ssr")]
pub mod tag_detail;
