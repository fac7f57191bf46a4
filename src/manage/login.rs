//! What `docker login` uses.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::time::Timestamp;

/// A temporary login: the command's parts (`console.md` A.3.1, SWR `utils/secret`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TemporaryLogin {
    /// `region@access-key`.
    pub username: String,
    /// The login key.
    pub password: Secret,
    /// `host[:port]` of the registry, as the request or the external URL says.
    pub host: String,
    /// Whether the registry is reached without TLS at that address.
    pub is_plain_http: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}
