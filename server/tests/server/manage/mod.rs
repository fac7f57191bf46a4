//! The management API (`swr-api.md`), asked as SWR's SDK asks it.

mod audit;
mod cost;
mod document;
mod image;
mod login;
mod organization;
mod paging;
mod refusal;
mod sharing;
mod sweep;
mod tag;
mod version;
