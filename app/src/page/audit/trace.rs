//! One event as JSON, with the reference's keys: to read, to copy, to keep.

use leptos::prelude::*;
use roadstead::manage::audit::AuditEvent;

use crate::call::audit::get_audit_event;
use crate::component::copy::CopyButton;
use crate::component::dialog::{Dialog, use_dialog_item};
use crate::component::icon::Icon;
use crate::component::json_view::JsonView;
use crate::component::load::Load;
use crate::i18n::{t, use_i18n};
use crate::{link, text};

/// The drawer at `?dialog=trace&item={trace id}`.
#[component]
pub fn TraceDialog() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="trace" title=text!(i18n, audit.view_trace) class="drawer">
            <Trace />
        </Dialog>
    }
}

#[component]
fn Trace() -> impl IntoView {
    let id = use_dialog_item().get_untracked().unwrap_or_default();
    let event = Resource::new(|| (), move |()| get_audit_event(id.clone()));
    view! { <Load resource=event is_part=true view=|event| view! { <Record event=event /> } /> }
}

#[component]
fn Record(event: AuditEvent) -> impl IntoView {
    let i18n = use_i18n();
    let json = event.record().json();
    // The file is in the link: nothing has to be asked for again.
    let file = format!("data:application/json;charset=utf-8,{}", link::encode(&json));
    view! {
        <div class="dialog__body">
            <JsonView text=json.clone() />
        </div>
        <footer class="dialog__foot">
            <a
                class="btn"
                href=file
                rel="external"
                download=format!("{}.json", event.trace_id)
                data-testid="audit.trace.download"
            >
                <Icon icon=icondata::LuDownload />
                {t!(i18n, common.download)}
            </a>
            <CopyButton
                text=Signal::stored(json)
                what=text!(i18n, audit.the_event)
                label=text!(i18n, common.copy)
                class="btn btn--primary needs-script"
                testid="audit.trace.copy"
            />
        </footer>
    }
}
