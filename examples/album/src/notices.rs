//! What users hear while they are not looking.

use queqiao::message::{Answer, Push};
use queqiao::prelude::*;
use queqiao::wechat::push::{Message, Text};
use queqiao::{MiniProgram, SubscribeMessage, jiff, message, messages};

use crate::service::Album;

/// 你的照片有了新评论。
#[derive(SubscribeMessage)]
pub(crate) struct Commented {
    /// 评论内容
    thing1: String,
    /// 评论时间
    time2: String,
    #[subscribe(page)]
    page: String,
}

impl Commented {
    /// Where the users of an album live.
    const ZONE: jiff::tz::TimeZone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));

    pub(crate) fn new(photo: Uuid, text: &str, at: jiff::Timestamp) -> Self {
        Self {
            thing1: queqiao::subscribe::thing(text),
            time2: at.to_zoned(Self::ZONE).strftime("%Y年%-m月%-d日 %H:%M").to_string(),
            page: format!("pages/comments/comments?id={photo}"),
        }
    }
}

/// Whoever writes is told how many photos they have.
#[message(text)]
async fn on_text(
    State(album): State<Album>,
    Push(_): Push<Text>,
    program: MiniProgram,
    message: Message,
) -> Result<Answer, Internal> {
    let count = album.count(program.appid(), message.from()).await?;
    Ok(Answer::text(format!("你的相册里有 {count} 张照片。")))
}

pub(crate) fn messages() -> queqiao::message::Messages<Album> {
    messages![on_text]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_comment_fits_its_template() {
        let at = "2026-05-01T16:30:00Z".parse().unwrap();
        let message = Commented::new(Uuid::nil(), &"好看！".repeat(20), at);
        assert_eq!(message.thing1.chars().count(), 20);
        assert_eq!(message.time2, "2026年5月2日 00:30");
    }
}
