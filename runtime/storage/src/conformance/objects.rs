//! The promises of [`ObjectStore`].
//!
//! Unlike the others these cases share a store: each works under a prefix of its own and removes what it wrote.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use uuid::Uuid;

use super::crowd;
use crate::{ObjectError, ObjectKey, ObjectOptions, ObjectStore};

const PNG: ObjectOptions<'static> = ObjectOptions { content_type: "image/png", content_disposition: None };

fn ok<T>(result: Result<T, ObjectError>) -> T {
    result.unwrap_or_else(|error| panic!("the object store failed: {error}"))
}

/// Keys of one case.
struct Place(Uuid);

impl Place {
    fn new() -> Self {
        Self(Uuid::now_v7())
    }

    fn key(&self, name: &str) -> ObjectKey {
        ObjectKey::new(format!("conformance/{}/{name}", self.0)).expect("a key")
    }

    fn prefix(&self) -> String {
        format!("conformance/{}/", self.0)
    }
}

/// Bytes that look like no others.
fn content(seed: u8, size: usize) -> Bytes {
    (0..size).map(|n| (n as u8).wrapping_mul(31).wrapping_add((n >> 8) as u8) ^ seed).collect()
}

async fn write<S: ObjectStore>(store: &S, key: &ObjectKey, bytes: &Bytes, piece: usize) {
    let mut writer = ok(store.put(key, PNG).await);
    let mut rest = bytes.clone();
    while !rest.is_empty() {
        ok(writer.write(rest.split_to(piece.min(rest.len()))).await);
    }
    ok(writer.finish().await);
}

async fn read<S: ObjectStore>(store: &S, key: &ObjectKey, range: Option<std::ops::Range<u64>>) -> Bytes {
    let pieces: Vec<Bytes> = ok(ok(store.get(key, range).await).try_collect().await);
    pieces.concat().into()
}

async fn list<S: ObjectStore>(store: &S, prefix: &str) -> BTreeSet<ObjectKey> {
    ok(ok(store.list(prefix).await).try_collect().await)
}

async fn absent<S: ObjectStore>(store: &S, key: &ObjectKey) {
    assert_eq!(ok(store.head(key).await), None, "{key}");
    let got = match store.get(key, None).await {
        Ok(bytes) => bytes.try_collect::<Vec<_>>().await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(matches!(got, Err(ObjectError::NotFound { .. })), "{key}: {got:?}");
}

/// Nobody sees any of it before its writer has finished, and from then on everybody all of it.
pub async fn an_object_is_there_when_its_writer_has_finished<S: ObjectStore>(store: S) {
    let place = Place::new();
    let key = place.key("a.png");
    absent(&store, &key).await;
    let bytes = content(1, 70_000);
    let mut writer = ok(store.put(&key, PNG).await);
    for piece in [0..1000, 1000..1000, 1000..70_000] {
        ok(writer.write(bytes.slice(piece)).await);
        absent(&store, &key).await;
        assert_eq!(list(&store, &place.prefix()).await, BTreeSet::new());
    }
    ok(writer.finish().await);
    let meta = ok(store.head(&key).await).expect("it is there");
    assert_eq!(meta.size, 70_000);
    assert!(meta.content_type.is_none_or(|kept| kept == "image/png"));
    assert_eq!(read(&store, &key, None).await, bytes);
    assert_eq!(list(&store, &place.prefix()).await, BTreeSet::from([key.clone()]));
    ok(store.delete(&key).await);
}

/// Neither of what was given up nor of what was dropped.
pub async fn an_unfinished_object_leaves_nothing<S: ObjectStore>(store: S) {
    let place = Place::new();
    let (given_up, dropped) = (place.key("a.png"), place.key("b.png"));
    // More than one part of a bucket's upload.
    let bytes = content(2, 6 * 1024 * 1024);
    let mut writer = ok(store.put(&given_up, PNG).await);
    ok(writer.write(bytes.clone()).await);
    ok(writer.abort().await);
    let mut writer = ok(store.put(&dropped, PNG).await);
    ok(writer.write(bytes).await);
    drop(writer);
    for key in [given_up, dropped] {
        absent(&store, &key).await;
    }
    assert_eq!(list(&store, &place.prefix()).await, BTreeSet::new());
}

/// Each range has its bytes, an empty one none, and one that ends behind the object is an error.
pub async fn an_object_is_read_in_ranges<S: ObjectStore>(store: S) {
    let place = Place::new();
    let key = place.key("a.png");
    let bytes = content(3, 10_000);
    write(&store, &key, &bytes, 999).await;
    for range in [0..1, 0..10_000, 1..9_999, 5_000..5_001, 9_999..10_000, 0..0, 10_000..10_000] {
        let wanted = bytes.slice(range.start as usize..range.end as usize);
        assert_eq!(read(&store, &key, Some(range.clone())).await, wanted, "{range:?}");
    }
    for range in [0..10_001, 10_000..10_001, 20_000..30_000] {
        let refused = store.get(&key, Some(range.clone())).await.map(|_| ());
        assert!(matches!(refused, Err(ObjectError::OutOfRange { .. })), "{range:?}: {refused:?}");
    }
    ok(store.delete(&key).await);
}

/// Also one that a bucket takes in several parts.
pub async fn a_large_object_is_whole<S: ObjectStore>(store: S) {
    let place = Place::new();
    let key = place.key("large.png");
    let bytes = content(4, 12 * 1024 * 1024 + 17);
    write(&store, &key, &bytes, 77_777).await;
    assert_eq!(ok(store.head(&key).await).map(|meta| meta.size), Some(bytes.len() as u64));
    assert!(read(&store, &key, None).await == bytes, "it is not what was written");
    ok(store.delete(&key).await);
}

/// An object may be of no bytes.
pub async fn an_empty_object_is_one<S: ObjectStore>(store: S) {
    let place = Place::new();
    let key = place.key("empty.png");
    write(&store, &key, &Bytes::new(), 1).await;
    assert_eq!(ok(store.head(&key).await).map(|meta| meta.size), Some(0));
    assert_eq!(read(&store, &key, None).await, Bytes::new());
    ok(store.delete(&key).await);
}

/// What is written again is the new one, with another entity tag.
pub async fn a_key_that_is_written_again_has_the_new_object<S: ObjectStore>(store: S) {
    let place = Place::new();
    let key = place.key("a.png");
    let (old, new) = (content(5, 5_000), content(6, 4_000));
    write(&store, &key, &old, 5_000).await;
    let before = ok(store.head(&key).await).expect("it is there").etag;
    write(&store, &key, &new, 5_000).await;
    let after = ok(store.head(&key).await).expect("it is there").etag;
    assert_eq!(read(&store, &key, None).await, new);
    assert!(before.is_none() && after.is_none() || before != after, "{before:?}");
    ok(store.delete(&key).await);
}

/// Of many who write one key at once, one stays, whole.
pub async fn concurrent_writers_of_a_key_leave_one_object<S: ObjectStore + 'static>(store: S) {
    let place = Place::new();
    let key = place.key("a.png");
    let store = Arc::new(store);
    crowd(&store, |store, n| {
        let key = key.clone();
        async move { write(&*store, &key, &content(n as u8, 30_000 + n), 4_096).await }
    })
    .await;
    let found = read(&*store, &key, None).await;
    let n = found.len().checked_sub(30_000).expect("it is whole");
    assert!(found == content(n as u8, 30_000 + n), "it is a mixture");
    ok(store.delete(&key).await);
}

/// A deleted object is gone, and deleting none is no error.
pub async fn a_deleted_object_is_gone<S: ObjectStore>(store: S) {
    let place = Place::new();
    let key = place.key("a.png");
    ok(store.delete(&key).await);
    write(&store, &key, &content(7, 100), 100).await;
    ok(store.delete(&key).await);
    absent(&store, &key).await;
    assert_eq!(list(&store, &place.prefix()).await, BTreeSet::new());
    ok(store.delete(&key).await);
}

/// Those of the folder and of the folders in it, and no others.
pub async fn a_prefix_lists_its_objects<S: ObjectStore>(store: S) {
    let place = Place::new();
    let names = ["a/1.png", "a/2.png", "a/b/3.png", "ab/4.png", "c.png"];
    for name in names {
        write(&store, &place.key(name), &content(8, 10), 10).await;
    }
    let keys = |names: &[&str]| names.iter().map(|name| place.key(name)).collect::<BTreeSet<_>>();
    assert_eq!(list(&store, &place.prefix()).await, keys(&names));
    assert_eq!(list(&store, &format!("{}a/", place.prefix())).await, keys(&names[..3]));
    assert_eq!(list(&store, &format!("{}none/", place.prefix())).await, BTreeSet::new());
    for name in names {
        ok(store.delete(&place.key(name)).await);
    }
}

/// Address, credentials and rights can be tried.
pub async fn a_store_that_works_says_so<S: ObjectStore>(store: S) {
    ok(store.check().await);
}
