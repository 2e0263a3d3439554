//! The smallest backend: one operation.

use queqiao::prelude::*;

/// Whom to greet.
#[model]
struct Visitor {
    #[check(length = 1..=40)]
    #[example("小明")]
    name: String,
}

/// A greeting.
#[model]
struct Greeting {
    greeting: String,
}

/// Greet someone.
///
/// Everyone may call this; nobody is remembered.
#[get("/hello")]
async fn hello(Query(visitor): Query<Visitor>) -> Greeting {
    Greeting { greeting: format!("你好, {}!", visitor.name) }
}

fn api() -> Api {
    Api::new("hello", env!("CARGO_PKG_VERSION"))
        .description("The smallest backend.")
        .licence(env!("CARGO_PKG_LICENSE"))
        .contact("Queqiao", "https://example.com/queqiao")
        .tag("hello", "Kind words.")
        .routes(routes![hello])
}

#[tokio::main]
async fn main() -> queqiao::Result {
    queqiao::serve(api(), async |_: &queqiao::Boot| Ok(())).await
}

#[cfg(test)]
mod tests {
    use queqiao::TestApp;

    use super::*;

    #[tokio::test]
    async fn it_greets() {
        let app = TestApp::new(api());
        let greeting: Greeting = app.get("/hello?name=%E5%B0%8F%E6%98%8E").await.json();
        assert_eq!(greeting.greeting, "你好, 小明!");
    }

    #[tokio::test]
    async fn a_nameless_visitor_is_refused_with_the_place() {
        let problem = TestApp::new(api()).get("/hello?name=").await.problem();
        assert_eq!(problem["code"], "validation");
        assert_eq!(problem["errors"][0]["in"], "query");
        assert_eq!(problem["errors"][0]["pointer"], "/name");
    }
}
