//! `[objects]` and `[uploads]`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use queqiao_storage::{Bucket, BucketObjects, LocalObjects, ObjectError, ObjectStore, Service};

use super::reader::Reader;

/// Where the bytes of files are.
#[derive(Clone, Debug)]
pub(crate) enum Objects {
    Local(PathBuf),
    Memory,
    Bucket(Bucket),
}

/// `[objects]`
#[derive(Clone, Debug)]
pub(crate) struct ObjectSettings {
    pub(crate) objects: Objects,
    /// What the URLs of public files begin with, if another serves them.
    pub(crate) public_url: Option<String>,
    /// How long the URL of a private file works.
    pub(crate) link_lifetime: Duration,
}

/// `[uploads]`
#[derive(Clone, Copy, Debug)]
pub(crate) struct UploadSettings {
    pub(crate) timeout: Duration,
    pub(crate) idle_timeout: Duration,
    /// How long a form may be sent to the bucket.
    pub(crate) form_lifetime: Duration,
    pub(crate) at_once: usize,
    pub(crate) redrawn_at_once: usize,
}

#[derive(Clone, Copy)]
enum Store {
    Local,
    Memory,
    Bucket(Service),
}

/// A store may sign no URL for longer.
const LONGEST_LINK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

impl ObjectSettings {
    /// `data` is the folder of what the server writes; relative folders start at `folder`.
    pub(super) fn read(reader: &mut Reader, folder: &Path, data: &Path) -> Self {
        let stores = [
            ("local", Store::Local),
            ("s3", Store::Bucket(Service::S3)),
            ("oss", Store::Bucket(Service::Oss)),
            ("cos", Store::Bucket(Service::Cos)),
            ("memory", Store::Memory),
        ];
        let store = reader.choice("objects.store", &stores).unwrap_or(Store::Local);
        let local = reader.optional::<String>("objects.folder");
        let path_style = reader.get("objects.path_style", false);
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let name = given(reader.optional("objects.bucket"));
        let endpoint = given(reader.optional("objects.endpoint"));
        let region = given(reader.optional("objects.region"));
        let access_key_id = given(reader.optional("objects.access_key_id"));
        let access_key_secret = reader.secret("objects.access_key_secret");
        let objects = match store {
            Store::Local => {
                Objects::Local(local.map_or_else(|| data.join("objects"), |local| folder.join(local)))
            }
            Store::Memory => Objects::Memory,
            Store::Bucket(service) => {
                let mut needed = |value: Option<String>, key: &str| {
                    value.unwrap_or_else(|| {
                        reader.mistake(format!("objects.store is `{}` and {key} is missing", service.name()));
                        String::new()
                    })
                };
                let bucket = Bucket {
                    service,
                    name: needed(name, "objects.bucket"),
                    endpoint: needed(endpoint, "objects.endpoint"),
                    region: needed(region, "objects.region"),
                    access_key_id: needed(access_key_id, "objects.access_key_id"),
                    access_key_secret: access_key_secret.unwrap_or_else(|| {
                        reader.mistake(format!(
                            "objects.store is `{}` and its secret is missing; give it as \
                             QUEQIAO__OBJECTS__ACCESS_KEY_SECRET",
                            service.name()
                        ));
                        "".into()
                    }),
                    path_style,
                };
                Objects::Bucket(bucket)
            }
        };
        let public_url = reader.url("objects.public_url");
        let link_lifetime = reader.duration("objects.link_lifetime", Duration::from_secs(60 * 60));
        if link_lifetime < Duration::from_secs(60) || link_lifetime > LONGEST_LINK {
            reader.mistake("objects.link_lifetime must be between one minute and seven days");
        }
        Self { objects, public_url, link_lifetime }
    }

    /// The store, not yet asked for anything.
    pub(super) fn open(&self) -> Result<Arc<dyn ObjectStore>, ObjectError> {
        Ok(match &self.objects {
            Objects::Local(folder) => Arc::new(LocalObjects::open(folder)?),
            Objects::Memory => Arc::new(BucketObjects::in_memory()?),
            Objects::Bucket(bucket) => Arc::new(BucketObjects::new(bucket.clone())?),
        })
    }
}

impl UploadSettings {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let settings = Self {
            timeout: reader.duration("uploads.timeout", Duration::from_secs(10 * 60)),
            idle_timeout: reader.duration("uploads.idle_timeout", Duration::from_secs(30)),
            form_lifetime: reader.duration("uploads.form_lifetime", Duration::from_secs(15 * 60)),
            at_once: reader.get("uploads.at_once", 64),
            redrawn_at_once: reader.get("uploads.redrawn_at_once", 2),
        };
        if settings.at_once == 0 || settings.redrawn_at_once == 0 {
            reader.mistake("uploads.at_once and uploads.redrawn_at_once must be at least 1");
        }
        let day = Duration::from_secs(24 * 60 * 60);
        if settings.form_lifetime < Duration::from_secs(60) || settings.form_lifetime > day {
            reader.mistake("uploads.form_lifetime must be between one minute and a day");
        }
        if settings.timeout.is_zero() || settings.timeout > day || settings.idle_timeout.is_zero() {
            reader.mistake("uploads.timeout and uploads.idle_timeout must be longer than nothing, and the first at most a day");
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::{ConfigError, Mode, Settings};

    fn read(text: &str) -> Result<Settings, ConfigError> {
        Settings::read(text, &Default::default(), Mode::Development, PathBuf::from("/srv"))
    }

    #[test]
    fn a_folder_beside_the_database_unless_said() {
        let objects = |text| read(text).unwrap().objects.objects;
        assert!(
            matches!(objects(""), Objects::Local(folder) if folder == Path::new("/srv/.queqiao/objects"))
        );
        assert!(
            matches!(objects("[objects]\nfolder = \"files\""), Objects::Local(folder) if folder == Path::new("/srv/files"))
        );
    }

    #[test]
    fn what_a_bucket_needs_is_told_all_at_once_and_its_secret_never() {
        let found = read("[objects]\nstore = \"oss\"").unwrap_err();
        for key in ["bucket", "endpoint", "region", "access_key_id", "ACCESS_KEY_SECRET"] {
            assert!(found.to_string().contains(key), "{key}: {found}");
        }
        let text = "[objects]\nstore = \"s3\"\nbucket = \"b\"\nendpoint = \"https://s3.eu-central-1.amazonaws.com\"\n\
                    region = \"eu-central-1\"\naccess_key_id = \"AKIA\"\naccess_key_secret = \"hush-hush\"";
        let settings = read(text).unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }

    #[test]
    fn limits_that_cannot_be_are_told() {
        for (text, told) in [
            ("[objects]\nstore = \"ftp\"", "`local`"),
            ("[objects]\nlink_lifetime = \"30s\"", "link_lifetime"),
            ("[objects]\npublic_url = \"cdn.example.com\"", "public_url"),
            ("[uploads]\nat_once = 0", "at_once"),
            ("[server]\nurl = \"api.example.com\"", "server.url"),
        ] {
            let found = read(text).unwrap_err().to_string();
            assert!(found.contains(told), "{text}: {found}");
        }
    }
}
