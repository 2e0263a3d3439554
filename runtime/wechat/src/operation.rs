//! The calls of WeChat's server API, by the names of its documentation.

use std::fmt;

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $path:literal, $page:literal;)+) => {
        /// What was being done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Operation {
            $($(#[$doc])* #[doc = concat!("`", $path, "`: <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/", $page, ".html>")] $variant,)+
            /// A call that this crate has no type for, made with [`WeChat::post`](crate::WeChat::post).
            Other,
        }

        impl Operation {
            /// All that have types here.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// WeChat's name for it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other => "a server API",
                }
            }

            /// Its path on `https://api.weixin.qq.com`; empty for [`Other`](Self::Other).
            pub const fn path(self) -> &'static str {
                match self {
                    $(Self::$variant => $path,)+
                    Self::Other => "",
                }
            }

            /// Its page in WeChat's documentation.
            pub const fn page(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!("https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/", $page, ".html"),)+
                    Self::Other => "https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/",
                }
            }
        }
    };
}

operations! {
    CodeToSession = "code2Session", "/sns/jscode2session", "user-login/code2Session";
    CheckSessionKey = "checkSessionKey", "/wxa/checksession", "user-login/checkSessionKey";
    ResetUserSessionKey = "resetUserSessionKey", "/wxa/resetusersessionkey", "user-login/ResetUserSessionKey";
    GetUserEncryptKey = "getUserEncryptKey", "/wxa/business/getuserencryptkey", "user-info/internet/getUserEncryptKey";
    GetPaidUnionId = "getPaidUnionid", "/wxa/getpaidunionid", "user-info/basic-info/getPaidUnionid";
    GetPhoneNumber = "getPhoneNumber", "/wxa/business/getuserphonenumber", "user-info/phone-number/getPhoneNumber";
    CheckEncryptedData = "checkEncryptedData", "/wxa/business/checkencryptedmsg", "user-info/basic-info/checkEncryptedData";
    GetStableAccessToken = "getStableAccessToken", "/cgi-bin/stable_token", "mp-access-token/getStableAccessToken";
    GetAccessToken = "getAccessToken", "/cgi-bin/token", "mp-access-token/getAccessToken";
    ClearQuota = "clearQuota", "/cgi-bin/clear_quota", "openApi-mgnt/clearQuota";
    ClearQuotaByAppSecret = "clearQuotaByAppSecret", "/cgi-bin/clear_quota/v2", "openApi-mgnt/clearQuotaByAppSecret";
    GetApiQuota = "getApiQuota", "/cgi-bin/openapi/quota/get", "openApi-mgnt/getApiQuota";
    GetRidInfo = "getRidInfo", "/cgi-bin/openapi/rid/get", "openApi-mgnt/getRidInfo";
    GetCallbackIp = "getCallbackIP", "/cgi-bin/getcallbackip", "openApi-mgnt/getCallbackIP";
    GetApiDomainIp = "getApiDomainIp", "/cgi-bin/get_api_domain_ip", "openApi-mgnt/getApiDomainIp";
    MsgSecCheck = "msgSecCheck", "/wxa/msg_sec_check", "sec-center/sec-check/msgSecCheck";
    MediaCheckAsync = "mediaCheckAsync", "/wxa/media_check_async", "sec-center/sec-check/mediaCheckAsync";
    GetUserRiskRank = "getUserRiskRank", "/wxa/getuserriskrank", "sec-center/safety-control-capability/getUserRiskRank";
    GetUnlimitedQrCode = "getUnlimitedQRCode", "/wxa/getwxacodeunlimit", "qrcode-link/qr-code/getUnlimitedQRCode";
    GetQrCode = "getQRCode", "/wxa/getwxacode", "qrcode-link/qr-code/getQRCode";
    CreateQrCode = "createQRCode", "/cgi-bin/wxaapp/createwxaqrcode", "qrcode-link/qr-code/createQRCode";
    GenerateScheme = "generateScheme", "/wxa/generatescheme", "qrcode-link/url-scheme/generateScheme";
    QueryScheme = "queryScheme", "/wxa/queryscheme", "qrcode-link/url-scheme/queryScheme";
    GenerateUrlLink = "generateUrlLink", "/wxa/generate_urllink", "qrcode-link/url-link/generateUrlLink";
    QueryUrlLink = "queryUrlLink", "/wxa/query_urllink", "qrcode-link/url-link/queryUrlLink";
    GenerateShortLink = "generateShortLink", "/wxa/genwxashortlink", "qrcode-link/short-link/generateShortLink";
    SendSubscribeMessage = "sendMessage", "/cgi-bin/message/subscribe/send", "mp-message-management/subscribe-message/sendMessage";
    AddMessageTemplate = "addMessageTemplate", "/wxaapi/newtmpl/addtemplate", "mp-message-management/subscribe-message/addMessageTemplate";
    DeleteMessageTemplate = "deleteMessageTemplate", "/wxaapi/newtmpl/deltemplate", "mp-message-management/subscribe-message/deleteMessageTemplate";
    GetMessageTemplateList = "getMessageTemplateList", "/wxaapi/newtmpl/gettemplate", "mp-message-management/subscribe-message/getMessageTemplateList";
    GetCategory = "getCategory", "/wxaapi/newtmpl/getcategory", "mp-message-management/subscribe-message/getCategory";
    GetPubTemplateTitleList = "getPubTemplateTitleList", "/wxaapi/newtmpl/getpubtemplatetitles", "mp-message-management/subscribe-message/getPubTemplateTitleList";
    GetPubTemplateKeyWordsById = "getPubTemplateKeyWordsById", "/wxaapi/newtmpl/getpubtemplatekeywords", "mp-message-management/subscribe-message/getPubTemplateKeyWordsById";
    SendCustomMessage = "sendCustomMessage", "/cgi-bin/message/custom/send", "kf-mgnt/kf-message/sendCustomMessage";
    SetTyping = "setTyping", "/cgi-bin/message/custom/business/typing", "kf-mgnt/kf-message/setTyping";
    UploadTempMedia = "uploadTempMedia", "/cgi-bin/media/upload", "kf-mgnt/kf-message/uploadTempMedia";
    GetTempMedia = "getTempMedia", "/cgi-bin/media/get", "kf-mgnt/kf-message/getTempMedia";
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_paths_are_told_apart() {
        let names: HashSet<_> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        let paths: HashSet<_> = Operation::ALL.iter().map(|operation| operation.path()).collect();
        assert_eq!((names.len(), paths.len()), (Operation::ALL.len(), Operation::ALL.len()));
        assert!(paths.iter().all(|path| path.starts_with('/')));
    }
}
