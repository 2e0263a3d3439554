//! WeChat's own paths: the table of calls, and what is checked before each of them.

mod answer;
mod call;
mod content;
mod customer;
mod links;
mod login;
mod media;
mod media_check;
mod phone;
mod qr;
mod quota;
mod risk;
mod session;
mod subscribe;
mod template;
mod template_value;
mod token;
mod wire;

use crate::errcode::{self, Refusal};
use crate::limits::Quota;

pub(crate) use answer::Answer;
pub(crate) use call::Call;
pub(crate) use links::Links;
pub(crate) use media::Media;
pub(crate) use phone::phone_info;
pub(crate) use session::{latest_keys, signature};
pub use template::{Key, Template};
pub(crate) use wire::router;

/// The method of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
}

/// What a call carries besides its query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// Nothing that is looked at.
    Ignored,
    /// A JSON object.
    Json,
    /// A multipart form with a file.
    Form,
}

/// How a call says who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// By appid and secret, which the call checks itself.
    Secret,
    /// By an access token in the query.
    Token,
}

type Handler = fn(&mut Call<'_>) -> Result<Answer, Refusal>;

/// A call of WeChat's server API.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Api {
    pub(crate) path: &'static str,
    pub(crate) verb: Verb,
    pub(crate) credential: Credential,
    pub(crate) body: Body,
    pub(crate) quota: Quota,
    /// The path under which it is counted: some calls share a quota.
    pub(crate) counted_as: &'static str,
    pub(crate) handler: Handler,
}

impl Api {
    const fn get(path: &'static str, handler: Handler) -> Self {
        Self {
            path,
            verb: Verb::Get,
            credential: Credential::Token,
            body: Body::Ignored,
            quota: Quota::UNPUBLISHED,
            counted_as: path,
            handler,
        }
    }

    const fn post(path: &'static str, handler: Handler) -> Self {
        Self { verb: Verb::Post, body: Body::Json, ..Self::get(path, handler) }
    }

    const fn by_secret(self) -> Self {
        Self { credential: Credential::Secret, ..self }
    }

    const fn without_body(self) -> Self {
        Self { body: Body::Ignored, ..self }
    }

    const fn form(self) -> Self {
        Self { body: Body::Form, ..self }
    }

    const fn quota(self, quota: Quota) -> Self {
        Self { quota, ..self }
    }
}

/// Figures: the pages of the calls, and the digest in section 14 of the protocol reference.
const FREE: Quota = Quota::UNPUBLISHED;

/// Schemes and URL links together: 100 a second, 500,000 a day.
const LINKS: Quota = Quota {
    window: 1,
    rate: 100,
    too_fast: errcode::PER_SECOND,
    daily: 500_000,
    used_up: errcode::LINKS_PER_DAY,
};

/// The calls that are emulated.
pub(crate) const APIS: &[Api] = &[
    Api::get("/sns/jscode2session", login::code_to_session).by_secret(),
    Api::get("/wxa/checksession", session::check),
    Api::get("/wxa/resetusersessionkey", session::reset),
    Api::post("/wxa/business/getuserencryptkey", session::encrypt_keys).without_body(),
    Api::get("/wxa/getpaidunionid", session::paid_unionid),
    // "Daily quota" without a figure on the page; 2,000 is that of unverified accounts.
    Api::get("/cgi-bin/token", token::ordinary).by_secret().quota(FREE.per_day(2_000)),
    Api::post("/cgi-bin/stable_token", token::stable)
        .by_secret()
        .quota(FREE.per_minute(10_000, errcode::TOO_FREQUENT).per_day(500_000)),
    Api::post("/cgi-bin/clear_quota", quota::clear),
    Api::post("/cgi-bin/clear_quota/v2", quota::clear_by_secret).by_secret(),
    Api::post("/cgi-bin/openapi/quota/clear", quota::clear_one),
    Api::post("/cgi-bin/openapi/quota/get", quota::get),
    Api::post("/cgi-bin/openapi/rid/get", quota::rid),
    Api::get("/cgi-bin/getcallbackip", quota::addresses),
    Api::get("/cgi-bin/get_api_domain_ip", quota::addresses),
    Api::post("/wxa/business/getuserphonenumber", phone::number),
    Api::post("/wxa/business/checkencryptedmsg", phone::check_encrypted),
    Api::post("/wxa/msg_sec_check", content::check)
        .quota(FREE.per_minute(4_000, errcode::PER_MINUTE).per_day(2_000_000)),
    Api::post("/wxa/media_check_async", media_check::check)
        .quota(FREE.per_minute(2_000, errcode::PER_MINUTE).per_day(200_000)),
    Api::post("/wxa/getuserriskrank", risk::rank),
    Api::post("/wxa/getwxacodeunlimit", qr::unlimited).quota(FREE.per_minute(5_000, errcode::PER_DAY)),
    Api::post("/wxa/getwxacode", qr::limited),
    Api::post("/cgi-bin/wxaapp/createwxaqrcode", qr::create),
    Api::post("/wxa/generatescheme", links::scheme).quota(LINKS),
    Api {
        counted_as: "/wxa/generatescheme",
        ..Api::post("/wxa/generate_urllink", links::url_link).quota(LINKS)
    },
    Api::post("/wxa/queryscheme", links::query_scheme),
    Api::post("/wxa/query_urllink", links::query_url_link),
    Api::post("/wxa/genwxashortlink", links::short).quota(FREE.per_day(10_000_000)),
    Api::post("/cgi-bin/message/custom/send", customer::send),
    Api::post("/cgi-bin/message/custom/business/typing", customer::typing),
    Api::post("/cgi-bin/media/upload", media::upload).form(),
    Api::get("/cgi-bin/media/get", media::get),
    Api::post("/cgi-bin/message/subscribe/send", subscribe::send).quota(FREE.per_day(30_000_000)),
    Api::post("/wxaapi/newtmpl/addtemplate", template::add),
    Api::post("/wxaapi/newtmpl/deltemplate", template::delete),
    Api::get("/wxaapi/newtmpl/gettemplate", template::list),
    Api::get("/wxaapi/newtmpl/getcategory", template::categories),
    Api::get("/wxaapi/newtmpl/getpubtemplatetitles", template::public_titles),
    Api::get("/wxaapi/newtmpl/getpubtemplatekeywords", template::public_keywords),
];

/// The call of a path.
pub(crate) fn find(path: &str) -> Option<&'static Api> {
    APIS.iter().find(|api| api.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_is_there_once() {
        for api in APIS {
            assert_eq!(APIS.iter().filter(|other| other.path == api.path).count(), 1, "{}", api.path);
            assert!(find(api.counted_as).is_some_and(|counted| counted.counted_as == api.counted_as));
        }
    }
}
