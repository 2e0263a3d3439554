//! The checked-in client, in QuickJS with a mini-program's globals, against the real router over real HTTP.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use queqiao::TestApp;
use queqiao::axum::extract::{Request, State};
use queqiao::axum::middleware::{Next, from_fn_with_state};
use queqiao::serde_json::{Value, json};
use queqiao_quickjs_host::{Files, Host};
use todo::{Todos, api};

/// A socket, a client and what the server counted.
struct Phone {
    app: TestApp,
    host: Host,
    requests: Arc<AtomicUsize>,
}

/// The server, or a proxy that looks at what passes: `QUEQIAO_TEST_PROXY` takes the server's port before the path.
fn base_url(server: SocketAddr) -> String {
    match std::env::var("QUEQIAO_TEST_PROXY") {
        Ok(proxy) => format!("{proxy}/{}", server.port()),
        Err(_) => format!("http://{server}"),
    }
}

impl Phone {
    async fn new() -> Self {
        Self::of(TestApp::with(api(), Todos::connect)).await
    }

    async fn of(app: TestApp) -> Self {
        let requests = Arc::new(AtomicUsize::new(0));
        let count = async |State(requests): State<Arc<AtomicUsize>>, request: Request, next: Next| {
            requests.fetch_add(1, Ordering::SeqCst);
            next.run(request).await
        };
        let router = app.router().await.layer(from_fn_with_state(Arc::clone(&requests), count));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { queqiao::axum::serve(listener, router).await });
        let files = Files::read(concat!(env!("CARGO_MANIFEST_DIR"), "/miniprogram/api")).unwrap();
        let wechat = app.clone();
        let host = Host::new(files)
            .login(move || {
                let wechat = wechat.clone();
                async move { Ok(wechat.login_code("alice").await) }
            })
            .start()
            .unwrap();
        let base = base_url(address);
        host.eval_async(&format!("api.configure({{ baseUrl: '{base}' }})")).await.unwrap();
        Self { app, host, requests }
    }

    async fn run(&self, script: &str) -> Value {
        match self.host.eval_async(script).await {
            Ok(value) => value,
            Err(error) => panic!("{error}: {:?}", self.host.log()),
        }
    }

    /// Logs in, lets the token expire, and forgets what was counted.
    async fn expire(&self) {
        self.run("await api.listTodos()").await;
        self.app.advance(Duration::from_secs(2 * 60 * 60 + 1));
        self.requests.store(0, Ordering::SeqCst);
    }
}

/// Starts a hundred calls at once and tells how they ended.
const HUNDRED: &str = "
    const calls = []
    for (let i = 0; i < 100; i++) calls.push(CALL)
    const ends = await Promise.all(calls.map(call => call.then(() => 'success', error => error.code)))
    return ends.filter(end => end !== 'success')";

#[tokio::test]
async fn a_page_can_do_what_it_wants() {
    let phone = Phone::new().await;
    let ended = phone
        .run(
            "const added = await api.addTodo({ title: '买牛奶 🥛', note: null })
             await api.editTodo({ id: added.id }, { title: '买豆浆' })
             const finished = await api.finishTodo({ id: added.id })
             const again = await api.finishTodo({ id: added.id }).then(null, e => [api.finishTodo.failed(e), e.code, e.status])
             const page = await api.listTodos({ done: true, limit: 5 })
             const nothing = await api.deleteTodo({ id: added.id })
             const gone = await api.getTodo({ id: added.id }).then(null, e => e.code)
             const long = await api.addTodo({ title: '字'.repeat(101) }).then(null, e => [e.kind, e.errors[0].pointer])
             const denied = await api.statistics().then(null, e => [e.kind, e.code])
             await api.logout()
             return { finished: [finished.title, finished.done], again, listed: page.items.length, nothing: nothing === undefined, gone, long, denied }",
        )
        .await;
    assert_eq!(
        ended,
        json!({
            "finished": ["买豆浆", true],
            "again": [true, "todo.already_done", 409],
            "listed": 1,
            "nothing": true,
            "gone": "todo.not_found",
            "long": ["validation", "/title"],
            "denied": ["auth", "auth.forbidden"],
        })
    );
}

#[tokio::test]
async fn what_a_failure_carries_reaches_the_page_in_the_language_of_wechat() {
    let phone = Phone::of(TestApp::with(api(), Todos::connect).configuration("[app]\nmost_todos = 1")).await;
    let told = phone
        .run(
            "await api.addTodo({ title: 'one' })
             const full = await api.addTodo({ title: 'two' }).then(null, e => e)
             const english = await api.addTodo({ title: 'two' }, { header: { 'accept-language': 'en' } }).then(null, e => e.title)
             wx.getAppBaseInfo = undefined
             const old = await api.addTodo({ title: 'two' }).then(null, e => e.title)
             const gone = await api.getTodo({ id: '01a2056e-264f-76f5-b628-d9471985101c' }).then(null, e => e)
             return { failed: api.addTodo.failed(full), code: full.code, title: full.title, details: full.details, english, old, gone: gone.details === undefined }",
        )
        .await;
    assert_eq!(
        told,
        json!({
            "failed": true,
            "code": "todo.too_many",
            "title": "最多可以有 1 条待办。",
            "details": { "most": 1 },
            "english": "There is room for 1 todos, and no more.",
            "old": "There is room for 1 todos, and no more.",
            "gone": true,
        })
    );
}

#[tokio::test]
async fn a_hundred_reads_with_an_expired_token_cost_one_login() {
    let phone = Phone::new().await;
    phone.expire().await;
    let logins = phone.app.upstream_logins().await;
    assert_eq!(
        phone
            .run(&HUNDRED.replace("CALL", "api.listTodos({ limit: 1 }, { header: { 'x-number': i } })"))
            .await,
        json!([])
    );
    assert_eq!(phone.app.upstream_logins().await, logins + 1);
    let requests = phone.requests.load(Ordering::SeqCst);
    assert!((101..=111).contains(&requests), "{requests} requests");
    assert_eq!((phone.host.counts().most_in_flight, phone.host.counts().over_limit), (10, 0));
}

#[tokio::test]
async fn a_hundred_writes_with_an_expired_token_are_each_done_once() {
    let phone = Phone::new().await;
    phone.expire().await;
    let logins = phone.app.upstream_logins().await;
    assert_eq!(phone.run(&HUNDRED.replace("CALL", "api.addTodo({ title: 'number ' + i })")).await, json!([]));
    assert_eq!(phone.app.upstream_logins().await, logins + 1);
    let requests = phone.requests.load(Ordering::SeqCst);
    assert!((101..=111).contains(&requests), "{requests} requests");
    let titles = phone
        .run(
            "const titles = []
             let cursor
             do {
               const page = await api.listTodos({ cursor, limit: 50 })
               for (const todo of page.items) titles.push(todo.title)
               cursor = page.next
             } while (cursor)
             return titles.sort()",
        )
        .await;
    let mut expected: Vec<String> = (0..100).map(|number| format!("number {number}")).collect();
    expected.sort();
    assert_eq!(titles, json!(expected));
}

#[tokio::test]
async fn an_active_user_never_notices_that_tokens_end() {
    let phone = Phone::new().await;
    phone.run("await api.listTodos()").await;
    for _ in 0..6 {
        phone.app.advance(Duration::from_secs(70 * 60));
        phone.run("await api.listTodos()").await;
    }
    assert_eq!(phone.app.upstream_logins().await, 1);
    phone.app.advance(Duration::from_secs(3 * 60 * 60));
    phone.run("await api.listTodos()").await;
    assert_eq!(phone.app.upstream_logins().await, 2);
}

#[tokio::test]
async fn lists_are_ordered_and_bounded_as_a_page_asks() {
    let phone = Phone::new().await;
    let told = phone
        .run(
            "for (const title of ['b', 'a', 'c,d&e', '字'])
               await api.addTodo({ title })
             const titles = async params => {
               const all = []
               let cursor
               do {
                 const page = await api.listTodos(Object.assign({ cursor, limit: 1 }, params))
                 for (const todo of page.items) all.push(todo.title)
                 cursor = page.next
               } while (cursor)
               return all.join(' ')
             }
             const all = await api.listTodos({ sort: ['createdAt'] })
             const at = all.items[0].createdAt
             const first = await api.listTodos({ limit: 1, sort: ['title'] })
             const strange = params => api.listTodos(params).then(null, e => [api.listTodos.failed(e), e.kind, e.errors[0].pointer, e.errors[0].code])
             return {
               titles: await titles({ sort: ['title', '-createdAt'] }),
               down: await titles({ sort: ['-title'] }),
               span: await titles({ sort: ['title'], done: false, createdAt: { gte: at, lte: new Date(at) } }),
               none: await titles({ createdAt: { gt: at, lt: at } }),
               open: await titles({ sort: [], createdAt: {} }) === await titles(),
               foreign: await strange({ cursor: first.next })
             }",
        )
        .await;
    assert_eq!(
        told,
        json!({
            "titles": "a b c,d&e 字",
            "down": "字 c,d&e b a",
            "span": "a b c,d&e 字",
            "none": "",
            "open": true,
            "foreign": [true, "validation", "/cursor", "cursor"],
        })
    );
}

#[tokio::test]
async fn a_page_that_has_the_version_gets_nothing_and_changes_no_other() {
    let phone = Phone::new().await;
    let told = phone
        .run(
            "const { id } = await api.addTodo({ title: 'one' })
             // A new todo has the version 1.
             const same = await api.getTodo({ id }, { header: { 'If-None-Match': '\"1\"' } })
             const edited = await api.editTodo({ id }, { title: 'two' }, { header: { 'If-Match': '\"1\"' } })
             const stale = await api.editTodo({ id }, { title: 'three' }, { header: { 'If-Match': '\"1\"' } })
               .then(null, e => [api.editTodo.failed(e), e.code, e.status])
             const newer = await api.getTodo({ id }, { header: { 'If-None-Match': '\"1\"' } })
             return { same: same === undefined, edited: edited.title, stale, newer: newer.title }",
        )
        .await;
    assert_eq!(
        told,
        json!({ "same": true, "edited": "two", "stale": [true, "precondition.failed", 412], "newer": "two" })
    );
}
