//! What a search matched, marked inside a text.

use leptos::prelude::*;

/// Cuts `text` into pieces that match `search` (ASCII case does not count) and pieces that do not.
#[must_use]
pub fn pieces<'a>(text: &'a str, search: &str) -> Vec<(bool, &'a str)> {
    let needle = search.to_ascii_lowercase();
    if needle.is_empty() {
        return vec![(false, text)];
    }
    // ASCII lower case keeps every byte at its place, so positions fit the original.
    let lower = text.to_ascii_lowercase();
    let mut out = Vec::new();
    let mut from = 0;
    for (start, found) in lower.match_indices(&needle) {
        if start > from {
            out.push((false, text.get(from..start).unwrap_or_default()));
        }
        let end = start + found.len();
        out.push((true, text.get(start..end).unwrap_or_default()));
        from = end;
    }
    if from < text.len() {
        out.push((false, text.get(from..).unwrap_or_default()));
    }
    out
}

/// `text` with what `search` matches in `<mark>`.
#[component]
pub fn Highlight(
    /// The text.
    text: String,
    /// What was searched.
    search: Option<String>,
) -> impl IntoView {
    pieces(&text, search.as_deref().unwrap_or_default())
        .into_iter()
        .map(|(is_match, piece)| {
            let piece = piece.to_owned();
            if is_match { view! { <mark>{piece}</mark> }.into_any() } else { piece.into_any() }
        })
        .collect_view()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_found_whatever_their_case() {
        assert_eq!(
            pieces("my-Nginx-nginx", "NGINX"),
            [(false, "my-"), (true, "Nginx"), (false, "-"), (true, "nginx")]
        );
        assert_eq!(pieces("nginx", ""), [(false, "nginx")]);
        assert_eq!(pieces("nginx", "x"), [(false, "ngin"), (true, "x")]);
        assert_eq!(pieces("镜像a", "像"), [(false, "镜"), (true, "像"), (false, "a")]);
    }

    #[test]
    fn pieces_are_the_text() {
        for (text, search) in [("aaa", "aa"), ("İstanbul", "i"), ("", "a")] {
            assert_eq!(
                pieces(text, search).into_iter().map(|(_, piece)| piece).collect::<String>(),
                text
            );
        }
    }
}
