//! `[messages]`

use std::time::Duration;

use super::reader::Reader;
use crate::message::MessageSettings;

/// WeChat waits five seconds.
const WECHAT_WAITS: Duration = Duration::from_secs(5);

pub(super) fn read(reader: &mut Reader) -> MessageSettings {
    let settings = MessageSettings {
        path: reader.get("messages.path", "/wechat/messages".to_owned()),
        answer_within: reader.duration("messages.answer_within", Duration::from_secs(4)),
        time_limit: reader.duration("messages.time_limit", Duration::from_secs(5 * 60)),
        lease: reader.duration("messages.lease", Duration::from_secs(30)),
        attempts: reader.get("messages.attempts", 8),
        retry_after: reader.duration("messages.retry_after", Duration::from_secs(5)),
        retry_at_most: reader.duration("messages.retry_at_most", Duration::from_secs(10 * 60)),
        concurrency: reader.get("messages.concurrency", 16),
        backlog: reader.get("messages.backlog", 10_000),
        poll: reader.duration("messages.poll", Duration::from_secs(1)),
    };
    let path = &settings.path;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
    if !path.starts_with('/') || path.ends_with('/') || path.contains("//") || !path.chars().all(plain) {
        reader.mistake(format!(
            "messages.path is `{path}`; write a path with a slash in front and none at its end, as in `/wechat/messages`"
        ));
    }
    if settings.answer_within >= WECHAT_WAITS {
        reader.mistake(
            "messages.answer_within must be less than 5s: WeChat waits no longer, and delivers again",
        );
    }
    if settings.lease < Duration::from_secs(1) {
        reader.mistake("messages.lease must be at least 1s: it is renewed three times in its life");
    }
    for (name, zero) in [
        ("messages.attempts", settings.attempts == 0),
        ("messages.concurrency", settings.concurrency == 0),
        ("messages.backlog", settings.backlog == 0),
    ] {
        if zero {
            reader.mistake(format!("{name} is 0; give at least 1"));
        }
    }
    if settings.concurrency > 10_000 {
        reader.mistake(
            "messages.concurrency is more than 10000; each takes memory and a connection now and then",
        );
    }
    settings
}
