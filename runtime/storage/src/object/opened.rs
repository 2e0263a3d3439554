//! Buckets, and a store in memory, through opendal.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, future};
use jiff::Timestamp;
use opendal::layers::{RetryLayer, TimeoutLayer};
use opendal::{Operator, services};
use secrecy::ExposeSecret;

use super::writer::Writing;
use super::{
    Bucket, ObjectBytes, ObjectError, ObjectKey, ObjectMeta, ObjectOptions, ObjectStore, ObjectWriter,
};

/// What one request to a bucket carries; the least that S3 takes for a part of an object.
const PART: usize = 5 * 1024 * 1024;
/// For a request that moves no bytes, and for one that moves a part.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(60));

/// Objects in a bucket of S3, Aliyun OSS or Tencent COS; or in the memory of this process, for tests.
#[derive(Clone)]
pub struct BucketObjects {
    operator: Operator,
    /// The bucket, unless it is this process.
    bucket: Option<Bucket>,
}

impl BucketObjects {
    /// The store of a bucket. Nothing is asked of it yet: see [`ObjectStore::check`].
    ///
    /// # Errors
    ///
    /// [`ObjectError::Settings`] for settings that cannot be of a bucket, or a service whose feature is off.
    pub fn new(bucket: Bucket) -> Result<Self, ObjectError> {
        let operator = operator(&bucket)?
            .layer(TimeoutLayer::new().with_timeout(PATIENCE.0).with_io_timeout(PATIENCE.1))
            .layer(
                RetryLayer::new().with_max_times(2).with_min_delay(Duration::from_millis(200)).with_jitter(),
            );
        Ok(Self { operator, bucket: Some(bucket) })
    }

    /// A store in memory, which ends with its last clone.
    ///
    /// # Errors
    ///
    /// None that can be expected.
    pub fn in_memory() -> Result<Self, ObjectError> {
        Ok(Self { operator: Operator::new(services::Memory::default())?, bucket: None })
    }

    /// The bucket; `None` in memory.
    pub fn bucket(&self) -> Option<&Bucket> {
        self.bucket.as_ref()
    }
}

fn operator(bucket: &Bucket) -> Result<Operator, ObjectError> {
    // What carries the requests; the first call does it, for all.
    #[cfg(any(feature = "s3", feature = "oss", feature = "cos"))]
    opendal::install_default();
    let endpoint = bucket.endpoint.as_str();
    if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") {
        return Err(ObjectError::Settings {
            detail: format!("the endpoint `{endpoint}` begins with neither https:// nor http://"),
        });
    }
    let secret = bucket.access_key_secret.expose_secret();
    match bucket.service {
        #[cfg(feature = "s3")]
        super::Service::S3 => {
            let mut builder = services::S3::default()
                .bucket(&bucket.name)
                .endpoint(endpoint)
                .region(&bucket.region)
                .access_key_id(&bucket.access_key_id)
                .secret_access_key(secret)
                // What the configuration says, and nothing that lies around on the machine.
                .disable_config_load()
                .disable_ec2_metadata();
            if !bucket.path_style {
                builder = builder.enable_virtual_host_style();
            }
            Ok(Operator::new(builder)?)
        }
        #[cfg(feature = "oss")]
        super::Service::Oss => {
            let style = if bucket.path_style { "path" } else { "virtual" };
            let builder = services::Oss::default()
                .bucket(&bucket.name)
                .endpoint(endpoint)
                .addressing_style(style)
                .access_key_id(&bucket.access_key_id)
                .access_key_secret(secret);
            Ok(Operator::new(builder)?)
        }
        #[cfg(feature = "cos")]
        super::Service::Cos => {
            let builder = services::Cos::default()
                .bucket(&bucket.name)
                .endpoint(endpoint)
                .secret_id(&bucket.access_key_id)
                .secret_key(secret)
                .disable_config_load();
            Ok(Operator::new(builder)?)
        }
        #[allow(unreachable_patterns, reason = "with all features on, there is no other")]
        service => {
            let _ = secret;
            let name = service.name();
            Err(ObjectError::Settings {
                detail: format!("this build knows no {name}: turn on the feature `{name}` of queqiao"),
            })
        }
    }
}

/// What tells the object of one writer from every other that its key had, in the metadata of a bucket.
const WRITER: &str = "queqiao-writer";

/// Before each look for an object of which it is not known whether it was finished.
const PAUSES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// An object on its way into a store.
pub(super) struct Written {
    writer: opendal::Writer,
    operator: Operator,
    key: ObjectKey,
    /// What stands in the object's metadata, where the store is asked over a network and keeps any.
    name: Option<String>,
}

impl Written {
    pub(super) async fn begin(
        operator: &Operator,
        key: &ObjectKey,
        options: ObjectOptions<'_>,
    ) -> Result<Self, ObjectError> {
        let can = operator.info().capability();
        let mut writer = operator.writer_with(key.as_str());
        if can.write_with_content_type {
            writer = writer.content_type(options.content_type);
        }
        if let Some(disposition) = options.content_disposition.filter(|_| can.write_with_content_disposition)
        {
            writer = writer.content_disposition(disposition);
        }
        let mut name = None;
        if can.write_can_multi && can.write_multi_min_size.is_some() {
            writer = writer.chunk(PART);
            if can.write_with_user_metadata {
                let random = uuid::Uuid::new_v4().simple().to_string();
                writer = writer.user_metadata([(WRITER.to_owned(), random.clone())]);
                name = Some(random);
            }
        }
        Ok(Self { writer: writer.await?, operator: operator.clone(), key: key.clone(), name })
    }

    /// Whether the object is there, and this one's; or comes to be within a few seconds.
    async fn is_there(&self) -> bool {
        let Some(name) = &self.name else { return false };
        for pause in PAUSES {
            tokio::time::sleep(pause).await;
            match self.operator.stat(self.key.as_str()).await {
                Ok(meta) if meta.user_metadata().is_some_and(|kept| kept.get(WRITER) == Some(name)) => {
                    return true;
                }
                // The store may still be putting its parts together.
                Ok(_) => {}
                Err(error) if error.kind() == opendal::ErrorKind::NotFound => {}
                Err(_) => return false,
            }
        }
        false
    }
}

#[async_trait::async_trait]
impl Writing for Written {
    async fn write(&mut self, bytes: Bytes) -> Result<(), ObjectError> {
        Ok(self.writer.write(bytes).await?)
    }

    async fn finish(&mut self) -> Result<(), ObjectError> {
        match self.writer.close().await {
            Ok(_) => Ok(()),
            // Where only the answer was lost, the next try finds no upload that it could complete.
            Err(_) if self.is_there().await => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn abort(&mut self) -> Result<(), ObjectError> {
        Ok(self.writer.abort().await?)
    }
}

pub(super) async fn read(
    operator: &Operator,
    key: &ObjectKey,
    range: Option<Range<u64>>,
) -> Result<ObjectBytes, ObjectError> {
    let size = operator.stat(key.as_str()).await?.content_length();
    let range = range.unwrap_or(0..size);
    if range.start > range.end || range.end > size {
        let detail = format!("{key} has {size} bytes, and {}..{} were wanted", range.start, range.end);
        return Err(ObjectError::OutOfRange { detail });
    }
    if range.is_empty() {
        return Ok(futures_util::stream::empty().boxed());
    }
    let reader = operator.reader(key.as_str()).await?;
    let stream = reader.into_stream(range).await?.map_err(ObjectError::from);
    let pieces = stream.map_ok(|buffer| futures_util::stream::iter(Iterator::map(buffer, Ok)));
    Ok(pieces.try_flatten().boxed())
}

pub(super) async fn stat(operator: &Operator, key: &ObjectKey) -> Result<Option<ObjectMeta>, ObjectError> {
    match operator.stat(key.as_str()).await {
        Ok(meta) if meta.is_file() => Ok(Some(ObjectMeta {
            size: meta.content_length(),
            content_type: meta.content_type().map(str::to_owned),
            etag: meta.etag().map(str::to_owned),
            modified_at: meta.last_modified().map(opendal::raw::Timestamp::into_inner),
        })),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == opendal::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn keys(
    operator: &Operator,
    prefix: &str,
) -> Result<BoxStream<'static, Result<ObjectKey, ObjectError>>, ObjectError> {
    let lister = operator.lister_with(if prefix.is_empty() { "/" } else { prefix }).recursive(true).await?;
    // What others put there under names that we never give is not ours to see.
    let keys = lister.map_err(ObjectError::from).try_filter_map(|entry| {
        let file = entry.metadata().is_file();
        future::ready(Ok(file.then(|| ObjectKey::new(entry.path()).ok()).flatten()))
    });
    Ok(keys.boxed())
}

#[async_trait::async_trait]
impl ObjectStore for BucketObjects {
    async fn put(&self, key: &ObjectKey, options: ObjectOptions<'_>) -> Result<ObjectWriter, ObjectError> {
        Ok(ObjectWriter::new(Written::begin(&self.operator, key, options).await?))
    }

    async fn get(&self, key: &ObjectKey, range: Option<Range<u64>>) -> Result<ObjectBytes, ObjectError> {
        read(&self.operator, key, range).await
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<ObjectMeta>, ObjectError> {
        stat(&self.operator, key).await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        Ok(self.operator.delete(key.as_str()).await?)
    }

    async fn list(
        &self,
        prefix: &str,
    ) -> Result<BoxStream<'static, Result<ObjectKey, ObjectError>>, ObjectError> {
        keys(&self.operator, prefix).await
    }

    async fn signed_url(
        &self,
        key: &ObjectKey,
        lifetime: Duration,
        content_disposition: Option<&str>,
    ) -> Result<Option<String>, ObjectError> {
        if self.bucket.is_none() {
            return Ok(None);
        }
        let mut presign = self.operator.presign_read_with(key.as_str(), lifetime);
        if let Some(disposition) = content_disposition {
            presign = presign.override_content_disposition(disposition);
        }
        Ok(Some(presign.await?.uri().to_string()))
    }

    async fn remove_unfinished(&self, _: Timestamp) -> Result<u64, ObjectError> {
        Ok(0)
    }
}

impl fmt::Debug for BucketObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketObjects").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::conformance_tests!([objects] async { (BucketObjects::in_memory().unwrap(), ()) });

    #[cfg(feature = "s3")]
    mod s3 {
        use crate::test_servers;

        crate::conformance_tests!([objects] async { (test_servers::s3(), ()) });

        #[tokio::test]
        async fn a_wrong_secret_is_told_without_showing_it() {
            use super::*;
            let mut bucket = test_servers::s3().bucket().unwrap().clone();
            bucket.access_key_secret = "hush-hush".into();
            let error = BucketObjects::new(bucket).unwrap().check().await.unwrap_err();
            assert!(matches!(error, ObjectError::Permission { .. }), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        }

        /// In front of the server: the first upload that is completed gets no answer.
        async fn losing_an_answer(server: String) -> String {
            use std::sync::Arc;
            use std::sync::atomic::{AtomicU8, Ordering};

            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            use tokio::net::{TcpListener, TcpStream};

            const COMPLETED: u8 = 1;
            const LOST: u8 = 2;
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let state = Arc::new(AtomicU8::new(0));
            tokio::spawn(async move {
                loop {
                    let (mut client, _) = listener.accept().await.unwrap();
                    let (server, state) = (server.clone(), state.clone());
                    tokio::spawn(async move {
                        let mut server = TcpStream::connect(server).await.unwrap();
                        let (mut up, mut down) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
                        loop {
                            tokio::select! {
                                read = client.read(&mut up) => {
                                    let bytes = &up[..read.unwrap_or(0)];
                                    if bytes.is_empty() {
                                        break;
                                    }
                                    let end = bytes.iter().position(|byte| *byte == b'\r').unwrap_or(0);
                                    let line = String::from_utf8_lossy(&bytes[..end]);
                                    if line.starts_with("POST ") && line.contains("uploadId=") {
                                        let _ = state.compare_exchange(
                                            0, COMPLETED, Ordering::SeqCst, Ordering::SeqCst,
                                        );
                                    }
                                    server.write_all(bytes).await.unwrap();
                                }
                                read = server.read(&mut down) => {
                                    let bytes = &down[..read.unwrap_or(0)];
                                    if bytes.is_empty() {
                                        break;
                                    }
                                    if state.load(Ordering::SeqCst) == COMPLETED {
                                        // The end of the answer: the object is there.
                                        if String::from_utf8_lossy(bytes).contains("</CompleteMultipartUpload") {
                                            state.store(LOST, Ordering::SeqCst);
                                            break;
                                        }
                                        continue;
                                    }
                                    client.write_all(bytes).await.unwrap();
                                }
                            }
                        }
                    });
                }
            });
            address.to_string()
        }

        #[tokio::test]
        async fn an_object_of_which_only_the_answer_was_lost_is_there() {
            use super::*;
            let mut bucket = test_servers::s3().bucket().unwrap().clone();
            let address = bucket.endpoint.strip_prefix("http://").unwrap().to_owned();
            bucket.endpoint = format!("http://{}", losing_an_answer(address).await);
            let objects = BucketObjects::new(bucket).unwrap();
            let key = ObjectKey::new(format!("lost/{}", uuid::Uuid::now_v7())).unwrap();
            let options = ObjectOptions { content_type: "text/plain", content_disposition: None };
            for byte in [1, 2] {
                let mut writer = objects.put(&key, options).await.unwrap();
                writer.write(vec![byte; 6 * 1024 * 1024].into()).await.unwrap();
                writer.finish().await.unwrap();
                let pieces: Vec<Bytes> =
                    objects.get(&key, Some(0..1)).await.unwrap().try_collect().await.unwrap();
                assert_eq!(pieces.concat(), [byte]);
            }
            objects.delete(&key).await.unwrap();
        }

        #[tokio::test]
        async fn a_server_that_is_not_there_is_transient() {
            use super::*;
            let mut bucket = test_servers::s3().bucket().unwrap().clone();
            bucket.endpoint = "http://127.0.0.1:9".into();
            let error = BucketObjects::new(bucket).unwrap().check().await.unwrap_err();
            assert!(error.is_transient(), "{error:?}");
        }
    }
}
