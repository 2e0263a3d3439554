//! The errcodes that the emulator serves, each with its text and the page of WeChat that names it.

/// An errcode of WeChat's server API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Errcode {
    /// The number.
    pub errcode: i64,
    /// The beginning of the errmsg; a `, rid: …` follows on the wire.
    pub errmsg: &'static str,
    /// When the emulator answers with it.
    pub when: &'static str,
    /// The page of WeChat's documentation that names it.
    pub page: &'static str,
}

/// A failed call: an errcode, and the errmsg of this one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) errcode: i64,
    pub(crate) errmsg: String,
}

impl From<Errcode> for Refusal {
    fn from(errcode: Errcode) -> Self {
        errcode.saying(errcode.errmsg)
    }
}

impl Errcode {
    /// With another errmsg: some numbers mean different things on different pages.
    pub(crate) fn saying(self, errmsg: impl Into<String>) -> Refusal {
        Refusal { errcode: self.errcode, errmsg: errmsg.into() }
    }

    /// The entry of a number, if the emulator serves it.
    pub(crate) fn of(errcode: i64) -> Option<Self> {
        ERRCODES.iter().copied().find(|entry| entry.errcode == errcode)
    }
}

macro_rules! page {
    (all) => {
        "https://developers.weixin.qq.com/doc/oplatform/developers/errCode/"
    };
    ($path:literal) => {
        concat!("https://developers.weixin.qq.com/miniprogram/dev/server/API/", $path, ".html")
    };
}

macro_rules! errcodes {
    ($($name:ident = $errcode:literal, $errmsg:literal, $page:tt, $when:literal;)*) => {
        $(pub(crate) const $name: Errcode =
            Errcode { errcode: $errcode, errmsg: $errmsg, when: $when, page: page!($page) };)*

        /// Every errcode that the emulator serves by itself, in numerical order. A
        /// [fault](crate::Fault) may answer with any other as well.
        pub const ERRCODES: &[Errcode] = &[$($name),*];
    };
}

// What is missing on the page of a call stands in WeChat's global list, `all`.
errcodes! {
    BUSY = -1, "system error", "user-login/api_code2session", "a fault was injected";
    CREDENTIAL_INVALID = 40001, "invalid credential, access_token is invalid or not latest", "mp-access-token/api_getaccesstoken",
        "the access token was never issued, or was killed by a forced refresh or by newer ones";
    GRANT_TYPE_INVALID = 40002, "invalid grant_type", "mp-access-token/api_getstableaccesstoken",
        "grant_type is another; or the app may not make links because it is a person's";
    OPENID_INVALID = 40003, "invalid openid", "mp-message-management/subscribe-message/api_sendmessage",
        "the openid is nobody's";
    MEDIA_TYPE_INVALID = 40004, "invalid media type", "sec-center/sec-check/api_mediacheckasync",
        "media_type is neither 1 nor 2; or what is uploaded is no image";
    MEDIA_ID_INVALID = 40007, "invalid media_id", "kf-mgnt/kf-message/api_getmedia",
        "the media is unknown, of another app, or older than three days";
    MEDIA_SIZE_INVALID = 40009, "invalid image size", all, "an uploaded image is larger than 10 MB";
    APPID_INVALID = 40013, "invalid appid", "mp-access-token/api_getstableaccesstoken",
        "the app is unknown; or a phone code is of another app";
    TOKEN_INVALID = 40014, "invalid access_token", "mp-message-management/subscribe-message/api_sendmessage",
        "what is sent as an access token does not look like one";
    CODE_INVALID = 40029, "invalid code", "user-login/api_code2session",
        "the code is unknown, expired, of another kind, or (by the setting reused_code) used";
    TEMPLATE_INVALID = 40037, "invalid template_id", "mp-message-management/subscribe-message/api_sendmessage",
        "the app has no such template";
    URL_INVALID = 40066, "invalid url", "qrcode-link/short-link/api_generateshortlink",
        "the path is none of the API's; or a short link leads to a page that is not published";
    ARGUMENTS_INVALID = 40097, "invalid args", "qrcode-link/qr-code/api_getunlimitedqrcode",
        "an argument is missing or out of range where the call has no number of its own for it";
    SECRET_INVALID = 40125, "invalid appsecret", "mp-access-token/api_getstableaccesstoken", "the AppSecret is wrong";
    SCENE_INVALID = 40129, "invalid scene", "sec-center/sec-check/api_msgseccheck",
        "the scene is none of the call's; or that of a code has characters that are not allowed";
    PATH_LENGTH_INVALID = 40159, "invalid length for path, or the data is not json string", "qrcode-link/qr-code/api_getqrcode",
        "the path of a code is empty or too long";
    CODE_USED = 40163, "code been used", all, "a code is used again (by the setting reused_code)";
    IP_INVALID = 40164, "invalid ip, not in whitelist", "mp-access-token/api_getstableaccesstoken",
        "the caller's address is not in the app's allow list";
    PAGE_PATH_INVALID = 40165, "invalid weapp pagepath", "qrcode-link/url-scheme/api_generatescheme",
        "a link leads to a page that is not published";
    SCENE_LENGTH_INVALID = 40169, "invalid length for scene, or the data is not json string", "qrcode-link/qr-code/api_getunlimitedqrcode",
        "the scene of a code is empty or longer than 32 characters";
    QUERY_INVALID = 40212, "invalid query", "qrcode-link/url-scheme/api_generatescheme",
        "the query of a link is too long or has characters that are not allowed";
    TITLE_INVALID = 40225, "invalid page title", "qrcode-link/short-link/api_generateshortlink",
        "the title of a short link is longer than 20 characters, or refused by a content rule";
    CODE_BLOCKED = 40226, "code blocked", "user-login/api_code2session", "the user is marked as high-risk";
    SECRET_FROZEN = 40243, "appsecret is frozen", "mp-access-token/api_getaccesstoken", "the app's secret is marked as frozen";
    TOKEN_MISSING = 41001, "access_token missing", "openApi-mgnt/api_clearapiquota", "no access token is sent";
    APPID_MISSING = 41002, "appid missing", "mp-access-token/api_getstableaccesstoken", "no appid is sent";
    SECRET_MISSING = 41004, "appsecret missing", "mp-access-token/api_getstableaccesstoken", "no AppSecret is sent";
    MEDIA_MISSING = 41005, "media data missing", all, "an upload has no part named media";
    CODE_MISSING = 41008, "missing code", all, "no code is sent";
    PAGE_INVALID = 41030, "invalid page", "qrcode-link/qr-code/api_getunlimitedqrcode",
        "a page begins with a slash, has a query where none is allowed, or is not published";
    TOKEN_EXPIRED = 42001, "access_token expired", "openApi-mgnt/api_clearapiquota", "the access token is past its time";
    GET_REQUIRED = 43001, "require GET method", all, "another method than GET is used";
    POST_REQUIRED = 43002, "require POST method", "mp-access-token/api_getstableaccesstoken", "another method than POST is used";
    NOT_SUBSCRIBED = 43101, "user refuse to accept the msg", "mp-message-management/subscribe-message/api_sendmessage",
        "the user did not subscribe, or the one-time grant is used up";
    OPENID_OF_ANOTHER_APP = 43104, "the openid does not match the appid", "sec-center/sec-check/api_msgseccheck",
        "the openid is of another app; or the app may not make short links";
    SUBSCRIPTIONS_BANNED = 43107, "subscribe message is banned", "mp-message-management/subscribe-message/api_sendmessage",
        "the app's subscribe messages, or this template, are marked as banned";
    CONCURRENT_SEND = 43108, "concurrent send to the same user", "mp-message-management/subscribe-message/api_sendmessage",
        "a message to the same user is still being answered";
    BODY_EMPTY = 44002, "empty post data", "sec-center/sec-check/api_msgseccheck", "a POST has no body, or a check no content";
    PER_SECOND = 44990, "reach max api second frequence limit", "qrcode-link/url-scheme/api_generatescheme",
        "more links in a second than the limit";
    PER_MINUTE = 44991, "reach max api minute frequence", "sec-center/sec-check/api_msgseccheck",
        "more content checks in a minute than the limit";
    LINKS_PER_DAY = 44993, "reach max api day frequence limit", "qrcode-link/url-scheme/api_generatescheme",
        "more schemes and URL links on a day than the limit";
    PER_DAY = 45009, "reach max api daily quota limit", "mp-access-token/api_getstableaccesstoken",
        "the quota of the day is used up; of unlimited QR codes, that of the minute";
    TOO_FREQUENT = 45011, "api minute-quota reach limit, must slower, retry next minute", "user-login/api_code2session",
        "more calls in a minute than the limit";
    REPLY_WINDOW_OVER = 45015, "response out of time limit or subscription is canceled", all,
        "the user wrote nothing within 48 hours";
    CODES_USED_UP = 45029, "qrcode count out of limit", "qrcode-link/qr-code/api_getqrcode", "the pool of 100,000 codes is empty";
    REPLIES_USED_UP = 45047, "out of response count limit", all, "five messages were sent since the user wrote";
    COMMAND_INVALID = 45072, "invalid command", "kf-mgnt/kf-message/api_typing", "the command is neither Typing nor CancelTyping";
    TYPING_NEEDS_MESSAGE = 45080, "need sending message to user, or recving message from user in the last 30 seconds before typing",
        "kf-mgnt/kf-message/api_typing", "no message went to or came from the user within 30 seconds";
    TYPING_ALREADY = 45081, "you are already typing", "kf-mgnt/kf-message/api_typing", "the typing state is shown already";
    SENSITIVE_WORDS = 45168, "hit sensitive words", "mp-message-management/subscribe-message/api_sendmessage",
        "a content rule finds a value of a subscribe message risky";
    BODY_INVALID = 47001, "data format error", "sec-center/sec-check/api_msgseccheck",
        "the body is not the JSON of this call, or one of its texts is too long";
    DATA_INVALID = 47003, "argument invalid!", "mp-message-management/subscribe-message/api_sendmessage",
        "a value of a subscribe message breaks its rule, or is missing";
    API_UNAUTHORIZED = 48001, "api unauthorized", "sec-center/safety-control-capability/api_getuserriskrank",
        "the app is marked as not having this API";
    CLEARED_TOO_OFTEN = 48006, "forbid to clear quota because of reaching the limit", "openApi-mgnt/api_clearquota",
        "quotas were cleared ten times this month";
    TOKEN_FORBIDDEN = 50004, "forbidden to use token api", "mp-access-token/api_getaccesstoken", "the account is marked so";
    ACCOUNT_FROZEN = 50007, "account is frozen", "mp-access-token/api_getaccesstoken", "the account is marked so";
    USER_INACTIVE = 61010, "code is expired", "sec-center/sec-check/api_msgseccheck",
        "the user did not use the app within two hours";
    MINOR = 70000, "message is not sent to protect minors", "kf-mgnt/kf-message/api_sendcustommessage", "the user is marked as a minor";
    RID_NOT_FOUND = 76001, "rid not found", "openApi-mgnt/api_getridinfo", "the rid is unknown or forgotten";
    RID_INVALID = 76002, "rid is error", "openApi-mgnt/api_getridinfo", "the rid is empty or does not look like one";
    RID_OF_ANOTHER_APP = 76003, "could not query this rid, no permission", "openApi-mgnt/api_getridinfo", "the rid is of another app's call";
    RID_EXPIRED = 76004, "rid time is error", "openApi-mgnt/api_getridinfo", "the rid is older than seven days";
    CGI_PATH_NOT_FOUND = 76021, "cgi_path not found, please check", "openApi-mgnt/api_getapiquota", "the cgi_path is none of the API's";
    CGI_PATH_NOT_ALLOWED = 76022, "could not use this cgi_path, no permission", "openApi-mgnt/api_getapiquota", "the cgi_path is below /sns";
    NOT_RELEASED = 85079, "miniprogram has no online release", "qrcode-link/url-scheme/api_generatescheme", "the app is marked as not released";
    RESERVED_PARAMETER = 85096, "not allow include scancode_time field", "qrcode-link/qr-code/api_getunlimitedqrcode",
        "a code has the reserved parameter scancode_time";
    PERMANENT_USED_UP = 85400, "reach max long time quota limit", "qrcode-link/short-link/api_generateshortlink",
        "100,000 permanent short links were made";
    EXPIRY_INVALID = 85401, "time limit between 1min and 30days", "qrcode-link/url-scheme/api_generatescheme",
        "a link is to expire in less than a minute or more than 30 days";
    ENV_VERSION_INVALID = 85402, "invalid env_version", "qrcode-link/url-scheme/api_generatescheme", "env_version is none of the three";
    LINK_NOT_FOUND = 85403, "not found", "qrcode-link/url-scheme/api_queryscheme", "the scheme or link is unknown";
    VISITS_PER_DAY = 85406, "daily visit limit", "qrcode-link/url-scheme/api_generatescheme", "links were opened more often today than the limit";
    NO_LINK_PERMISSION = 85407, "no scheme permission", "qrcode-link/url-scheme/api_generatescheme", "the app is marked as having no permission";
    LINKS_BANNED = 85408, "appid banned", "qrcode-link/url-scheme/api_generatescheme", "the app's links are marked as banned";
    SESSION_KEY_EXPIRED = 87007, "session_key is not existd or expired", "user-login/api_resetusersessionkey",
        "the user has no session_key";
    SIG_METHOD_INVALID = 87008, "invalid sig_method", "user-login/api_resetusersessionkey", "sig_method is not hmac_sha256";
    SIGNATURE_INVALID = 87009, "invalid signature", "user-login/api_checksessionkey", "the signature is not that of the newest session_key";
    RISKY_CONTENT = 87014, "risky content", all, "a content rule finds a text risky, asked in version 1";
    REPEATED_TOO_OFTEN = 87020, "repeat request limit exceeded", "sec-center/sec-check/api_mediacheckasync",
        "the same media is checked again more often than the limit";
    NOT_BOUND = 89002, "open not exists", "user-info/basic-info/api_getpaidunionid", "the app has no unionids (setting unionid)";
    TRADE_INVALID = 89300, "invalid trade", "user-info/basic-info/api_getpaidunionid", "the user has no such payment within five minutes";
    NEEDS_CONFIRMATION = 89503, "this call needs the confirmation of the administrator", "mp-access-token/api_getstableaccesstoken",
        "the app is marked so";
    IP_REFUSED_FOR_A_DAY = 89506, "the administrator refused this ip, retry after 24 hours", "mp-access-token/api_getstableaccesstoken",
        "the app is marked so";
    IP_REFUSED_FOR_AN_HOUR = 89507, "the administrator refused this ip, retry after 1 hour", "mp-access-token/api_getstableaccesstoken",
        "the app is marked so";
    TEMPLATES_BANNED = 200011, "this account is banned", "mp-message-management/subscribe-message/api_addtemplate",
        "the app's subscribe messages are marked as banned";
    TOO_MANY_TEMPLATES = 200012, "the number of private templates reaches the limit", "mp-message-management/subscribe-message/api_addtemplate",
        "the app has 50 templates";
    TEMPLATE_BANNED = 200013, "this template is banned", "mp-message-management/subscribe-message/api_addtemplate",
        "this title of the public library is marked as banned";
    TID_INVALID = 200014, "invalid tid", "mp-message-management/subscribe-message/api_addtemplate", "the public library has no such title";
    LIMIT_INVALID = 200017, "invalid limit", "mp-message-management/subscribe-message/api_getpubtemplatetitles", "limit is not 1 to 30";
    KEYWORDS_INVALID = 200020, "invalid kidList", "mp-message-management/subscribe-message/api_addtemplate",
        "the keywords are not two to five of the title's";
    SCENE_DESCRIPTION_INVALID = 200021, "invalid sceneDesc", "mp-message-management/subscribe-message/api_addtemplate",
        "the description is empty or longer than 15 characters";
    TEMPLATE_EXISTS = 200022, "the same template exists", "mp-message-management/subscribe-message/api_addtemplate",
        "the app has a template of this title with these keywords";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_without_repetitions() {
        assert!(ERRCODES.windows(2).all(|pair| pair[0].errcode < pair[1].errcode));
        assert_eq!(Errcode::of(43101), Some(NOT_SUBSCRIBED));
        assert_eq!(Errcode::of(1), None);
    }
}
