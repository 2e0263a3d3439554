//! A client with a file for each tag, executed in QuickJS over real HTTP.

mod checks;
#[allow(dead_code, reason = "what several tests share")]
mod phone;
#[allow(dead_code, reason = "what several tests share")]
mod server;

use std::collections::BTreeMap;

use checks::mistakes;
use phone::{document, eval};
use queqiao_codegen::{BaseUrl, Generated, Options, Split, generate};
use queqiao_quickjs_host::Host;
use serde_json::json;
use server::Server;

fn split(server: &Server, client: &str) -> Generated {
    let mut document = document();
    document["paths"]["/todos"]["get"]["tags"] = json!(["Todo lists", "other"]);
    document["paths"]["/todos"]["post"]["tags"] = json!(["todo-LISTS"]);
    document["paths"]["/echo"]["post"]["tags"] = json!(["Index"]);
    document["paths"]["/auth/login"]["post"]["tags"] = json!(["auth"]);
    document["paths"]["/auth/logout"]["post"]["tags"] = json!(["auth"]);
    let split = Some(Split { client: client.to_owned(), types: "../api/index".to_owned() });
    let options = Options { base_url: BaseUrl::One(server.url()), split, ..Options::default() };
    generate(&document, &options).expect("a client")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_for_each_tag() {
    let server = Server::start().await;
    let client = split(&server, "./client");
    let names: Vec<&str> = client.files.keys().map(String::as_str).collect();
    let expected = [
        "admin.d.ts",
        "admin.js",
        "auth.d.ts",
        "auth.js",
        "client.js",
        "index-.d.ts",
        "index-.js",
        "index.d.ts",
        "index.js",
        "runtime.js",
        "todo-lists.d.ts",
        "todo-lists.js",
        "todos.d.ts",
        "todos.js",
    ];
    assert_eq!(names, expected);
    for (name, text) in &client.files {
        assert_eq!(mistakes(name, text), Vec::<String>::new(), "\n{text}");
        assert!(text.lines().take(2).any(|line| line.contains(queqiao_codegen::HEADER)), "{name}");
    }
    let types = &client.files["todo-lists.d.ts"];
    assert!(
        types.contains("import { ApiError, Call, ClientCode, ") && types.contains(" } from '../api/index';"),
        "{types}"
    );
    assert!(
        types.contains("export function addTodo(body: NewTodo, options?: Options): Call<Todo>;"),
        "{types}"
    );
    assert!(
        client.files["index.d.ts"].contains("export function login(")
            && !client.files["index.d.ts"].contains("function addTodo")
    );

    // The page of a sub-package: it logs in by itself, and shares the session with the main package.
    let next = std::sync::atomic::AtomicUsize::new(0);
    let of = |name: &str| -> BTreeMap<String, String> {
        let file = |name: &str| client.files[name].clone();
        BTreeMap::from([
            ("index.js".to_owned(), file(name)),
            ("client.js".to_owned(), file("client.js")),
            ("runtime.js".to_owned(), file("runtime.js")),
        ])
    };
    let next = std::sync::Arc::new(next);
    let host = Host::new(of("todo-lists.js"))
        .login(move || {
            let code = format!("code-{}", next.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
            async move { Ok(code) }
        })
        .start()
        .expect("a host");
    let script = "await api.addTodo({ title: 'a' });
        var other = load(); if (other === api) throw new Error('no copy');
        return [(await other.listTodos()).items.length, Object.keys(api).sort()];";
    assert_eq!(eval(&host, script).await, json!([1, ["addTodo", "listTodos"]]));
    assert_eq!(host.counts().logins, 1);

    // The main package.
    let host = Host::new(client.files.clone()).start().expect("a host");
    let script = "await api.login({ code: 'by hand' });
        return [(await api.who()).header.authorization, typeof api.switchUser, typeof api.addTodo, typeof api.logout];";
    assert_eq!(eval(&host, script).await, json!(["Bearer token-2", "function", "undefined", "undefined"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_may_take_the_client_of_another_folder() {
    let server = Server::start().await;
    let client = split(&server, "../../api/client");
    assert!(client.files["auth.js"].contains("var api = require('../../api/client');"));
}
