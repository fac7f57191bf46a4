//! Looking after what is stored: [`collect`] what nobody needs, [`check`] that everything is there, [`backup`] it, and
//! [`restore`] it.
//!
//! # Invariants
//! - All of it runs beside everything else, in this or another process, and may stop anywhere: what is left is found the
//!   next time.
//! - Bytes go before the row that names them; a row that outlives its bytes is removed by the next turn.
//! - No transaction is open while bytes are moved.

pub mod archive;
pub mod backup;
pub mod check;
pub mod collect;
pub mod restore;
#[cfg(test)]
mod tests;
