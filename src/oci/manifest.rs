//! Manifests and indexes: checked and read once, at push.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

use super::descriptor::Descriptor;
use super::media_type::MediaType;
use super::strict;
use crate::error::{Error, Subject};

/// Largest manifest that is taken unless a setting says otherwise, in bytes (distribution-spec expects at least 4 MB).
pub const MAX_MANIFEST_BYTES: usize = 4 * 1024 * 1024;

/// What a manifest says, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Its media type.
    pub media_type: MediaType,
    /// `artifactType`, or for image manifests the type of the config (`protocol.md` 1.8); `None` for an index
    /// without one.
    pub artifact_type: Option<String>,
    /// What it is about.
    pub subject: Option<Descriptor>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// An image or an index.
    pub kind: ManifestKind,
}

/// The two shapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestKind {
    /// A config and layers.
    Image {
        /// The config.
        config: Box<Descriptor>,
        /// The layers, lowest first.
        layers: Vec<Descriptor>,
    },
    /// Other manifests.
    Index {
        /// The children.
        manifests: Vec<Descriptor>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    #[serde(default, deserialize_with = "list")]
    layers: Option<Vec<Descriptor>>,
    #[serde(default, deserialize_with = "list")]
    manifests: Option<Vec<Descriptor>>,
    fs_layers: Option<IgnoredAny>,
    subject: Option<Descriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

/// A list that is there. Go writes an empty one as `null`.
fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Descriptor>>, D::Error> {
    Option::<Vec<Descriptor>>::deserialize(from).map(|list| Some(list.unwrap_or_default()))
}

impl Manifest {
    /// Reads a manifest pushed with `content_type` (`protocol.md` 1.6, step 2). Bytes are not changed by reading.
    ///
    /// # Errors
    /// `Unsupported` about the media type for types that are not taken, schema 1 among them; `Invalid` about the
    /// manifest for everything else, with a sentence.
    pub fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Self, Error> {
        let invalid = |message: String| Error::invalid(Subject::Manifest, message);
        let declared = match content_type.map(|text| text.split(';').next().unwrap_or(text).trim())
        {
            None | Some("" | "application/json") => None,
            Some(text) => Some(text.parse::<MediaType>()?),
        };
        strict::check(bytes)?;
        let body: Body = serde_json::from_slice(bytes)
            .map_err(|error| invalid(format!("the manifest is not valid: {error}")))?;
        let stated = body.media_type.as_deref().map(str::parse::<MediaType>).transpose()?;
        if let (Some(declared), Some(stated)) = (declared, stated)
            && declared != stated
        {
            return Err(invalid(format!(
                "the Content-Type is {declared}, but the manifest's mediaType is {stated}; they must agree"
            )));
        }
        let inferred = match (&body.manifests, &body.layers, &body.config) {
            (Some(_), None, _) => Some(MediaType::OciIndex),
            (None, Some(_), Some(config))
                if config.media_type.starts_with("application/vnd.docker.") =>
            {
                Some(MediaType::DockerManifest)
            }
            (None, Some(_), Some(_)) => Some(MediaType::OciManifest),
            _ => None,
        };
        if body.schema_version == Some(1) || body.fs_layers.is_some() {
            return Err(invalid(
                "schema 1 is not supported; push with a current client (Docker 1.10 or newer)"
                    .to_owned(),
            ));
        }
        let media_type = declared.or(stated).or(inferred).ok_or_else(|| {
            invalid(
                "the manifest has neither a mediaType nor the members of an image or an index"
                    .to_owned(),
            )
        })?;
        if body.schema_version != Some(2) {
            return Err(invalid("schemaVersion must be 2".to_owned()));
        }
        if body.manifests.is_some() && (body.layers.is_some() || body.config.is_some()) {
            return Err(invalid("a manifest cannot have both layers and manifests".to_owned()));
        }
        let kind = if media_type.is_index() {
            let manifests = body
                .manifests
                .ok_or_else(|| invalid("an index must have the member manifests".to_owned()))?;
            ManifestKind::Index { manifests }
        } else {
            let config = body
                .config
                .ok_or_else(|| invalid("an image manifest must have a config".to_owned()))?;
            let layers = body.layers.ok_or_else(|| {
                invalid("an image manifest must have the member layers".to_owned())
            })?;
            ManifestKind::Image { config: Box::new(config), layers }
        };
        let artifact_type =
            body.artifact_type.filter(|text| !text.is_empty()).or_else(|| match &kind {
                ManifestKind::Image { config, .. } => {
                    Some(config.media_type.clone()).filter(|text| !text.is_empty())
                }
                ManifestKind::Index { .. } => None,
            });
        Ok(Self {
            media_type,
            artifact_type,
            subject: body.subject,
            annotations: body.annotations.unwrap_or_default(),
            kind,
        })
    }

    /// The blobs that must be linked in the repository: config and layers, foreign layers left out.
    pub fn required_blobs(&self) -> impl Iterator<Item = &Descriptor> {
        let (config, layers) = match &self.kind {
            ManifestKind::Image { config, layers } => (Some(config.as_ref()), layers.as_slice()),
            ManifestKind::Index { .. } => (None, &[][..]),
        };
        config.into_iter().chain(layers.iter().filter(|layer| !layer.is_foreign()))
    }

    /// The layers, lowest first; none for an index.
    #[must_use]
    pub fn layers(&self) -> &[Descriptor] {
        match &self.kind {
            ManifestKind::Image { layers, .. } => layers,
            ManifestKind::Index { .. } => &[],
        }
    }

    /// The config of an image.
    #[must_use]
    pub const fn config(&self) -> Option<&Descriptor> {
        match &self.kind {
            ManifestKind::Image { config, .. } => Some(config),
            ManifestKind::Index { .. } => None,
        }
    }

    /// The children of an index; none for an image.
    #[must_use]
    pub fn children(&self) -> &[Descriptor] {
        match &self.kind {
            ManifestKind::Image { .. } => &[],
            ManifestKind::Index { manifests } => manifests,
        }
    }

    /// Bytes of config and layers together, as the manifest states them; 0 for an index.
    #[must_use]
    pub fn content_size(&self) -> u64 {
        match &self.kind {
            ManifestKind::Image { config, layers } => {
                layers.iter().fold(config.size, |sum, layer| sum.saturating_add(layer.size))
            }
            ManifestKind::Index { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;

    const D: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    fn image() -> String {
        format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{D}","size":2}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{D}","size":5}},{{"mediaType":"application/vnd.oci.image.layer.nondistributable.v1.tar","digest":"{D}","size":7}}],"unknown":1}}"#
        )
    }

    #[test]
    fn an_image_is_read() {
        let manifest = Manifest::parse(
            Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8"),
            image().as_bytes(),
        )
        .unwrap();
        assert_eq!(manifest.required_blobs().count(), 2);
        assert_eq!(manifest.content_size(), 14);
        assert_eq!(
            manifest.artifact_type.as_deref(),
            Some("application/vnd.oci.image.config.v1+json")
        );
    }

    #[test]
    fn types_are_inferred_when_nothing_states_them() {
        let index = r#"{"schemaVersion":2,"manifests":[]}"#;
        assert_eq!(
            Manifest::parse(Some("application/json"), index.as_bytes()).unwrap().media_type,
            MediaType::OciIndex
        );
        let docker = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"{D}","size":2}},"layers":[]}}"#
        );
        assert_eq!(
            Manifest::parse(None, docker.as_bytes()).unwrap().media_type,
            MediaType::DockerManifest
        );
    }

    #[test]
    fn an_empty_list_may_be_null() {
        let body = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"application/x","digest":"{D}","size":2}},"layers":null}}"#
        );
        assert!(Manifest::parse(None, body.as_bytes()).unwrap().layers().is_empty());
    }

    #[test]
    fn confusion_is_refused() {
        let index = "application/vnd.oci.image.index.v1+json";
        for (content_type, body) in [
            (Some(index), image()),
            (
                None,
                format!(
                    r#"{{"schemaVersion":2,"manifests":[],"layers":[],"config":{{"digest":"{D}","size":1}}}}"#
                ),
            ),
            (None, r#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#.to_owned()),
            (Some(index), r#"{"schemaVersion":2}"#.to_owned()),
            (Some(index), r#"{"schemaVersion":1,"manifests":[]}"#.to_owned()),
            (None, r#"{"schemaVersion":2,"fsLayers":[],"manifests":[]}"#.to_owned()),
            (None, r#"{"schemaVersion":2,"manifests":[],"Layers":[]}"#.to_owned()),
            (None, "[]".to_owned()),
            (None, "not json".to_owned()),
            (None, format!("{}x", image())),
        ] {
            assert_eq!(
                Manifest::parse(content_type, body.as_bytes()).unwrap_err().kind(),
                ErrorKind::Invalid,
                "{body}"
            );
        }
    }

    #[test]
    fn schema_1_gets_a_sentence() {
        let error = Manifest::parse(
            Some("application/vnd.docker.distribution.manifest.v1+prettyjws"),
            b"{}",
        )
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.message().contains("schema 1"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Manifest::parse(None, &bytes);
        }

        #[test]
        fn deep_json_is_refused_not_a_crash(depth in 1usize..5000) {
            let body = format!(
                r#"{{"schemaVersion":2,"manifests":[],"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth)
            );
            prop_assert_eq!(Manifest::parse(None, body.as_bytes()).is_err(), depth > 126);
        }
    }
}
