//! The unionid after a payment, and whether encrypted data is WeChat's.

use serde::{Deserialize, Serialize};

use crate::{App, EncryptedData, Error, Operation, WeChat, limit};

/// A payment of the last five minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Payment {
    /// By WeChat Pay's number.
    Transaction {
        /// 微信支付订单号.
        transaction_id: String,
    },
    /// By the merchant's number.
    Order {
        /// 商户号.
        mch_id: String,
        /// 商户订单号.
        out_trade_no: String,
    },
}

/// Whether encrypted data is WeChat's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct EncryptedDataCheck {
    /// Whether WeChat made it in the last three days. WeChat spells it `vaild`.
    #[serde(rename = "vaild")]
    pub valid: bool,
    /// When it was made, in Unix seconds.
    #[serde(default)]
    pub create_time: i64,
}

#[derive(Serialize)]
struct Query<'a> {
    openid: &'a str,
    #[serde(flatten)]
    payment: &'a Payment,
}

#[derive(Serialize)]
struct Hash {
    encrypted_msg_hash: String,
}

#[derive(Deserialize)]
struct UnionId {
    unionid: String,
}

impl WeChat {
    /// The unionid of a user who has paid within the last five minutes (getPaidUnionid).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-info/basic-info/getPaidUnionid.html>
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn paid_unionid(&self, app: &App, openid: &str, payment: &Payment) -> Result<String, Error> {
        limit::openid("openid", openid)?;
        let query = Query { openid, payment };
        let answer = self.get_query(app, Operation::GetPaidUnionId, &query, &[]).await?;
        Ok(answer.into::<UnionId>("unionid")?.unionid)
    }

    /// Whether encrypted data is WeChat's (checkEncryptedData): of phone numbers, within three days.
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-info/basic-info/checkEncryptedData.html>
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn check_encrypted_data(
        &self,
        app: &App,
        data: &EncryptedData,
    ) -> Result<EncryptedDataCheck, Error> {
        let body = Hash { encrypted_msg_hash: data.hash() };
        self.post_json(app, Operation::CheckEncryptedData, true, &body).await?.into("vaild and create_time")
    }
}
