//! What the configuration says, what is attached, and the layers.

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::manage::tag::{Attachment, ManifestDetail};

use super::facts::{Facts, Variable, source_link};
use crate::component::digest::DigestText;
use crate::component::icon::Icon;
use crate::component::layer_list::LayerList;
use crate::component::size::Bytes;
use crate::component::tag_table::manifest_link;
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::image_tags::query::artifact_label;

/// The part "Summary".
#[component]
pub fn SummaryPart(
    /// The image.
    image: ImageName,
    /// The manifest.
    detail: ManifestDetail,
) -> impl IntoView {
    let i18n = use_i18n();
    let is_index = detail.manifest.media_type.is_index();
    let facts = detail.config.as_ref().map(Facts::of);
    let labels = facts.as_ref().map(|facts| facts.labels.clone()).unwrap_or_default();
    let annotations: Vec<(String, String)> = detail.annotations.clone().into_iter().collect();
    let source = source_link(
        annotations.iter().chain(&labels).map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let configuration = match facts {
        Some(facts) => {
            view! { <Configuration facts=facts detail=detail.clone() source=source /> }.into_any()
        }
        None => {
            let words = move || {
                if is_index {
                    t_string!(i18n, images.index_summary)
                } else {
                    t_string!(i18n, images.no_configuration)
                }
            };
            view! {
                <dl class="facts facts--rows">
                    <Kinds detail=detail.clone() />
                </dl>
                <p class="soft" data-testid="tag.no_configuration">
                    {words}
                </p>
            }
            .into_any()
        }
    };
    view! {
        <div class="stack stack--lg">
            <section class="card" data-testid="tag.configuration">
                <div class="card__head">
                    <h2>{t!(i18n, images.configuration)}</h2>
                </div>
                <div class="card__body stack">{configuration}</div>
            </section>
            {pairs_card(labels, i18n, true)}
            {pairs_card(annotations, i18n, false)}
            <Attachments image=image rows=detail.referrers />
        </div>
    }
}

/// Media type and artifact type.
#[component]
fn Kinds(detail: ManifestDetail) -> impl IntoView {
    let i18n = use_i18n();
    let artifact = artifact_label(&detail.manifest);
    view! {
        <div>
            <dt>{t!(i18n, images.media_type)}</dt>
            <dd class="mono">{detail.manifest.media_type.as_str()}</dd>
        </div>
        {artifact
            .map(|kind| {
                view! {
                    <div>
                        <dt>{t!(i18n, images.artifact_type)}</dt>
                        <dd class="mono">{kind}</dd>
                    </div>
                }
            })}
    }
}

#[component]
fn Configuration(facts: Facts, detail: ManifestDetail, source: Option<String>) -> impl IntoView {
    let i18n = use_i18n();
    let platform = detail.manifest.platform.as_ref().map(ToString::to_string);
    let row = |label: AnyView, value: Option<String>, testid: &'static str| {
        value.map(|value| {
            view! {
                <div>
                    <dt>{label}</dt>
                    <dd class="mono" data-testid=testid>
                        {value}
                    </dd>
                </div>
            }
        })
    };
    let list = |values: Vec<String>| (!values.is_empty()).then(|| values.join(", "));
    let environment = (!facts.environment.is_empty()).then(|| {
        let rows = facts
            .environment
            .into_iter()
            .map(|variable| view! { <EnvironmentRow variable=variable /> })
            .collect_view();
        view! {
            <div class="stack stack--sm">
                <h3>{t!(i18n, images.environment)}</h3>
                <ul class="env" data-testid="tag.environment">{rows}</ul>
            </div>
        }
    });
    let source = source.map(|href| {
        view! {
            <div>
                <dt>{t!(i18n, images.source)}</dt>
                <dd>
                    <a href=href.clone() rel="nofollow noopener noreferrer external" data-testid="tag.source">
                        {href.clone()}
                    </a>
                </dd>
            </div>
        }
    });
    view! {
        <dl class="facts facts--rows" data-testid="tag.config.facts">
            {row(t!(i18n, images.os_arch).into_any(), platform, "tag.config.platform")}
            {row(t!(i18n, images.entrypoint).into_any(), facts.entrypoint, "tag.config.entrypoint")}
            {row(t!(i18n, images.command).into_any(), facts.command, "tag.config.command")}
            {row(t!(i18n, images.working_dir).into_any(), facts.working_dir, "tag.config.workdir")}
            {row(t!(i18n, images.user).into_any(), facts.user, "tag.config.user")}
            {row(t!(i18n, images.ports).into_any(), list(facts.ports), "tag.config.ports")}
            {row(t!(i18n, images.volumes).into_any(), list(facts.volumes), "tag.config.volumes")}
            {row(t!(i18n, images.built).into_any(), facts.created, "tag.config.created")}
            {source}
            <Kinds detail=detail />
        </dl>
        {environment}
    }
}

/// One variable; a value that may be a secret is masked until asked for. Without scripts it stays masked.
#[component]
fn EnvironmentRow(variable: Variable) -> impl IntoView {
    let i18n = use_i18n();
    let name = variable.name.clone();
    let (shown, hidden) = if variable.is_masked {
        ("••••••••".to_owned(), Some(variable.value.clone()))
    } else {
        (variable.value.clone(), None)
    };
    let toggle = variable.is_masked.then(|| {
        let name = variable.name.clone();
        let label = t_string!(i18n, images.secret_show, name = name.as_str()).to_string();
        view! {
            <button
                type="button"
                class="copy needs-script"
                aria-label=label
                aria-pressed="false"
                data-testid=format!("tag.environment.{}.reveal", variable.name)
                data-reveal=""
            >
                <Icon icon=icondata::LuEye class="icon icon--sm" />
            </button>
        }
    });
    view! {
        <li class="mono">
            <b>{name}</b>
            "="
            <span class="env__value" data-secret=hidden>{shown}</span>
            {toggle}
        </li>
    }
}

/// Labels or annotations, if there are any.
fn pairs_card(
    pairs: Vec<(String, String)>,
    i18n: crate::i18n::I18n,
    is_labels: bool,
) -> Option<AnyView> {
    (!pairs.is_empty()).then(|| {
        let title = move || {
            if is_labels {
                t_string!(i18n, images.labels)
            } else {
                t_string!(i18n, images.annotations)
            }
        };
        let rows = pairs
            .into_iter()
            .map(|(name, value)| {
                view! {
                    <div>
                        <dt class="mono">{name}</dt>
                        <dd class="mono">{value}</dd>
                    </div>
                }
            })
            .collect_view();
        view! {
            <section class="card">
                <div class="card__head">
                    <h2>{title}</h2>
                </div>
                <div class="card__body">
                    <dl class="facts facts--rows">{rows}</dl>
                </div>
            </section>
        }
    })
}

/// What an attachment is, by its type; `None` when the type says it itself.
fn attachment_words(i18n: crate::i18n::I18n, kind: &str) -> Option<&'static str> {
    let kind = kind.to_ascii_lowercase();
    if kind.contains("cosign") || kind.contains("notary") || kind.contains("signature") {
        Some(t_string!(i18n, images.signature))
    } else if kind.contains("sbom") || kind.contains("spdx") || kind.contains("cyclonedx") {
        Some(t_string!(i18n, images.sbom))
    } else if kind.contains("in-toto") || kind.contains("attestation") {
        Some(t_string!(i18n, images.attestation))
    } else {
        None
    }
}

#[component]
fn Attachments(image: ImageName, rows: Vec<Attachment>) -> impl IntoView {
    let i18n = use_i18n();
    if rows.is_empty() {
        return view! {
            <section class="card" data-testid="tag.attachments">
                <div class="card__head">
                    <h2>{t!(i18n, images.attachments_title)}</h2>
                </div>
                <div class="card__body">
                    <p class="soft">{t!(i18n, images.no_attachments)}</p>
                </div>
            </section>
        }
        .into_any();
    }
    let rows = rows
        .into_iter()
        .map(|row| {
            let href = manifest_link(&image, None, &row.digest);
            let kind = row.artifact_type.clone().unwrap_or_default();
            let words = {
                let kind = kind.clone();
                move || attachment_words(i18n, &kind).map(|words| view! { <span>{words}</span> })
            };
            view! {
                <tr role="row">
                    <td role="cell" class="m-name">
                        <span class="row">{words} <span class="mono muted small">{kind}</span></span>
                    </td>
                    <td role="cell">
                        <DigestText digest=row.digest.to_string() href=href />
                    </td>
                    <td role="cell" class="t-num t-min">
                        <Bytes value=row.size />
                    </td>
                    <td role="cell" class="t-min small">
                        <Time at=row.created_at />
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-card" data-testid="tag.attachments">
            <table class="table" role="table" aria-label=move || t_string!(i18n, images.attachments_title)>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">{t!(i18n, images.attachments_title)}</th>
                        <th scope="col" role="columnheader">{t!(i18n, images.digest)}</th>
                        <th scope="col" role="columnheader" class="t-num t-min">{t!(i18n, images.size)}</th>
                        <th scope="col" role="columnheader" class="t-min">{t!(i18n, images.created)}</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// The part "Layers".
#[component]
pub fn LayersPart(
    /// The manifest.
    detail: ManifestDetail,
) -> impl IntoView {
    let i18n = use_i18n();
    let is_index = detail.manifest.media_type.is_index();
    if detail.layers.is_empty() {
        let words = move || {
            if is_index {
                t_string!(i18n, images.index_summary)
            } else {
                t_string!(i18n, images.no_layers)
            }
        };
        return view! {
            <section class="card">
                <div class="card__body">
                    <p class="soft" data-testid="tag.no_layers">
                        {words}
                    </p>
                </div>
            </section>
        }
        .into_any();
    }
    view! { <LayerList layers=detail.layers /> }.into_any()
}
