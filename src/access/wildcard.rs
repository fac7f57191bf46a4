//! `*` for any run of characters and `?` for one, over a whole text.

/// Whether the pattern is the whole text, in time proportional to both lengths. Nothing is allocated.
pub(crate) fn wildcard(pattern: &str, text: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on after the last star, and from which character of the text it was tried last.
    let mut retry = None;
    loop {
        let mut there = text.clone();
        match (pattern.next(), there.next()) {
            (Some('*'), _) => retry = Some((pattern.clone(), text.clone())),
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => text = there,
            _ => {
                let Some((after_star, from)) = &mut retry else { return false };
                if from.next().is_none() {
                    return false;
                }
                (pattern, text) = (after_star.clone(), from.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_agrees_with_a_regular_expression(pattern in "[ab*?é]{0,7}", text in "[abé]{0,8}") {
            let source: String = pattern
                .chars()
                .map(|c| match c { '*' => ".*".into(), '?' => ".".into(), c => c.to_string() })
                .collect();
            let expected =
                regex::Regex::new(&format!("^(?:{source})$")).is_ok_and(|regex| regex.is_match(&text));
            prop_assert_eq!(wildcard(&pattern, &text), expected);
        }
    }

    #[test]
    fn many_stars_end_soon() {
        let pattern = "a*".repeat(50) + "b";
        assert!(!wildcard(&pattern, &"a".repeat(5_000)));
    }
}
