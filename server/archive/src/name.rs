//! Which repository and tag an image of an archive becomes (`protocol.md` 8.4, `console.md` A.4.6).

use roadstead::{OrganizationName, RepositoryName, TagName};

use crate::error::{Fault, Refused};

/// What an archive calls an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Written {
    /// Registry host, organization and repository, as they were written; `None` when only a tag was (`oci-archive:FILE:TAG`).
    pub name: Option<String>,
    /// The tag.
    pub tag: String,
}

impl Written {
    /// Reads `[host[:port]/]name:tag`; `None` without a tag, or with a digest.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains('@') {
            return None;
        }
        let (name, tag) = text.rsplit_once(':')?;
        // The last colon may be that of a port.
        if tag.contains('/') || name.is_empty() || tag.is_empty() {
            return None;
        }
        Some(Self { name: Some(name.to_owned()), tag: tag.to_owned() })
    }

    /// The repository in `organization`, and the tag.
    ///
    /// # Errors
    /// [`Fault::NoNames`] when only a tag is known and no `repository` is given; [`Fault::BadName`], [`Fault::BadTag`].
    pub fn place(
        &self,
        organization: &OrganizationName,
        repository: Option<&RepositoryName>,
    ) -> Result<(RepositoryName, TagName), Refused> {
        let repository = match (repository, &self.name) {
            (Some(given), _) => given.clone(),
            (None, Some(name)) => map_name(name, organization.as_str())
                .parse()
                .map_err(|_| Refused::new(Fault::BadName, name))?,
            (None, None) => {
                let what = format!("the archive gives the tag {} and no name", self.tag);
                return Err(Refused::new(Fault::NoNames, what));
            }
        };
        let tag = self.tag.parse().map_err(|_| Refused::new(Fault::BadTag, &self.tag))?;
        Ok((repository, tag))
    }
}

/// A name without registry host, then without `library/` and the chosen organization.
#[must_use]
pub fn map_name<'a>(name: &'a str, organization: &str) -> &'a str {
    let mut rest = name;
    if let Some((first, after)) = rest.split_once('/')
        && (first.contains(['.', ':']) || first == "localhost")
        && !first.starts_with('.')
    {
        rest = after;
    }
    for leading in ["library", organization] {
        if let Some((first, after)) = rest.split_once('/')
            && first == leading
        {
            rest = after;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_lose_host_library_and_organization() {
        for (written, mapped) in [
            ("nginx", "nginx"),
            ("docker.io/library/nginx", "nginx"),
            ("swr.cn-east-3.example.com/cloud-develop/nginx", "nginx"),
            ("bitnami/redis", "bitnami/redis"),
            ("localhost/team/web", "team/web"),
            ("127.0.0.1:5000/cloud-develop/team/web", "team/web"),
            ("library/nginx", "nginx"),
            ("cloud-develop", "cloud-develop"),
        ] {
            assert_eq!(map_name(written, "cloud-develop"), mapped, "{written}");
        }
    }

    #[test]
    fn a_reference_has_a_name_and_a_tag() {
        let written = Written::parse("host:5000/a/b:v1").unwrap();
        assert_eq!((written.name.as_deref(), written.tag.as_str()), (Some("host:5000/a/b"), "v1"));
        for bad in ["nginx", "host:5000/a", ":v1", "a:", "a@sha256:00", "a:1@sha256:00"] {
            assert_eq!(Written::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_a_registry_does_not_take_is_refused() {
        let group: OrganizationName = "group".parse().unwrap();
        let fault =
            |text: &str| Written::parse(text).unwrap().place(&group, None).unwrap_err().fault;
        assert_eq!(fault("Upper:v1"), Fault::BadName);
        assert_eq!(fault("../x:v1"), Fault::BadName);
        assert_eq!(fault("a:-v1"), Fault::BadTag);
        let only_tag = Written { name: None, tag: "v1".to_owned() };
        assert_eq!(only_tag.place(&group, None).unwrap_err().fault, Fault::NoNames);
        let given: RepositoryName = "web".parse().unwrap();
        assert_eq!(only_tag.place(&group, Some(&given)).unwrap().0, given);
    }
}
