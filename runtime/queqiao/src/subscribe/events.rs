//! What WeChat pushes about subscriptions.

use jiff::Timestamp;
use queqiao_storage::{GrantKey, Receipt, Report, StoreError, Witness};
use queqiao_wechat::push::{
    Kind, Message, Payload, PayloadError, SubscribeMsgChange, SubscribeMsgPopup, SubscribeMsgSent,
    SubscribeStatus,
};

use super::Ledger;
use crate::apps::MiniProgram;

/// Why an event could not be written down.
pub(crate) enum NotNoted {
    /// It is not as WeChat says.
    Unreadable(PayloadError),
    /// The ledger fails.
    Store(StoreError),
}

impl From<PayloadError> for NotNoted {
    fn from(error: PayloadError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<StoreError> for NotNoted {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn key<'a>(program: &'a MiniProgram, message: &'a Message, template: &'a str) -> GrantKey<'a> {
    GrantKey { app: program.appid(), openid: message.from(), template }
}

impl Ledger {
    /// Whether the ledger has to hear of this kind.
    pub(crate) fn hears(kind: Kind<'_>) -> bool {
        [SubscribeMsgPopup::KIND, SubscribeMsgChange::KIND, SubscribeMsgSent::KIND].contains(&kind)
    }

    /// Writes down what an event says. It may be called again for one event.
    pub(crate) async fn hear(&self, program: &MiniProgram, message: &Message) -> Result<(), NotNoted> {
        let now = self.clock.now();
        let at = Timestamp::from_second(message.created()).unwrap_or(now);
        match message.kind() {
            kind if kind == SubscribeMsgPopup::KIND => {
                let id = message.identity();
                let report = Report { witness: Witness::Push, id: &id, at };
                for item in message.payload::<SubscribeMsgPopup>()?.list {
                    if item.status == SubscribeStatus::Accept {
                        self.grants.grant(&key(program, message, &item.template_id), &report, now).await?;
                    }
                }
            }
            kind if kind == SubscribeMsgChange::KIND => {
                for item in message.payload::<SubscribeMsgChange>()?.list {
                    if item.status == SubscribeStatus::Reject {
                        self.grants.withdraw(&key(program, message, &item.template_id), at, now).await?;
                    }
                }
            }
            kind if kind == SubscribeMsgSent::KIND => {
                for item in message.payload::<SubscribeMsgSent>()?.list {
                    let id = item.msg_id.clone().unwrap_or_else(|| message.identity());
                    let failure = format!("{} (ErrorCode {})", item.error_status, item.error_code);
                    let failed = item.error_code != 0;
                    if failed {
                        let (app, template) = (program.appid(), &item.template_id);
                        tracing::warn!(
                            app,
                            template,
                            message = id,
                            failure,
                            "a subscribe message did not arrive"
                        );
                    }
                    let receipt = Receipt { message: &id, at, failure: failed.then_some(&failure) };
                    self.grants
                        .note_receipt(&key(program, message, &item.template_id), &receipt, now)
                        .await?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
