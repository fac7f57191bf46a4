//! The layers of an image: the instruction that made each, its size as a number and as a bar, its digest.
//!
//! Bars are `<progress>`, because lengths that depend on data may not be styles (`console.md` A.0.11).

use leptos::prelude::*;
use roadstead::manage::tag::LayerRow;

use crate::component::badge::{Badge, Tone};
use crate::component::digest::DigestText;
use crate::component::size::Bytes;
use crate::format;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;

/// An instruction without the shell that carried it: what the Dockerfile said.
#[must_use]
pub fn instruction(command: &str) -> String {
    let text = command.trim();
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim_end();
    let without_arguments = |text: &str| {
        // `|1 NAME=value /bin/sh -c …`: build arguments before the shell.
        match text.strip_prefix('|').and_then(|_| text.find("/bin/sh -c ")) {
            Some(start) => text.get(start..).unwrap_or(text).to_owned(),
            None => text.to_owned(),
        }
    };
    let (keyword, rest) = match text.strip_prefix("RUN ") {
        Some(rest) => ("RUN ", rest),
        None => ("", text),
    };
    let rest = without_arguments(rest);
    match rest.strip_prefix("/bin/sh -c ") {
        Some(rest) => match rest.trim_start().strip_prefix("#(nop)") {
            Some(rest) => rest.trim().to_owned(),
            None => format!("RUN {}", rest.trim()),
        },
        None => format!("{keyword}{}", rest.trim()),
    }
}

/// Share of `part` in `whole` in per cent; anything above nothing is at least 1.
#[must_use]
pub fn percent(part: u64, whole: u64) -> u64 {
    if part == 0 || whole == 0 {
        return 0;
    }
    u64::try_from(u128::from(part) * 100 / u128::from(whole)).unwrap_or(100).clamp(1, 100)
}

/// The layers in their order, empty ones among them, and their total.
#[component]
pub fn LayerList(
    /// The layers.
    layers: Vec<LayerRow>,
) -> impl IntoView {
    let i18n = use_i18n();
    let total: u64 = layers.iter().map(|layer| layer.size).sum();
    let largest = layers.iter().map(|layer| layer.size).max().unwrap_or_default().max(1);
    let count = layers.iter().filter(|layer| layer.digest.is_some()).count() as u64;
    let summary = move || {
        let size = format::bytes(total);
        match count {
            1 => t_string!(i18n, images.layers_total_one, size = size.as_str()).to_string(),
            n => t_string!(i18n, images.layers_total, n = n, size = size.as_str()).to_string(),
        }
    };
    let rows = layers
        .into_iter()
        .enumerate()
        .map(|(index, layer)| {
            view! { <Row number=index + 1 layer=layer total=total largest=largest /> }
        })
        .collect_view();
    view! {
        <div class="table-card">
            <table class="table table--cards table--layers" role="table" aria-label=move || t_string!(i18n, images.layers) data-testid="layers">
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader" class="t-num t-min">{t!(i18n, images.layer_number)}</th>
                        <th scope="col" role="columnheader" class="t-name">{t!(i18n, images.layer_command)}</th>
                        <th scope="col" role="columnheader" class="t-num t-min">{t!(i18n, images.size)}</th>
                        <th scope="col" role="columnheader" class="t-min p-4">{t!(i18n, images.digest)}</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
            <p class="pager" data-testid="layers.total">
                {summary}
            </p>
        </div>
    }
}

#[component]
fn Row(number: usize, layer: LayerRow, total: u64, largest: u64) -> impl IntoView {
    let i18n = use_i18n();
    let is_empty = layer.digest.is_none();
    let command = layer.command.as_deref().map(instruction).filter(|text| !text.is_empty());
    let whole = layer.command.clone();
    let command = match command {
        Some(text) => view! { <code class="layer__command" title=whole>{text}</code> }.into_any(),
        None => view! { <span class="muted">{t!(i18n, images.unknown_command)}</span> }.into_any(),
    };
    let share = percent(layer.size, total);
    let share_words = move || t_string!(i18n, images.layer_share, percent = share).to_string();
    let size = if is_empty {
        view! { <Badge tone=Tone::Outline icon=icondata::LuCircleDashed label=text!(i18n, images.layer_empty) /> }.into_any()
    } else {
        view! {
            <span class="layer__size">
                <Bytes value=layer.size />
                <progress class="progress" max=largest.to_string() value=layer.size.to_string() aria-label=share_words></progress>
            </span>
        }
        .into_any()
    };
    let digest = layer.digest.as_ref().map(ToString::to_string);
    let size_text = format::bytes(layer.size);
    view! {
        <tr role="row" data-testid=format!("layers.row.{number}")>
            <td role="cell" class="t-num t-min muted">{number}</td>
            <td role="cell" class="m-name">{command}</td>
            <td role="cell" class="t-num t-min">{size}</td>
            <td role="cell" class="t-min p-4">
                {digest.map(|digest| view! { <DigestText digest=digest testid=format!("layers.row.{number}.copy") /> })}
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">{(!is_empty).then_some(size_text)}</span>
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_lose_their_shell() {
        for (command, expected) in [
            ("/bin/sh -c #(nop)  CMD [\"bash\"]", "CMD [\"bash\"]"),
            ("/bin/sh -c #(nop) ADD file:abc in / ", "ADD file:abc in /"),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("RUN /bin/sh -c set -x && make # buildkit", "RUN set -x && make"),
            ("RUN |1 VERSION=1 /bin/sh -c make # buildkit", "RUN make"),
            ("|2 A=1 B=2 /bin/sh -c make", "RUN make"),
            ("COPY a b # buildkit", "COPY a b"),
            ("ENV PATH=/bin", "ENV PATH=/bin"),
            ("", ""),
        ] {
            assert_eq!(instruction(command), expected, "{command}");
        }
    }

    #[test]
    fn shares_are_whole_per_cent_and_never_nothing() {
        assert_eq!(percent(0, 10), 0);
        assert_eq!(percent(1, 1_000_000), 1);
        assert_eq!(percent(5, 10), 50);
        assert_eq!(percent(u64::MAX, u64::MAX), 100);
        assert_eq!(percent(1, 0), 0);
    }
}
