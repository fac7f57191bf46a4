//! Settings of the instance (`console.md` A.15): the sections whose capability exists. Each saves by itself.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use roadstead::Subject;
use roadstead::manage::setting::{About, Settings, Sourced};

use crate::call::setting::{SaveGeneral, SaveRegistry, get_about, get_settings};
use crate::component::field::{CheckField, Rule, SelectField, TextField};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::load::Load;
use crate::component::page_header::{PageHeader, PageTitle, Tab, Tabs};
use crate::component::table::SkeletonTable;
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::not_found::NotFoundPage;
use crate::text;
use crate::viewer::{use_live, use_viewer};

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
                    "registry" => view! { <SavedSection is_registry=true /> }.into_any(),
                    _ => view! { <SavedSection is_registry=false /> }.into_any(),
                }}
            }
                .into_any()
        }}
    }
    .into_any()
}

#[component]
fn SavedSection(is_registry: bool) -> impl IntoView {
    let changes = use_live().changes;
    let settings = Resource::new(move || changes.get(), |_| get_settings());
    view! {
        <Load
            resource=settings
            fallback=|| view! { <SkeletonTable rows=6 columns=2 /> }
            view=move |settings| {
                if is_registry {
                    view! { <RegistrySection settings=settings /> }.into_any()
                } else {
                    view! { <GeneralSection settings=settings /> }.into_any()
                }
            }
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
    let whole: Rule = Callback::new(move |value: String| {
        let digits = value.trim().replace([',', '_', ' '], "");
        (digits.parse::<u64>().is_err())
            .then(|| t_string!(i18n, settings.invalid_number).to_owned())
    });
    let lifetime: Rule = Callback::new(move |value: String| {
        let seconds = value.trim().replace([',', '_', ' '], "").parse::<u64>();
        (!seconds.is_ok_and(|seconds| (900..=86_400).contains(&seconds)))
            .then(|| t_string!(i18n, errors.setting).to_owned())
    });
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
                        rule=whole
                        testid="settings.organization-quota"
                    />
                    <TextField
                        name="max_layer_bytes"
                        label=text!(i18n, settings.max_layer)
                        help=text!(i18n, settings.max_layer_help)
                        locked=lock(&settings.max_layer_bytes)
                        value=settings.max_layer_bytes.value.to_string()
                        is_required=true
                        max=24
                        rule=whole
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
                        rule=whole
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
                        rule=lifetime
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
