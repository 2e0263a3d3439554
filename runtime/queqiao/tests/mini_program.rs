//! What cannot work in a mini-program is refused, and the refusals are the guide's chapter about it: each example here is
//! quoted there, with its message.

use std::time::{Duration, SystemTime};

use queqiao::Routes;
use queqiao::jiff::civil::DateTime;
use queqiao::jiff::{SignedDuration, Zoned};
use queqiao::prelude::*;

/// The chapter's sections: what is wrong, and the routes that show it.
fn sections() -> Vec<(&'static str, Routes<()>)> {
    vec![
        ("64-bit integers", routes![show_order]),
        ("Numbers that a list of values names", routes![show_channel]),
        ("Decimals", routes![show_price]),
        ("Date-times without an offset", routes![show_meeting]),
        ("Date-times without an offset", routes![show_flight]),
        ("Durations and system times", routes![show_film]),
        ("Durations and system times", routes![show_break]),
        ("Durations and system times", routes![show_file]),
        ("Members that JavaScript has already", routes![show_tag]),
        ("Members that JavaScript has already", routes![show_trap]),
        ("Members that JavaScript has already", routes![find_trap]),
        ("Headers that WeChat sets", routes![whoami]),
        ("Bodies on GET and DELETE", routes![search]),
    ]
}

#[model]
struct Line {
    article: u64,
}

#[model]
struct Order {
    lines: Vec<Line>,
}

/// Show an order.
#[get("/order")]
async fn show_order() -> Order {
    Order { lines: Vec::new() }
}

#[model]
struct Channel {
    #[schemars(extend("enum" = [9_007_199_254_740_993_u64]))]
    #[check(range = 0..=9007199254740991)]
    number: u64,
}

/// Show a channel.
#[get("/channel")]
async fn show_channel() -> Channel {
    Channel { number: 9_007_199_254_740_993 }
}

#[model]
struct Price {
    #[schemars(extend("format" = "decimal"))]
    yuan: f64,
}

/// Show a price.
#[get("/price")]
async fn show_price() -> Price {
    Price { yuan: 0.1 }
}

#[model]
struct Meeting {
    starts: Option<DateTime>,
}

/// Show a meeting.
#[get("/meeting")]
async fn show_meeting() -> Meeting {
    Meeting { starts: None }
}

#[model]
struct Flight {
    lands: Zoned,
}

/// Show a flight.
#[get("/flight")]
async fn show_flight() -> Flight {
    Flight { lands: Zoned::default() }
}

#[model]
struct Film {
    #[check(skip)]
    length: Duration,
}

/// Show a film.
#[get("/film")]
async fn show_film() -> Film {
    Film { length: Duration::from_secs(5400) }
}

#[model]
struct Break {
    length: SignedDuration,
}

/// Show a break.
#[get("/break")]
async fn show_break() -> Break {
    Break { length: SignedDuration::from_mins(15) }
}

#[model]
struct File {
    #[check(skip)]
    changed: SystemTime,
}

/// Show a file.
#[get("/file")]
async fn show_file() -> File {
    File { changed: SystemTime::UNIX_EPOCH }
}

#[model]
struct Tag {
    #[serde(rename = "constructor", skip_serializing_if = "Option::is_none")]
    maker: Option<String>,
}

/// Show a tag.
#[get("/tag")]
async fn show_tag() -> Tag {
    Tag { maker: None }
}

#[model]
struct Trap {
    #[serde(rename = "__proto__")]
    prototype: Option<u8>,
}

/// Show a trap.
#[get("/trap")]
async fn show_trap() -> Trap {
    Trap { prototype: None }
}

/// Find a trap.
#[get("/traps")]
async fn find_trap(Query(trap): Query<Trap>) -> Option<u8> {
    trap.prototype
}

struct Referer;

impl HeaderField for Referer {
    const NAME: &'static str = "Referer";
    type Value = String;
}

/// Say who calls.
#[get("/whoami")]
async fn whoami(Header(referer): Header<Referer>) -> String {
    referer
}

type Filter = Json<String>;

/// Search.
#[get("/search")]
async fn search(filter: Filter) -> String {
    filter.0
}

/// The one mistake of an API with these routes, with one place for its file and line.
#[track_caller]
fn mistake(routes: Routes<()>) -> String {
    let error = Api::new("wrong", "1.0.0").routes(routes).build().expect_err("this API must not build");
    let [one] = error.mistakes() else { panic!("not one mistake: {error}") };
    match (one.find(" ("), one.find(".rs:")) {
        (Some(from), Some(to)) if from < to => {
            let rest = one[to..].split_once(')').map_or("", |(_, rest)| rest);
            format!("{}{rest}", &one[..from])
        }
        _ => one.clone(),
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_refusal_is_in_the_chapter() {
    let chapter = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/mini-program.md");
    let chapter = std::fs::read_to_string(chapter).expect("the chapter");
    for (heading, routes) in sections() {
        let message = mistake(routes);
        let section = chapter.split("\n## ").find(|section| section.lines().next() == Some(heading));
        let section = section.unwrap_or_else(|| panic!("no section `{heading}`: {message}"));
        assert!(words(section).contains(&words(&message)), "`{heading}` does not say: {message}");
    }
}
