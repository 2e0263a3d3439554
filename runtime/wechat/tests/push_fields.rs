//! What WeChat writes in JSON and in XML, read into types; and what nobody should have to read.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use queqiao_wechat::push::{
    Fields, Format, Image, Kind, Limits, Message, MiniProgramPage, Payload, Punish, Refused,
    SubscribeMsgChange, SubscribeMsgPopup, SubscribeMsgSent, SubscribeStatus, Text, UserAuthorizationRevoke,
    UserEnterTempsession,
};
use queqiao_wechat::{ErrCode, MediaCheckResult, Suggest};

fn fields(text: &str) -> Result<Fields, Refused> {
    Fields::read(text.as_bytes(), &Limits::default()).map(|(fields, _)| fields)
}

fn message(text: &str) -> Message {
    Message::new(fields(text).unwrap()).unwrap()
}

/// The same message in both formats.
fn both<T: Payload + PartialEq + std::fmt::Debug>(json: &str, xml: &str) -> T {
    let (json, xml) = (message(json), message(xml));
    assert_eq!((json.kind(), xml.kind()), (T::KIND, T::KIND));
    assert_eq!((json.from(), json.to(), json.created()), (xml.from(), xml.to(), xml.created()));
    let payload = json.payload().unwrap();
    assert_eq!(xml.payload::<T>().unwrap(), payload);
    payload
}

#[test]
fn messages_of_users() {
    let text: Text = both(
        r#"{"ToUserName":"gh_1","FromUserName":"oA","CreateTime":1714112445,"MsgType":"text","Content":"1234",
            "MsgId":1234567890123456}"#,
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oA]]></FromUserName>
         <CreateTime>1714112445</CreateTime><MsgType><![CDATA[text]]></MsgType><Content>1234</Content>
         <MsgId>1234567890123456</MsgId></xml>",
    );
    assert_eq!(text.content, "1234");
    let image: Image = both(
        r#"{"ToUserName":"gh_1","FromUserName":"oA","CreateTime":1,"MsgType":"image","PicUrl":"http://x/?a=1&b",
            "MediaId":"m","MsgId":1}"#,
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><CreateTime>1</CreateTime>
         <MsgType>image</MsgType><PicUrl>http://x/?a=1&amp;b</PicUrl><MediaId>m</MediaId><MsgId>1</MsgId></xml>",
    );
    assert_eq!(image.pic_url, "http://x/?a=1&b");
    let page: MiniProgramPage = both(
        r#"{"ToUserName":"g","FromUserName":"o","CreateTime":1,"MsgType":"miniprogrampage","MsgId":2,"Title":"t",
            "AppId":"wx1","PagePath":"pages/a?x=1","ThumbUrl":"u","ThumbMediaId":"m"}"#,
        "<xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime>
         <MsgType>miniprogrampage</MsgType><Title>t</Title><AppId>wx1</AppId><PagePath>pages/a?x=1</PagePath>
         <ThumbUrl>u</ThumbUrl><ThumbMediaId>m</ThumbMediaId></xml>",
    );
    assert_eq!((page.app_id.as_str(), page.page_path.as_str()), ("wx1", "pages/a?x=1"));
    let entered: UserEnterTempsession = both(
        r#"{"ToUserName":"g","FromUserName":"o","CreateTime":1,"MsgType":"event","Event":"user_enter_tempsession",
            "SessionFrom":"s"}"#,
        "<xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime>
         <MsgType>event</MsgType><Event>user_enter_tempsession</Event><SessionFrom>s</SessionFrom></xml>",
    );
    assert_eq!(entered.session_from, "s");
}

/// In XML an element holds the list; in JSON it is an array, or one object, with numbers as texts.
#[test]
fn subscriptions() {
    let popup: SubscribeMsgPopup = both(
        r#"{"ToUserName":"gh_1","FromUserName":"oA","CreateTime":"1620973045","MsgType":"event",
            "Event":"subscribe_msg_popup_event",
            "List":[{"PopupScene":"0","SubscribeStatusString":"accept","TemplateId":"t1"},
                    {"PopupScene":"0","SubscribeStatusString":"reject","TemplateId":"t2"}]}"#,
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><CreateTime>1620973045</CreateTime>
         <MsgType>event</MsgType><Event>subscribe_msg_popup_event</Event><SubscribeMsgPopupEvent>
         <List><TemplateId>t1</TemplateId><SubscribeStatusString>accept</SubscribeStatusString>
         <PopupScene>0</PopupScene></List>
         <List><TemplateId>t2</TemplateId><SubscribeStatusString>reject</SubscribeStatusString>
         <PopupScene>0</PopupScene></List></SubscribeMsgPopupEvent></xml>",
    );
    let read: Vec<_> = popup.list.iter().map(|item| (item.template_id.as_str(), item.status)).collect();
    assert_eq!(read, [("t1", SubscribeStatus::Accept), ("t2", SubscribeStatus::Reject)]);
    let change: SubscribeMsgChange = both(
        r#"{"ToUserName":"g","FromUserName":"o","CreateTime":1,"MsgType":"event",
            "Event":"subscribe_msg_change_event","List":{"SubscribeStatusString":"reject","TemplateId":"t1"}}"#,
        "<xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime>
         <MsgType>event</MsgType><Event>subscribe_msg_change_event</Event><SubscribeMsgChangeEvent><List>
         <TemplateId>t1</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List>
         </SubscribeMsgChangeEvent></xml>",
    );
    assert_eq!(change.list.len(), 1);
    let sent: SubscribeMsgSent = both(
        r#"{"ToUserName":"g","FromUserName":"o","CreateTime":1,"MsgType":"event","Event":"subscribe_msg_sent_event",
            "List":{"ErrorCode":"0","ErrorStatus":"success","MsgID":"1864323726461255680","TemplateId":"t1"}}"#,
        "<xml><ToUserName>g</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime>
         <MsgType>event</MsgType><Event>subscribe_msg_sent_event</Event><SubscribeMsgSentEvent><List>
         <TemplateId>t1</TemplateId><MsgID>1864323726461255680</MsgID><ErrorCode>0</ErrorCode>
         <ErrorStatus>success</ErrorStatus></List></SubscribeMsgSentEvent></xml>",
    );
    assert_eq!(sent.list[0].msg_id.as_deref(), Some("1864323726461255680"));
    let without = message(r#"{"MsgType":"event","Event":"subscribe_msg_sent_event"}"#);
    assert!(without.payload::<SubscribeMsgSent>().is_err());
}

#[test]
fn verdicts_over_media() {
    let check: MediaCheckResult = both(
        r#"{"ToUserName":"gh_1","FromUserName":"oA","CreateTime":1626959646,"MsgType":"event",
            "Event":"wxa_media_check","appid":"wx1","trace_id":"60f9","version":2,
            "detail":[{"strategy":"content_model","errcode":0,"suggest":"pass","label":100,"prob":90}],
            "errcode":0,"errmsg":"ok","result":{"suggest":"pass","label":100}}"#,
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oA</FromUserName><CreateTime>1626959646</CreateTime>
         <MsgType>event</MsgType><Event>wxa_media_check</Event><appid>wx1</appid><trace_id>60f9</trace_id>
         <version>2</version><errmsg>ok</errmsg><detail><strategy>content_model</strategy><errcode>0</errcode>
         <suggest>pass</suggest><label>100</label><prob>90</prob></detail>
         <result><suggest>pass</suggest><label>100</label></result></xml>",
    );
    assert_eq!((check.trace_id.as_str(), check.detail.len()), ("60f9", 1));
    assert_eq!(check.judgement().unwrap().suggest, Suggest::Pass);
    let cloud = message(
        r#"{"MsgType":"event","Event":"wxa_media_check","traceId":"1","errcode":-1008,
            "result":{"suggest":"new word","label":"20001"}}"#,
    );
    let cloud: MediaCheckResult = cloud.payload().unwrap();
    assert_eq!((cloud.trace_id.as_str(), cloud.judgement()), ("1", Err((ErrCode(-1008), ""))));
}

#[test]
fn what_every_app_must_hear() {
    let revoke = message(
        r#"{"ToUserName":"gh_1","FromUserName":"oA","CreateTime":1,"MsgType":"event",
            "Event":"user_authorization_revoke","OpenID":"oA","AppID":"wx1","RevokeInfo":"6,8"}"#,
    );
    let revoke: UserAuthorizationRevoke = revoke.payload().unwrap();
    assert_eq!((revoke.openid.as_str(), revoke.revoke_info.as_str(), revoke.unionid), ("oA", "6,8", None));
    let punish = message(r#"{"MsgType":"event","Event":"wxa_punish_event","event_type":"3","detail":"{}"}"#);
    assert_eq!(punish.payload::<Punish>().unwrap().event_type, 3);
    let unknown = message(r#"{"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#);
    assert_eq!(unknown.kind(), Kind::Event("debug_demo"));
    assert_eq!(unknown.fields().text("debug_str").as_deref(), Some("hello world"));
    let told = unknown.payload::<Text>().unwrap_err().to_string();
    assert!(told.contains("the message `text`") && told.contains("the event `debug_demo`"), "{told}");
}

#[test]
fn a_delivery_is_known_again_by_what_does_not_change() {
    let of = |text: &str| message(text).identity();
    let text = |id: &str, content: &str| {
        of(&format!(
            r#"{{"FromUserName":"o","CreateTime":1,"MsgType":"text","Content":"{content}","MsgId":{id}}}"#
        ))
    };
    assert_eq!(text("9223372036854775809", "a"), text("\"9223372036854775809\"", "a"));
    assert_ne!(text("9223372036854775809", "a"), text("9223372036854775808", "a"));
    assert_eq!(text("0", "a").len(), 64);
    // No id, or one that says nothing: the fields decide.
    assert_ne!(text("0", "a"), text("0", "b"));
    let event = |from: &str, at: u64, event: &str, trace: &str| {
        of(&format!(
            r#"{{"FromUserName":"{from}","CreateTime":{at},"MsgType":"event","Event":"{event}","trace_id":"{trace}"}}"#
        ))
    };
    let one = event("o", 1, "e", "t");
    assert_eq!(one, event("o", 1, "e", "t"));
    for other in
        [event("p", 1, "e", "t"), event("o", 2, "e", "t"), event("o", 1, "f", "t"), event("o", 1, "e", "u")]
    {
        assert_ne!(one, other);
    }
    let shuffled = r#"{"trace_id":"t","Event":"e","MsgType":"event","CreateTime":1,"FromUserName":"o"}"#;
    assert_eq!(one, of(shuffled));
}

#[test]
fn what_cannot_be_a_message_is_told() {
    for text in [
        "",
        "  ",
        "hello",
        "[]",
        "1",
        "{",
        "{}x",
        "\u{0}",
        "<xml>",
        "<xml></xml>",
        "<xml/>",
        "<a><b>1</b></a>",
        "<xml><a>1</b></xml>",
        "<xml><a>1</a></xml><xml><a>1</a></xml>",
        "<xml><a>1</a></xml>x",
        "<xml>text<a>1</a></xml>",
        "<xml><a>&unknown;</a></xml>",
        "<xml><a>&#0;</a></xml>",
        "<xml><a>&#xD800;</a></xml>",
        "<xml><x:a>1</x:a></xml>",
        "<?php 1 ?><xml><a>1</a></xml>",
        "<!DOCTYPE xml [<!ENTITY a \"aaaa\">]><xml><b>&a;</b></xml>",
        "<!DOCTYPE xml SYSTEM \"file:///etc/passwd\"><xml><b>1</b></xml>",
    ] {
        assert!(matches!(fields(text), Err(Refused::Unreadable(_))), "{text}");
    }
    assert!(matches!(
        Fields::read(b"<xml><a>\xff</a></xml>", &Limits::default()),
        Err(Refused::Unreadable(_))
    ));
    for text in
        ["{}", r#"{"MsgType":""}"#, r#"{"MsgType":"event"}"#, r#"{"MsgType":"text","CreateTime":"x"}"#]
    {
        assert!(matches!(Message::new(fields(text).unwrap()), Err(Refused::Unreadable(_))), "{text}");
    }
}

#[test]
fn harmless_xml_is_read() {
    let text = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a comment --><xml a=\"b\">\r\n\
                <a>&lt;&#40;&#x41;&apos;&quot;&amp;</a><b/><c> x </c><d><![CDATA[<e>&amp;</e>]]></d></xml>\n";
    let fields = fields(text).unwrap();
    assert_eq!(fields.text("a").as_deref(), Some("<(A'\"&"));
    assert_eq!(fields.text("b").as_deref(), Some(""));
    assert_eq!(fields.text("c").as_deref(), Some(" x "));
    assert_eq!(fields.text("d").as_deref(), Some("<e>&amp;</e>"));
}

#[test]
fn limits_hold() {
    let limits = Limits { bytes: 1000, depth: 3, fields: 5 };
    let read = |text: &str| Fields::read(text.as_bytes(), &limits).map(drop);
    let exceeded = |what, limit| Err(Refused::TooLarge { what, limit });
    assert_eq!(read(r#"{"a":{"b":{"c":1}}}"#), Ok(()));
    assert_eq!(read(r#"{"a":{"b":{"c":{}}}}"#), exceeded("levels", 3));
    assert_eq!(read(r#"{"a":[1,2,3,4,5]}"#), exceeded("fields", 5));
    assert_eq!(read("<xml><a><b>1</b></a></xml>"), Ok(()));
    assert_eq!(read("<xml><a><b><c>1</c></b></a></xml>"), exceeded("levels", 3));
    assert_eq!(read("<xml><a/><a/><a/><a/><a/></xml>"), exceeded("fields", 5));
    for text in
        [format!("<xml><a>{}</a></xml>", "x".repeat(1000)), format!(r#"{{"a":"{}"}}"#, "x".repeat(1000))]
    {
        assert_eq!(read(&text), exceeded("bytes", 1000));
    }
    // Deeper than serde_json goes by itself.
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(fields(&deep).is_err());
    let deep = format!("<xml>{}", "<a>".repeat(50_000));
    assert!(fields(&deep).is_err());
}

#[test]
fn what_is_written_is_read() {
    let text =
        r#"{"CreateTime":1,"Empty":"","List":[{"A":"1"},{"A":"]]>"}],"MsgType":"text","One":{"B":"<&>"}}"#;
    let fields = fields(text).unwrap();
    assert_eq!(fields.write(Format::Json), text);
    let back = Fields::read(fields.write(Format::Xml).as_bytes(), &Limits::default()).unwrap();
    assert_eq!(back.1, Format::Xml);
    assert_eq!(back.0.text("CreateTime").as_deref(), Some("1"));
    assert_eq!(back.0.as_map()["List"], fields.as_map()["List"]);
    assert_eq!(back.0.as_map()["One"], fields.as_map()["One"]);
}
