//! Message push (消息推送): what WeChat sends to the developer's server.
//! <https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html>

mod delivery;
mod envelope;
mod event;
mod log;
mod settings;
mod xml;

pub(crate) use delivery::Courier;
pub(crate) use event::{Event, Recipient};
pub(crate) use log::Log;
pub use log::{Attempt, Delivery, Outcome};
pub use settings::{Format, Mode, Push};
