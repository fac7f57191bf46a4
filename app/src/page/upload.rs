//! Upload through the console: `/upload` (`console.md` A.4.6).
//!
//! The server writes the page and all its words; what no link and no form can say — choosing files, sending them in
//! chunks, going on after a reload — is the module `public/pkg/upload`, which finds the page by `data-upload` and knows no
//! word of its own. Parts that it works with are marked `data-part`. To add a word: a line in [`words`], and both locales.

use std::collections::BTreeMap;

use leptos::prelude::*;
use roadstead::OrganizationName;

use crate::call::organization::pushable_organizations;
use crate::command::Command;
use crate::component::command_block::CommandBlock;
use crate::component::empty::{Art, EmptyState};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::format::limit;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// Files of one visit that are under way (`console.md` A.4.6).
const FILES: u32 = 10;
/// How an archive is made.
const SAVE: &str = "docker save -o nginx.tar nginx:v1";
/// What files are offered by the picker; the server looks at their content only.
const ACCEPTED: &str =
    ".tar,.gz,.tgz,.zst,.tzst,application/x-tar,application/gzip,application/zstd";

/// Icons that the module draws, by the name it knows them by.
const ICONS: [(&str, icondata::Icon); 13] = [
    ("done", icondata::LuCircleCheck),
    ("failed", icondata::LuCircleX),
    ("busy", icondata::LuLoaderCircle),
    ("uploading", icondata::LuUpload),
    ("waits", icondata::LuClock),
    ("pause", icondata::LuPause),
    ("resume", icondata::LuPlay),
    ("cancel", icondata::LuX),
    ("remove", icondata::LuX),
    ("retry", icondata::LuRotateCcw),
    ("copy", icondata::LuCopy),
    ("up", icondata::LuArrowUp),
    ("down", icondata::LuArrowDown),
];

/// `/upload`; `?org=` chooses the organization.
#[component]
pub fn UploadPage() -> impl IntoView {
    let i18n = use_i18n();
    let pushable = Resource::new(|| (), |()| async move { pushable_organizations().await });
    let breadcrumb = vec![(text!(i18n, images.title), "/images".to_owned())];
    view! {
        <PageTitle page=text!(i18n, upload.title) />
        <PageHeader title=text!(i18n, upload.title) breadcrumb=breadcrumb />
        <Load resource=pushable view=|organizations| view! { <Uploader organizations=organizations /> } />
    }
}

#[component]
fn Uploader(organizations: Vec<OrganizationName>) -> impl IntoView {
    let i18n = use_i18n();
    if organizations.is_empty() {
        return view! {
            <EmptyState art=Art::Images title=text!(i18n, upload.none) hint=text!(i18n, upload.none_hint) testid="upload.none" />
        }
        .into_any();
    }
    let query = leptos_router::hooks::use_query_map();
    let asked = query.with_untracked(|query| query.get("org")).unwrap_or_default();
    let options = organizations
        .into_iter()
        .map(|name| {
            let name = name.to_string();
            view! { <option value=name.clone() selected=name == asked>{name.clone()}</option> }
        })
        .collect_view();
    let largest = crate::port::port()
        .map_or(0, |port| port.service().settings_cell().current().max_package_bytes.value);
    let rules = t_string!(i18n, upload.rules, n = FILES, size = limit(largest)).to_string();
    let said = serde_json::to_string(&words(i18n)).unwrap_or_default();
    let host = use_viewer().with_value(|viewer| viewer.site.host.clone());
    let icons = ICONS
        .map(|(name, icon)| view! { <span data-icon=name><Icon icon=icon /></span> })
        .collect_view();
    let save = Signal::derive(|| Command::plain(SAVE));
    view! {
        <p class="banner no-script" data-testid="upload.noscript">{t!(i18n, upload.no_script)}</p>
        <section
            class="card stack upload"
            data-upload=""
            data-words=said
            data-limit=largest.to_string()
            data-files=FILES.to_string()
            data-host=host
            data-testid="upload"
        >
            <div hidden>{icons}</div>
            <p class="sr-only" role="status" aria-live="polite" data-part="live" data-testid="upload.live"></p>
            <div class="form-grid form-grid--2">
                <div class="field">
                    <label class="field__label" for="upload-organization">{t!(i18n, upload.organization)}</label>
                    <select class="select" id="upload-organization" data-part="organization" data-testid="upload.organization">
                        {options}
                    </select>
                </div>
                <div class="field">
                    <span class="field__label" id="upload-type">{t!(i18n, upload.visibility)}</span>
                    <div class="segmented" role="radiogroup" aria-labelledby="upload-type">
                        <label>
                            <input type="radio" name="visibility" value="private" checked />
                            <Icon icon=icondata::LuLock class="icon icon--sm" />
                            {t!(i18n, images.private)}
                        </label>
                        <label>
                            <input type="radio" name="visibility" value="public" data-testid="upload.public" />
                            <Icon icon=icondata::LuGlobe class="icon icon--sm" />
                            {t!(i18n, images.public)}
                        </label>
                    </div>
                </div>
            </div>
            <div class="stack stack--sm">
                <div class="file-drop" data-part="zone" data-testid="upload.zone">
                    <Icon icon=icondata::LuFileUp class="icon icon--lg" />
                    <span>{t!(i18n, upload.drop)}</span>
                    <button type="button" class="btn btn--sm" data-part="choose" data-testid="upload.choose">
                        {t!(i18n, upload.choose)}
                    </button>
                    <input
                        type="file"
                        multiple
                        hidden
                        accept=ACCEPTED
                        data-part="input"
                        data-testid="upload.input"
                        aria-label=t_string!(i18n, upload.choose)
                    />
                </div>
                <p class="field__help">
                    {rules} " "
                    <a href="/images?dialog=upload" data-testid="upload.client">{t!(i18n, upload.use_client)}</a>
                </p>
                <div class="stack stack--sm">
                    <p class="field__help">{t!(i18n, upload.save_help)}</p>
                    <CommandBlock command=save testid="upload.save" />
                </div>
            </div>
            <p class="banner" data-part="note" data-testid="upload.note" hidden></p>
            <div class="stack stack--sm" data-part="files" hidden>
                <div class="row">
                    <h2 class="h3" data-part="count"></h2>
                    <span class="muted small" data-part="summary" data-testid="upload.summary"></span>
                </div>
                <progress class="progress" max="100" value="0" data-part="overall" data-testid="upload.overall" aria-label=t_string!(i18n, upload.progress) hidden></progress>
                <ul class="rows" data-part="list" data-testid="upload.list"></ul>
            </div>
            <div class="row row--wrap">
                <span class="soft hide-sm">{t!(i18n, upload.stay)}</span>
                <span class="push"></span>
                <button type="button" class="btn" data-part="clear" data-testid="upload.clear" hidden>
                    {t!(i18n, upload.clear)}
                </button>
                <button type="button" class="btn" data-part="cancel-all" data-testid="upload.cancel-all" hidden>
                    {t!(i18n, upload.cancel_all)}
                </button>
                <button type="button" class="btn btn--primary" data-part="start" data-testid="upload.start" aria-disabled="true">
                    {t!(i18n, upload.start)}
                </button>
            </div>
        </section>
    }
    .into_any()
}

/// Everything that the module says. What it puts in stands in braces.
fn words(i18n: I18n) -> BTreeMap<&'static str, String> {
    macro_rules! said {
        ($($key:ident $(($($hole:ident),*))?;)*) => {
            BTreeMap::from([$((
                stringify!($key),
                t_string!(i18n, upload.$key $($(, $hole = concat!("{", stringify!($hole), "}"))*)?).to_string(),
            ),)*])
        };
    }
    said! {
        pending; queued; uploading; paused; waiting; processing; done; failed; cancelled; rejected;
        reading(n); tagging; offline; progress; creates; repository; repository_of(name); choose_again(sent, size);
        seconds_left(n); minutes_left(n); hours_left(n);
        pause; resume; cancel; retry; remove; up; down; copy;
        files(n); n_done(n); n_busy(n); n_queued(n); n_failed(n);
        pill(n, of, share); unfinished(n); ignored(n); no_folders;
        said_done(name); said_failed(name, why);
        fault_4130025; fault_4001022; fault_4000064; fault_4000065; fault_4000066; fault_4000067; fault_4000068;
        fault_4000069; fault_4001029; fault_4009021; fault_4039002; fault_4040010;
        fault_quota; fault_gone; fault_failed; fault_refused; fault_unknown; fault_duplicate; fault_empty; fault_unreadable;
    }
}
