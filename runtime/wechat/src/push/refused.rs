//! Why a push is not taken.

/// A request that is not taken for WeChat's, or cannot be read.
///
/// The texts are for the operator's log. Whoever sent the request learns nothing but that it was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// A parameter of the query is not there.
    #[error("the query has no `{0}`: this is no push of WeChat's, or a proxy in front takes the query away")]
    Missing(&'static str),
    /// The request is older or newer than the window allows.
    #[error(
        "the request was signed {seconds} s away from now, and {window} s are allowed: a request that is sent \
         again, or a clock that is wrong"
    )]
    OutOfWindow {
        /// How far the two are apart.
        seconds: u64,
        /// How far they may be.
        window: u64,
    },
    /// The signature is not this token's.
    #[error(
        "the signature is wrong: somebody else sent this, or the token is not that of the app's console, \
         消息推送配置"
    )]
    Signature,
    /// The request is in another mode than the app's.
    #[error(
        "the request is {found}, and the app's mode is {expected}: set the same mode here and in the app's \
         console, 消息推送配置; a request does not choose"
    )]
    Mode {
        /// What is configured.
        expected: &'static str,
        /// What came.
        found: &'static str,
    },
    /// Longer, deeper or with more fields than [`Limits`](super::Limits) allow.
    #[error("the message has more than {limit} {what}: raise the limit if it is WeChat's")]
    TooLarge {
        /// Which limit.
        what: &'static str,
        /// Its value.
        limit: usize,
    },
    /// The body is neither JSON nor XML, or not an object.
    #[error("the message cannot be read: {0}")]
    Unreadable(&'static str),
    /// Signed rightly, and yet not encrypted with this key for this app. Padding, length and appid are not
    /// told apart.
    #[error(
        "the message cannot be decrypted: the EncodingAESKey or the appid is not that of the app's console, \
         消息推送配置"
    )]
    Undecipherable,
}

/// A message whose fields are not those of the type that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message is no {name}: {what}")]
pub struct PayloadError {
    /// The type that was asked for.
    pub name: &'static str,
    /// What does not fit, without the values.
    pub what: String,
}
