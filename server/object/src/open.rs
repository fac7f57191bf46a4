//! Opening a storage by its address.

use std::str::FromStr;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use url::Url;

use crate::error::{ObjectError, Result};
use crate::metrics::Meters;
use crate::read::{LocalReader, Reader};
use crate::stage::local::LocalStaging;
use crate::stage::remote::RemoteStaging;
use crate::{Objects, StorageKind};

impl Objects {
    /// Opens the storage at `file:///path`, `memory://`, `s3://bucket/prefix`, `gs://bucket/prefix` or
    /// `az://container/prefix`. `options` are the cloud's own, named as in its environment variables
    /// (`AWS_ENDPOINT`, …); those of other clouds are passed over.
    ///
    /// # Errors
    /// [`ObjectError::Address`] with what is wrong with the address or the options, or why the directory cannot be
    /// used.
    pub async fn open(url: &Url, options: &[(String, String)]) -> Result<Self> {
        match url.scheme() {
            "file" => {
                let path = url.to_file_path().map_err(|()| {
                    address("a file address is written file:///absolute/path".to_owned())
                })?;
                Self::open_directory(path).await
            }
            "memory" => Ok(Self::in_memory()),
            "s3" => {
                let mut builder = AmazonS3Builder::new().with_url(url.as_str());
                for (key, value) in known::<AmazonS3ConfigKey>(options) {
                    builder = builder.with_config(key, value);
                }
                Ok(Self::remote(StorageKind::S3, builder.build().map_err(refused)?, prefix(url)?))
            }
            "gs" => {
                let mut builder = GoogleCloudStorageBuilder::new().with_url(url.as_str());
                for (key, value) in known::<GoogleConfigKey>(options) {
                    builder = builder.with_config(key, value);
                }
                Ok(Self::remote(StorageKind::Gs, builder.build().map_err(refused)?, prefix(url)?))
            }
            "az" => {
                let mut builder = MicrosoftAzureBuilder::new().with_url(url.as_str());
                for (key, value) in known::<AzureConfigKey>(options) {
                    builder = builder.with_config(key, value);
                }
                Ok(Self::remote(StorageKind::Az, builder.build().map_err(refused)?, prefix(url)?))
            }
            other => {
                Err(address(format!("{other}:// is not known; file, memory, s3, gs and az are")))
            }
        }
    }

    /// Objects in memory, for tests.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::remote(StorageKind::Memory, InMemory::new(), Path::default())
    }

    async fn open_directory(root: std::path::PathBuf) -> Result<Self> {
        let unusable = {
            let root = root.clone();
            move |error: &dyn std::fmt::Display| {
                address(format!("the directory {} cannot be used: {error}", root.display()))
            }
        };
        let (staging, root) = tokio::task::spawn_blocking(move || {
            LocalStaging::open(&root).map(|staging| (staging, root))
        })
        .await
        .map_err(ObjectError::unavailable)?
        .map_err(|error| unusable(&error))?;
        let store = LocalFileSystem::new_with_prefix(&root)
            .map_err(|error| unusable(&error))?
            .with_fsync(true);
        Ok(Self {
            kind: StorageKind::File,
            meters: Meters::default(),
            store: Arc::new(store),
            reader: Reader::Local(LocalReader::new(staging.directory().to_path_buf())),
            staging: Arc::new(staging),
            prefix: Path::default(),
        })
    }

    fn remote<S: ObjectStore + MultipartStore>(kind: StorageKind, store: S, prefix: Path) -> Self {
        let store = Arc::new(store);
        Self {
            kind,
            meters: Meters::default(),
            staging: Arc::new(RemoteStaging::new(store.clone(), store.clone(), prefix.clone())),
            reader: Reader::Remote { store: store.clone(), prefix: prefix.clone() },
            store,
            prefix,
        }
    }
}

fn prefix(url: &Url) -> Result<Path> {
    Path::from_url_path(url.path()).map_err(|error| address(error.to_string()))
}

fn known<K: FromStr>(options: &[(String, String)]) -> impl Iterator<Item = (K, &str)> {
    options.iter().filter_map(|(name, value)| {
        let key = name.to_ascii_lowercase().parse().ok()?;
        Some((key, value.as_str()))
    })
}

fn refused(error: object_store::Error) -> ObjectError {
    address(error.to_string())
}

const fn address(what: String) -> ObjectError {
    ObjectError::Address(what)
}
