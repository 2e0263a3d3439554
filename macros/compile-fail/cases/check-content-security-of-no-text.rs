use queqiao::prelude::*;

#[model]
struct Comment {
    #[check(content_security)]
    stars: u8,
    #[check(content_security)]
    tags: Vec<String>,
    #[check(content_security = "comment")]
    text: String,
}

fn main() {}
