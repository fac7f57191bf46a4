//! Markdown that people write, as HTML that nothing of theirs can run in: HTML inside it is shown as text, links lead to
//! the web, to mail or to a place of this site, and pictures are links.

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

/// Whether a link may lead there.
fn is_safe(target: &str) -> bool {
    let target = target.trim();
    match target.split_once(':') {
        Some((scheme, _)) if !scheme.contains(['/', '?', '#']) => {
            ["https", "http", "mailto"].iter().any(|safe| scheme.eq_ignore_ascii_case(safe))
        }
        _ => !target.starts_with("//") && !target.starts_with('\\'),
    }
}

fn link(target: CowStr<'_>, title: CowStr<'_>, id: CowStr<'_>) -> Event<'static> {
    let target = if is_safe(&target) { target.into_string() } else { "#".to_owned() };
    Event::Start(Tag::Link {
        link_type: LinkType::Inline,
        dest_url: target.into(),
        title: title.into_string().into(),
        id: id.into_string().into(),
    })
}

/// The HTML of a text.
#[must_use]
pub fn to_html(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        Event::Start(
            Tag::Link { dest_url, title, id, .. } | Tag::Image { dest_url, title, id, .. },
        ) => link(dest_url, title, id),
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        event => event,
    });
    let mut out = String::with_capacity(text.len() * 2);
    html::push_html(&mut out, events);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_becomes_html_and_html_becomes_text() {
        assert_eq!(
            to_html("**a** [b](https://c.example)"),
            "<p><strong>a</strong> <a href=\"https://c.example\">b</a></p>\n"
        );
        let html = to_html("<script>alert(1)</script>\n\n<img src=x onerror=alert(1)> `<b>`");
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    }

    #[test]
    fn links_run_nothing() {
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,a",
            "vbscript:a",
            "//evil.example",
        ] {
            let html = to_html(&format!("[a]({bad}) ![b]({bad})"));
            assert!(!html.contains(bad), "{html}");
        }
        assert!(to_html("[a](/images?q=b:c)").contains("href=\"/images?q=b:c\""));
    }

    proptest! {
        #[test]
        fn no_text_makes_an_element_that_runs(text in "[a-z<>\"'(){}\\[\\]!#:/ \n`*_&;=-]{0,80}") {
            let html = to_html(&text);
            for bad in ["<script", "<img", "<iframe", "<svg", "<style", "href=\"javascript", " onerror="] {
                prop_assert!(!html.contains(bad), "{}", html);
            }
        }
    }
}
