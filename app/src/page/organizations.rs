//! Organizations: the list with creation, and the page of one (`console.md` A.7).
//!
//! To add a tab of one organization: a file in `organizations/`, a [`Tab`](crate::component::page_header::Tab) in
//! `detail.rs`.

mod create;
mod delete;
mod detail;
mod list;

pub use detail::OrganizationDetailPage;
pub use list::OrganizationsPage;
