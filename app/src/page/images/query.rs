//! What the address of the list of images asks for. Pure.
//!
//! Unknown values are ignored rather than refused: an address that a colleague sent always shows a list. To add a
//! filter: a field of [`ImageQuery`], a line here, a control in `page/images/toolbar.rs`.

use roadstead::manage::image::{Category, ImageQuery, ImageSort};
use roadstead::page::{Order, Window};
use roadstead::{ImageName, OrganizationName};

/// Most images of one batch action.
pub const BATCH_LIMIT: usize = 50;

/// The values of an address, in their order.
pub type Pairs = Vec<(String, String)>;

/// The first value named `name` that is not empty.
#[must_use]
pub fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value.as_str())
}

/// All values named `name` that parse, each once.
#[must_use]
pub fn values<T: std::str::FromStr + PartialEq>(pairs: &[(String, String)], name: &str) -> Vec<T> {
    let mut out = Vec::new();
    for item in
        pairs.iter().filter(|(key, _)| key == name).filter_map(|(_, text)| text.parse().ok())
    {
        if !out.contains(&item) {
            out.push(item);
        }
    }
    out
}

/// Page and size of an address; `size` is the viewer's where the address says nothing sensible.
#[must_use]
pub fn window(pairs: &[(String, String)], size: u64) -> Window {
    let number = |name| value(pairs, name).and_then(|text| text.parse::<u64>().ok());
    let size = number("size").filter(|size| matches!(size, 10 | 20 | 50 | 100)).unwrap_or(size);
    Window::of_page(number("page").unwrap_or(1).max(1), size)
}

/// Word of a sort key in the address.
#[must_use]
pub const fn sort_word(sort: ImageSort) -> &'static str {
    match sort {
        ImageSort::UpdatedTime => "updated_time",
        ImageSort::Name => "name",
        ImageSort::Namespace => "namespace",
        ImageSort::IsPublic => "is_public",
        ImageSort::TagCount => "tag_count",
        ImageSort::Size => "size",
        ImageSort::Pulls => "pulls",
    }
}

const SORTS: [ImageSort; 7] = [
    ImageSort::UpdatedTime,
    ImageSort::Name,
    ImageSort::Namespace,
    ImageSort::IsPublic,
    ImageSort::TagCount,
    ImageSort::Size,
    ImageSort::Pulls,
];

/// `asc` or `desc`, else the largest first.
#[must_use]
pub fn order(pairs: &[(String, String)]) -> Order {
    match value(pairs, "order") {
        Some("asc") => Order::Asc,
        _ => Order::Desc,
    }
}

/// What an address asks for; `size` rows where it does not say.
#[must_use]
pub fn image_query(pairs: &[(String, String)], size: u64) -> ImageQuery {
    ImageQuery {
        search: value(pairs, "q")
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty()),
        organizations: values::<OrganizationName>(pairs, "org"),
        category: value(pairs, "category").and_then(|word| word.parse::<Category>().ok()),
        is_public: match value(pairs, "visibility") {
            Some("public") => Some(true),
            Some("private") => Some(false),
            _ => None,
        },
        is_shared: value(pairs, "shared") == Some("me"),
        sort: value(pairs, "sort")
            .and_then(|word| SORTS.into_iter().find(|sort| sort_word(*sort) == word))
            .unwrap_or_default(),
        order: order(pairs),
        window: window(pairs, size),
    }
}

/// The same for somebody who remembers an order: it holds where the address names none. Grouped lists are in the order of
/// their organizations.
#[must_use]
pub fn image_query_of(
    pairs: &[(String, String)],
    size: u64,
    remembered: Option<(String, Order)>,
) -> ImageQuery {
    let mut query = image_query(pairs, size);
    if let Some((key, order)) = remembered
        && value(pairs, "sort").is_none()
        && let Some(sort) = SORTS.into_iter().find(|sort| sort_word(*sort) == key)
    {
        (query.sort, query.order) = (sort, order);
    }
    if is_grouped(pairs) {
        (query.sort, query.order) = (ImageSort::Namespace, Order::Asc);
    }
    query
}

/// Whether the list is grouped by organization.
#[must_use]
pub fn is_grouped(pairs: &[(String, String)]) -> bool {
    value(pairs, "group").is_some()
}

/// Whether anything narrows the list: an empty answer then means "no match", not "nothing yet".
#[must_use]
pub fn is_filtered(query: &ImageQuery) -> bool {
    query.search.is_some()
        || !query.organizations.is_empty()
        || query.category.is_some()
        || query.is_public.is_some()
        || query.is_shared
}

/// The images that the list's form chose, at most [`BATCH_LIMIT`] and one more, so that too many can be told.
#[must_use]
pub fn chosen(pairs: &[(String, String)]) -> Vec<ImageName> {
    let mut names = values::<ImageName>(pairs, "item");
    names.truncate(BATCH_LIMIT + 1);
    names
}

/// The first line of a description, as the second line of a row: Markdown marks of headings cut off.
#[must_use]
pub fn first_line(description: &str) -> Option<String> {
    description
        .lines()
        .map(|line| line.trim().trim_start_matches(['#', '>', '*', '-', ' ']).trim())
        .find(|line| !line.is_empty())
        .map(|line| line.chars().take(120).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pairs(items: &[(&str, &str)]) -> Pairs {
        items.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_empty_address_is_the_default_list() {
        let query = image_query(&[], 20);
        assert!(!is_filtered(&query));
        assert_eq!((query.sort, query.order), (ImageSort::UpdatedTime, Order::Desc));
        assert_eq!(query.window, Window { offset: 0, limit: 20 });
    }

    #[test]
    fn filters_are_read_and_nonsense_is_ignored() {
        let query = image_query(
            &pairs(&[
                ("q", " ngi "),
                ("org", "group"),
                ("org", "group"),
                ("org", "Not A Name"),
                ("org", "payments"),
                ("category", "database"),
                ("visibility", "private"),
                ("sort", "tag_count"),
                ("order", "asc"),
                ("page", "3"),
                ("size", "50"),
            ]),
            20,
        );
        assert_eq!(query.search.as_deref(), Some("ngi"));
        assert_eq!(
            query.organizations.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["group", "payments"]
        );
        assert_eq!(query.category, Some(Category::Database));
        assert_eq!(query.is_public, Some(false));
        assert_eq!((query.sort, query.order), (ImageSort::TagCount, Order::Asc));
        assert_eq!(query.window, Window { offset: 100, limit: 50 });
        let nonsense = image_query(
            &pairs(&[
                ("category", "x"),
                ("visibility", "x"),
                ("sort", "x"),
                ("page", "-1"),
                ("size", "7"),
            ]),
            20,
        );
        assert_eq!(nonsense, image_query(&[], 20));
    }

    #[test]
    fn images_that_the_viewer_shares_are_a_filter() {
        let query = image_query(&pairs(&[("shared", "me")]), 20);
        assert!(query.is_shared && is_filtered(&query));
        assert!(!image_query(&pairs(&[("shared", "you")]), 20).is_shared);
    }

    #[test]
    fn sort_words_read_back() {
        for sort in SORTS {
            assert_eq!(image_query(&pairs(&[("sort", sort_word(sort))]), 20).sort, sort);
        }
    }

    #[test]
    fn the_address_goes_before_what_is_remembered_and_groups_before_both() {
        let remembered = || Some(("pulls".to_owned(), Order::Asc));
        let of = |address: &[(&str, &str)]| {
            let query = image_query_of(&pairs(address), 20, remembered());
            (query.sort, query.order)
        };
        assert_eq!(of(&[]), (ImageSort::Pulls, Order::Asc));
        assert_eq!(of(&[("sort", "size")]), (ImageSort::Size, Order::Desc));
        assert_eq!(of(&[("group", "1"), ("sort", "size")]), (ImageSort::Namespace, Order::Asc));
        let unknown = image_query_of(&[], 20, Some(("colour".to_owned(), Order::Asc)));
        assert_eq!(unknown, image_query(&[], 20));
    }

    #[test]
    fn one_image_too_many_is_noticed() {
        let many: Pairs =
            (0..60).map(|n| ("item".to_owned(), format!("group/image-{n}"))).collect();
        assert_eq!(chosen(&many).len(), BATCH_LIMIT + 1);
        assert_eq!(
            chosen(&pairs(&[("item", "group/a"), ("item", "bad")])),
            ["group/a".parse().unwrap()]
        );
    }

    #[test]
    fn descriptions_show_their_first_words() {
        assert_eq!(first_line("\n# nginx\n\ntext").as_deref(), Some("nginx"));
        assert_eq!(first_line(" \n## \n"), None);
    }
}
