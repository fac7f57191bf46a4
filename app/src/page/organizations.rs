//! Organizations: the list with creation, and the page of one (`console.md` A.7).
//!
//! To add a tab of one organization: a file in `organizations/`, a [`Tab`](crate::component::page_header::Tab) in
//! `detail.rs`.

pub mod create;
pub mod delete;
pub mod detail;
pub mod list;

pub use detail::OrganizationDetailPage;
pub use list::OrganizationsPage;
