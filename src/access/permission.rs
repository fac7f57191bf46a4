//! Levels of right on an organization or one image.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Subject};

/// SWR's `auth`: read 1, edit 3, manage 7. Bits, so that `(have & need) == need` decides (`protocol.md` 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Permission {
    /// Pull and see.
    Read,
    /// Read, push, edit attributes, add triggers.
    Edit,
    /// Edit, delete, grant, share.
    Manage,
}

impl Permission {
    /// The number on SWR's wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Edit => 3,
            Self::Manage => 7,
        }
    }

    /// Whether this level includes `need`.
    #[must_use]
    pub const fn includes(self, need: Self) -> bool {
        self.bits() & need.bits() == need.bits()
    }
}

impl TryFrom<u8> for Permission {
    type Error = Error;

    fn try_from(bits: u8) -> Result<Self, Error> {
        match bits {
            1 => Ok(Self::Read),
            3 => Ok(Self::Edit),
            7 => Ok(Self::Manage),
            _ => Err(Error::invalid(
                Subject::Request,
                "a permission is 1 (read), 3 (edit) or 7 (manage)",
            )),
        }
    }
}

impl From<Permission> for u8 {
    fn from(permission: Permission) -> Self {
        permission.bits()
    }
}
