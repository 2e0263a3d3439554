//! The risk rank of a user (安全等级).

use serde::{Deserialize, Serialize};

use crate::{App, Error, Invalid, Operation, WeChat, limit};

/// What the user is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RiskScene {
    /// Registering.
    Register = 0,
    /// A campaign that attracts fraud (营销作弊).
    Marketing = 1,
    /// Publishing something (UGC).
    Content = 2,
}

impl Serialize for RiskScene {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

/// Who does what, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RiskQuestion {
    /// The user.
    pub openid: String,
    /// What the user is about to do.
    pub scene: RiskScene,
    /// The address that the user comes from.
    pub client_ip: std::net::IpAddr,
    /// The user's phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_no: Option<String>,
    /// The user's e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_address: Option<String>,
    /// More about the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_info: Option<String>,
    /// Asks without being counted as a real case.
    pub is_test: bool,
}

/// From 0 (no risk) to 4 (the highest).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RiskRank(u8);

impl RiskRank {
    /// The rank, from 0 to 4.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl<'de> Deserialize<'de> for RiskRank {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u8::deserialize(deserializer)? {
            rank @ 0..=4 => Ok(Self(rank)),
            _ => Err(serde::de::Error::custom("a risk rank is from 0 to 4")),
        }
    }
}

/// How risky a user is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Risk {
    /// How high the risk is.
    pub risk_rank: RiskRank,
    /// WeChat's id of the answer, which it spells `unoin_id`.
    #[serde(default, rename = "unoin_id")]
    pub union_id: u64,
}

impl RiskQuestion {
    /// A question without anything optional.
    pub fn new(scene: RiskScene, openid: impl Into<String>, client_ip: std::net::IpAddr) -> Self {
        Self {
            openid: openid.into(),
            scene,
            client_ip,
            mobile_no: None,
            email_address: None,
            extended_info: None,
            is_test: false,
        }
    }

    /// Whether WeChat would take it.
    ///
    /// # Errors
    ///
    /// [`Invalid`], which names the parameter.
    pub fn check(&self) -> Result<(), Invalid> {
        limit::openid("openid", &self.openid)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    appid: &'a str,
    #[serde(flatten)]
    question: &'a RiskQuestion,
}

impl WeChat {
    /// How risky a user is (getUserRiskRank).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/sec-center/safety-control-capability/getUserRiskRank.html>
    ///
    /// # Errors
    ///
    /// [`Class::User`](crate::Class::User) for 61010, when the user has not been in the app; the others of
    /// [`Error`].
    pub async fn risk_rank(&self, app: &App, question: &RiskQuestion) -> Result<Risk, Error> {
        question.check()?;
        let body = Body { appid: &app.appid, question };
        self.post_json(app, Operation::GetUserRiskRank, true, &body).await?.into("risk_rank from 0 to 4")
    }
}
