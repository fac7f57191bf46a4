//! What a live page is told while it is open.

use serde::{Deserialize, Serialize};

use crate::name::ImageName;

/// What changed since the last time, of what the viewer sees. It says where to look again and holds no facts itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct News {
    /// Where to go on from. Opaque; belongs to one process of the server.
    pub cursor: String,
    /// Images that changed: pushed to, edited, deleted. Each once.
    pub images: Vec<ImageName>,
    /// Something besides: organizations, rights, or more than can be told.
    pub is_wide: bool,
}

impl News {
    /// Nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.images.is_empty() && !self.is_wide
    }
}
