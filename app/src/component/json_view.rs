//! JSON as people read it: indented, coloured by kind, copied byte for byte.
//!
//! Invariants: the text is cut into tokens and never parsed into values, so numbers, escapes and the order of members
//! stay exactly as they were pushed; what is copied is the original text. Text that is not JSON is shown as it is.

use leptos::prelude::*;

/// What a token is; the name of its CSS class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `{ } [ ] , :` and anything that is no JSON.
    Punctuation,
    /// The name of a member.
    Name,
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true`, `false`, `null`.
    Word,
    /// White space.
    Space,
}

impl TokenKind {
    /// CSS class; empty where the text colour does.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Name => "json__name",
            Self::Text => "json__text",
            Self::Number => "json__number",
            Self::Word => "json__word",
            Self::Punctuation => "json__mark",
            Self::Space => "",
        }
    }
}

/// Cuts `text` into tokens. Joined together they are `text` again, whatever it is.
#[must_use]
pub fn tokens(text: &str) -> Vec<(TokenKind, &str)> {
    let mut out: Vec<(TokenKind, &str)> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            c if c.is_whitespace() => (TokenKind::Space, run(rest, char::is_whitespace)),
            '"' => (TokenKind::Text, string_length(rest)),
            '-' | '0'..='9' => (
                TokenKind::Number,
                run(rest, |c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E')),
            ),
            c if c.is_ascii_alphabetic() => {
                (TokenKind::Word, run(rest, |c| c.is_ascii_alphabetic()))
            }
            ':' => {
                // The string before a colon is a member's name.
                if let Some(last) = out.iter_mut().rev().find(|(kind, _)| *kind != TokenKind::Space)
                    && last.0 == TokenKind::Text
                {
                    last.0 = TokenKind::Name;
                }
                (TokenKind::Punctuation, 1)
            }
            c => (TokenKind::Punctuation, c.len_utf8()),
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        out.push((kind, token));
        rest = after;
    }
    out
}

/// Bytes of the longest prefix whose characters all satisfy `belongs`.
fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// Bytes of the string that `text` begins with, its quotes included; all of it when it does not end.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// Indents compact JSON by two spaces; text that already has lines stays as it was written.
#[must_use]
pub fn indent(text: &str) -> String {
    if text.trim().contains('\n') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut parts =
        tokens(text).into_iter().filter(|(kind, _)| *kind != TokenKind::Space).peekable();
    while let Some((kind, token)) = parts.next() {
        match (kind, token) {
            (TokenKind::Punctuation, "{" | "[") => {
                out.push_str(token);
                if let Some((_, close)) = parts.next_if(|(_, next)| matches!(*next, "}" | "]")) {
                    out.push_str(close);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            (TokenKind::Punctuation, "}" | "]") => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push_str(token);
            }
            (TokenKind::Punctuation, ",") => {
                out.push(',');
                new_line(&mut out, depth);
            }
            (TokenKind::Punctuation, ":") => out.push_str(": "),
            _ => out.push_str(token),
        }
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    // Deeper than anything real: a hostile manifest must not make the page grow by the square of its depth.
    out.extend(std::iter::repeat_n("  ", depth.min(32)));
}

/// JSON, indented and coloured. The caller puts the copy button beside it.
#[component]
pub fn JsonView(
    /// The exact text.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let shown = indent(&text);
    let parts = tokens(&shown)
        .into_iter()
        .map(|(kind, token)| {
            let token = token.to_owned();
            match kind.class() {
                "" => token.into_any(),
                class => view! { <span class=class>{token}</span> }.into_any(),
            }
        })
        .collect_view();
    view! { <pre class="json" tabindex="0" data-testid="json"><code>{parts}</code></pre> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_text() {
        for text in [
            "",
            "{\"a\": [1, -2.5e3, true, null, \"x\\\"y\"]}",
            "not json — 镜像 \"open",
            "\"",
            "\"\\",
            "{]:::",
        ] {
            let joined: String = tokens(text).into_iter().map(|(_, token)| token).collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn names_and_strings_are_told_apart() {
        let kinds: Vec<_> = tokens("{\"a\" : \"b\", \"n\":-1.5, \"t\":true}")
            .into_iter()
            .filter(|(kind, _)| !matches!(kind, TokenKind::Punctuation | TokenKind::Space))
            .collect();
        assert_eq!(
            kinds,
            [
                (TokenKind::Name, "\"a\""),
                (TokenKind::Text, "\"b\""),
                (TokenKind::Name, "\"n\""),
                (TokenKind::Number, "-1.5"),
                (TokenKind::Name, "\"t\""),
                (TokenKind::Word, "true"),
            ]
        );
    }

    #[test]
    fn compact_text_is_indented_and_written_lines_stay() {
        assert_eq!(
            indent("{\"a\":[1,{}],\"b\":\"x, y: {z}\"}"),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"x, y: {z}\"\n}"
        );
        let written = "{\n   \"a\": 1\n}\n";
        assert_eq!(indent(written), written);
        assert_eq!(
            indent("{\"big\":18446744073709551616.000}"),
            "{\n  \"big\": 18446744073709551616.000\n}"
        );
    }

    #[test]
    fn deep_nesting_stays_small() {
        let text = "[".repeat(10_000);
        assert!(indent(&text).len() < 10_000 * 70);
    }
}
