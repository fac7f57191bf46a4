//! Settings of the instance (`console.md` A.15): the sections whose capability exists. Each saves by itself.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use roadstead::Subject;
use roadstead::manage::setting::{About, LONGEST_ANNOUNCEMENT, Settings, Sourced};

use crate::call::setting::{SaveAudit, SaveGeneral, SaveRegistry, get_about, get_settings};
use crate::component::field::{CheckField, SelectField, TextArea, TextField};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::load::Load;
use crate::component::page_header::{PageHeader, PageTitle, Tab, Tabs};
use crate::component::table::SkeletonTable;
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::not_found::NotFoundPage;
use crate::text;
use crate::viewer::use_viewer;

/// Settings; a 404 for everybody who may not see them.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let i18n = use_i18n();
    if !use_viewer()
        .with_value(|viewer| viewer.profile.as_ref().is_some_and(|profile| profile.is_operator))
    {
        return view! { <NotFoundPage /> }.into_any();
    }
    let params = use_params_map();
    let section = memo(move |_| {
        params.with(|params| params.get("section").unwrap_or_else(|| "general".to_owned()))
    });
    view! {
        {move || {
            let section = section.get();
            let title = match section.as_str() {
                "general" => text!(i18n, settings.general),
                "registry" => text!(i18n, settings.registry),
                "audit" => text!(i18n, settings.audit),
                "about" => text!(i18n, settings.about),
                _ => return view! { <NotFoundPage /> }.into_any(),
            };
            let tab = |name: &str, label, testid| Tab {
                label,
                count: None,
                href: format!("/settings/{name}"),
                is_current: section == name,
                testid,
            };
            let tabs = vec![
                tab("general", text!(i18n, settings.general), "settings.tab.general"),
                tab("registry", text!(i18n, settings.registry), "settings.tab.registry"),
                tab("audit", text!(i18n, settings.audit), "settings.tab.audit"),
                tab("about", text!(i18n, settings.about), "settings.tab.about"),
            ];
            let below = ViewFn::from(move || {
                view! { <Tabs label=text!(i18n, settings.title) tabs=tabs.clone() /> }
            });
            view! {
                <PageTitle page=text!(i18n, settings.title) object=title />
                <PageHeader title=text!(i18n, settings.title) below=below has_tabs=true />
                {match section.as_str() {
                    "about" => view! { <AboutSection /> }.into_any(),
                    "registry" => view! { <SavedSection section=|settings| view! { <RegistrySection settings=settings /> }.into_any() /> }.into_any(),
                    "audit" => view! { <SavedSection section=|settings| view! { <AuditSection settings=settings /> }.into_any() /> }.into_any(),
                    _ => view! { <SavedSection section=|settings| view! { <GeneralSection settings=settings /> }.into_any() /> }.into_any(),
                }}
            }
                .into_any()
        }}
    }
    .into_any()
}

#[component]
fn SavedSection(section: fn(Settings) -> AnyView) -> impl IntoView {
    let settings = Resource::new(|| (), |()| get_settings());
    view! {
        <Load
            resource=settings
            fallback=|| view! { <SkeletonTable rows=6 columns=2 /> }
            view=section
        />
    }
}

/// "Set by the configuration" for values that file, environment or flags fix.
fn lock<T>(value: &Sourced<T>) -> MaybeProp<String> {
    let i18n = use_i18n();
    if value.source.is_locked() {
        MaybeProp::derive(move || Some(t_string!(i18n, components.locked).to_owned()))
    } else {
        MaybeProp::default()
    }
}

#[component]
fn GeneralSection(settings: Settings) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<SaveGeneral>::new();
    let url_error = derive(move || match action.value().get() {
        Some(Err(error)) if error.subject == Subject::Url => Some(error.text(i18n)),
        _ => None,
    });
    let languages = vec![
        (String::new(), text!(i18n, account.language_browser)),
        ("zh-CN".to_owned(), Signal::stored("中文".to_owned())),
        ("en".to_owned(), Signal::stored("English".to_owned())),
    ];
    let levels = vec![
        ("info".to_owned(), text!(i18n, settings.announcement_info)),
        ("warning".to_owned(), text!(i18n, settings.announcement_warning)),
    ];
    let is_configured = settings.region.source.is_locked();
    let region_lock = MaybeProp::derive(move || {
        let why = if is_configured {
            t_string!(i18n, components.locked)
        } else {
            t_string!(i18n, settings.region_fixed)
        };
        Some(why.to_owned())
    });
    view! {
        <section class="card" data-testid="settings.general">
            <div class="card__body card__body--form">
                <CallForm
                    action=action
                    hide_error=derive(move || url_error.get().is_some())
                    testid="settings.general.form"
                >
                    <Changes>
                    <TextField
                        name="site_name"
                        label=text!(i18n, settings.site_name)
                        help=text!(i18n, settings.site_name_help)
                        locked=lock(&settings.site_name)
                        value=settings.site_name.value
                        is_required=true
                        max=32
                        testid="settings.site-name"
                    />
                    <TextField
                        name="external_url"
                        label=text!(i18n, settings.external_url)
                        help=text!(i18n, settings.external_url_help)
                        locked=lock(&settings.external_url)
                        value=settings.external_url.value
                        kind="url"
                        error=url_error
                        testid="settings.external-url"
                    />
                    <TextField
                        name="internal_address"
                        label=text!(i18n, settings.internal_address)
                        help=text!(i18n, settings.internal_address_help)
                        locked=lock(&settings.internal_address)
                        value=settings.internal_address.value.as_ref().map_or(String::new(), ToString::to_string)
                        is_mono=true
                        max=300
                        testid="settings.internal-address"
                    />
                    <TextField
                        name="region"
                        label=text!(i18n, settings.region_id)
                        locked=region_lock
                        value=settings.region.value
                        is_required=true
                        testid="settings.region"
                    />
                    <TextField
                        name="region_name"
                        label=text!(i18n, settings.region_name)
                        locked=lock(&settings.region_name)
                        value=settings.region_name.value
                        is_required=true
                        max=64
                        testid="settings.region-name"
                    />
                    <SelectField
                        name="language"
                        label=text!(i18n, settings.default_language)
                        options=languages
                        locked=lock(&settings.language)
                        value=settings.language.value.map_or(String::new(), |language| language.as_str().to_owned())
                        testid="settings.language"
                    />
                    <TextArea
                        name="announcement"
                        label=text!(i18n, settings.announcement)
                        value=settings.announcement.value
                        max=LONGEST_ANNOUNCEMENT
                        rows=3
                        testid="settings.announcement"
                    />
                    <p class="field__help">{t!(i18n, settings.announcement_help)}</p>
                    <SelectField
                        name="announcement_level"
                        label=text!(i18n, settings.announcement_level)
                        options=levels
                        locked=lock(&settings.announcement_level)
                        value=settings.announcement_level.value.as_str()
                        testid="settings.announcement-level"
                    />
                    <TextField
                        name="announcement_until"
                        label=text!(i18n, settings.announcement_until)
                        help=text!(i18n, settings.announcement_until_help)
                        locked=lock(&settings.announcement_until)
                        value=settings.announcement_until.value.map_or(String::new(), |until| until.to_string())
                        is_mono=true
                        max=40
                        testid="settings.announcement-until"
                    />
                    </Changes>
                </CallForm>
            </div>
        </section>
    }
}

#[component]
fn RegistrySection(settings: Settings) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<SaveRegistry>::new();
    let locked: Vec<&str> = [
        ("anonymous_access", settings.anonymous_access.source),
        ("create_on_push", settings.create_on_push.source),
    ]
    .into_iter()
    .filter(|(_, source)| source.is_locked())
    .map(|(name, _)| name)
    .collect();
    let types = vec![
        ("private".to_owned(), text!(i18n, common.private)),
        ("public".to_owned(), text!(i18n, common.public)),
    ];
    view! {
        <section class="card" data-testid="settings.registry">
            <div class="card__body card__body--form">
                <CallForm action=action testid="settings.registry.form">
                    <Changes>
                    <input type="hidden" name="locked" value=locked.join(" ") />
                    <TextField
                        name="organization_quota"
                        label=text!(i18n, settings.organization_quota)
                        help=text!(i18n, settings.quota_help)
                        locked=lock(&settings.organization_quota)
                        value=settings.organization_quota.value.to_string()
                        is_required=true
                        max=12
                        testid="settings.organization-quota"
                    />
                    <TextField
                        name="storage_quota"
                        label=text!(i18n, settings.storage_quota)
                        help=text!(i18n, settings.storage_quota_help)
                        locked=lock(&settings.storage_quota)
                        value=settings.storage_quota.value.to_string()
                        is_required=true
                        max=24
                        testid="settings.storage-quota"
                    />
                    <TextField
                        name="max_layer_bytes"
                        label=text!(i18n, settings.max_layer)
                        help=text!(i18n, settings.max_layer_help)
                        locked=lock(&settings.max_layer_bytes)
                        value=settings.max_layer_bytes.value.to_string()
                        is_required=true
                        max=24
                        testid="settings.max-layer"
                    />
                    <TextField
                        name="max_concurrent_layers"
                        label=text!(i18n, settings.max_concurrent_layers)
                        help=text!(i18n, settings.max_concurrent_layers_help)
                        locked=lock(&settings.max_concurrent_layers)
                        value=settings.max_concurrent_layers.value.to_string()
                        is_required=true
                        max=8
                        testid="settings.max-concurrent-layers"
                    />
                    <TextField
                        name="temporary_login_ttl"
                        label=text!(i18n, settings.temporary_login)
                        help=text!(i18n, settings.temporary_login_help)
                        locked=lock(&settings.temporary_login_ttl)
                        value=settings.temporary_login_ttl.value.to_string()
                        is_required=true
                        max=8
                        testid="settings.temporary-login"
                    />
                    <CheckField
                        name="anonymous_access"
                        label=text!(i18n, settings.anonymous)
                        locked=lock(&settings.anonymous_access)
                        is_checked=settings.anonymous_access.value
                        testid="settings.anonymous"
                    />
                    <CheckField
                        name="create_on_push"
                        label=text!(i18n, settings.create_on_push)
                        locked=lock(&settings.create_on_push)
                        is_checked=settings.create_on_push.value
                        testid="settings.create-on-push"
                    />
                    <SelectField
                        name="new_images"
                        label=text!(i18n, settings.default_type)
                        options=types
                        locked=lock(&settings.new_images_public)
                        value=if settings.new_images_public.value { "public" } else { "private" }
                        testid="settings.default-type"
                    />
                    </Changes>
                </CallForm>
            </div>
        </section>
    }
}

/// What the audit log keeps.
#[component]
fn AuditSection(settings: Settings) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<SaveAudit>::new();
    let locked: Vec<&str> = [
        ("data_events", settings.audit_data_events.source),
        ("read_events", settings.audit_read_events.source),
    ]
    .into_iter()
    .filter(|(_, source)| source.is_locked())
    .map(|(name, _)| name)
    .collect();
    view! {
        <section class="card" data-testid="settings.audit">
            <div class="card__body card__body--form">
                <CallForm action=action testid="settings.audit.form">
                    <Changes>
                        <input type="hidden" name="locked" value=locked.join(" ") />
                        <TextField
                            name="retention_days"
                            label=text!(i18n, settings.audit_retention)
                            help=text!(i18n, settings.audit_retention_help)
                            locked=lock(&settings.audit_retention_days)
                            value=settings.audit_retention_days.value.to_string()
                            is_required=true
                            max=5
                            testid="settings.audit-retention"
                        />
                        <CheckField
                            name="data_events"
                            label=text!(i18n, settings.audit_data_events)
                            locked=lock(&settings.audit_data_events)
                            is_checked=settings.audit_data_events.value
                            testid="settings.audit-data-events"
                        />
                        <CheckField
                            name="read_events"
                            label=text!(i18n, settings.audit_read_events)
                            locked=lock(&settings.audit_read_events)
                            is_checked=settings.audit_read_events.value
                            testid="settings.audit-read-events"
                        />
                    </Changes>
                </CallForm>
            </div>
        </section>
    }
}

/// Fields, and below them Save and Discard: there once something changed, and always without scripts.
#[component]
fn Changes(
    /// The fields.
    children: Children,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div class="form-grid">{children()}</div>
        <div class="row savebar">
            <SubmitButton label=text!(i18n, common.save) testid="settings.save" />
            <button type="reset" class="btn" data-testid="settings.discard">
                {t!(i18n, common.discard)}
            </button>
        </div>
    }
}

#[component]
fn AboutSection() -> impl IntoView {
    let i18n = use_i18n();
    let about = Resource::new(|| (), |()| get_about());
    view! {
        <Load
            resource=about
            fallback=|| view! { <SkeletonTable rows=4 columns=2 /> }
            view=move |about: About| {
                view! {
                    <section class="card" data-testid="settings.about">
                        <div class="card__body">
                            <dl class="facts facts--list">
                                <div>
                                    <dt>{t!(i18n, settings.version)}</dt>
                                    <dd class="mono" data-testid="settings.version">{about.version}</dd>
                                </div>
                                <div>
                                    <dt>{t!(i18n, settings.database)}</dt>
                                    <dd class="mono">{about.database}</dd>
                                </div>
                                <div>
                                    <dt>{t!(i18n, settings.storage)}</dt>
                                    <dd class="mono">{about.storage}</dd>
                                </div>
                                <div>
                                    <dt>{t!(i18n, settings.started)}</dt>
                                    <dd><Time at=about.started_at is_absolute=true /></dd>
                                </div>
                                <div>
                                    <dt>{t!(i18n, settings.licence)}</dt>
                                    <dd>{t!(i18n, settings.licence_text)}</dd>
                                </div>
                            </dl>
                        </div>
                    </section>
                }
            }
        />
    }
}
