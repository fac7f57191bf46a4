//! What was found in an archive, by name.

use std::collections::HashMap;

use bytes::Bytes;
use roadstead::Digest;
use tar::EntryType;

use crate::error::{Fault, Refused, Result};
use crate::header::normal;
use crate::layer::Facts;

/// Links that are followed from one name.
const HOPS: usize = 8;

/// One name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// JSON, in memory.
    Json(Bytes),
    /// On the shelf.
    File(Facts),
    /// Another name; `None` when it leads out of the archive.
    Link(Option<String>),
    /// Several entries of this name that are not the same.
    Contradiction,
}

impl Node {
    /// A link from `name`. Symbolic links count from where they are, hard links from the top.
    pub(crate) fn link(name: &str, kind: EntryType, target: &str) -> Self {
        if kind.is_hard_link() {
            return Self::Link(normal(target));
        }
        if target.starts_with('/') {
            return Self::Link(None);
        }
        let mut parts: Vec<&str> = name.split('/').collect();
        parts.pop();
        for part in target.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        return Self::Link(None);
                    }
                }
                part => parts.push(part),
            }
        }
        Self::Link(Some(parts.join("/")))
    }
}

/// What an archive has in it that matters.
#[derive(Debug, Default)]
pub struct Contents {
    nodes: HashMap<String, Node>,
}

/// What a name leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'a> {
    /// JSON, in memory.
    Json(&'a Bytes),
    /// On the shelf.
    File(&'a Facts),
}

impl Found<'_> {
    /// Digest of its bytes in the archive.
    pub(crate) fn digest(&self) -> Digest {
        match self {
            Self::Json(bytes) => Digest::of(roadstead::Algorithm::Sha256, bytes),
            Self::File(facts) => facts.raw().clone(),
        }
    }
}

impl Contents {
    pub(crate) fn add(&mut self, name: &str, node: Node) {
        match self.nodes.get_mut(name) {
            None => {
                self.nodes.insert(name.to_owned(), node);
            }
            Some(known) if *known == node => {}
            Some(known) => *known = Node::Contradiction,
        }
    }

    /// Whether there is anything of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.nodes.contains_key(name)
    }

    /// What a name leads to; `None` when there is nothing.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Found<'_>>, Refused> {
        let bad = |what: &str| Err(Refused::new(Fault::BadFormat, format!("{name} {what}")));
        let Some(mut at) = normal(name) else { return bad("leads out of the archive") };
        for _ in 0..=HOPS {
            match self.nodes.get(&at) {
                None => return Ok(None),
                Some(Node::Json(bytes)) => return Ok(Some(Found::Json(bytes))),
                Some(Node::File(facts)) => return Ok(Some(Found::File(facts))),
                Some(Node::Contradiction) => {
                    return bad("is in the archive twice, with different content");
                }
                Some(Node::Link(None)) => return bad("is a link that leads out of the archive"),
                Some(Node::Link(Some(target))) => at.clone_from(target),
            }
        }
        bad("is a chain of links")
    }

    /// JSON of this name.
    pub(crate) fn json(&self, name: &str) -> Result<Option<&Bytes>, Refused> {
        Ok(match self.find(name)? {
            Some(Found::Json(bytes)) => Some(bytes),
            _ => None,
        })
    }

    /// The blob of an OCI layout.
    pub(crate) fn blob(&self, digest: &Digest) -> Result<Option<Found<'_>>, Refused> {
        let name = format!("blobs/{}/{}", digest.algorithm(), digest.hex());
        let Some(found) = self.find(&name)? else { return Ok(None) };
        if found.digest() != *digest {
            return Err(Refused::new(Fault::BadFormat, format!("{name} has another digest")));
        }
        Ok(Some(found))
    }
}
