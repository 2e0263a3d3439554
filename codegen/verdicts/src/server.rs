//! The servers of a case, on loopback, and the phone with the old client.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use queqiao::serde::de::DeserializeOwned;
use queqiao::serde_json::{self, Value};
use queqiao::{Api, Context, Internal, Services, TestApp, axum};
use queqiao_codegen::{Options, generate};
use queqiao_quickjs_host::Host;

/// What the handlers of a case answer next.
#[derive(Clone, Debug, Default)]
pub struct Next(Arc<Mutex<VecDeque<Value>>>);

impl Next {
    pub(crate) fn set(&self, values: &[Value]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = values.iter().cloned().collect();
    }

    /// The next value in the type of the handler.
    ///
    /// # Errors
    /// If there is none, or it is none of the type: then the value is left out of the proof.
    pub fn answer<T: DeserializeOwned>(&self) -> Result<T, Internal> {
        let next = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let next = next.ok_or_else(|| Internal::message("no next answer"))?;
        serde_json::from_value(next).map_err(|error| Internal::message(error.to_string()))
    }
}

/// A server, and its document.
pub(crate) struct Server {
    pub(crate) document: Value,
    pub(crate) next: Next,
    address: SocketAddr,
    /// Its users, if it has some.
    app: Option<TestApp>,
}

impl Server {
    pub(crate) async fn start(api: fn() -> Api<Next>, login: bool) -> Self {
        let next = Next::default();
        let api = || if login { api() } else { api().without_login() };
        let built = api().build().unwrap_or_else(|error| panic!("{error}"));
        let document = built.document().value().clone();
        let (router, app) = match login {
            true => {
                let app = TestApp::new(api());
                (app.router().await, Some(app))
            }
            false => (built.router(Context::new(next.clone(), Services::new())), None),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { document, next, address, app }
    }

    /// Lets the phone call this server.
    pub(crate) async fn meet(&self, phone: &Host) {
        let script = format!("api.configure({{ baseUrl: 'http://{}' }})", self.address);
        phone.eval_async(&script).await.expect("the client is configured");
    }

    /// A phone with the client of this server. It logs in at the server that it meets, whichever that is.
    pub(crate) fn phone(&self, other: &Server) -> Host {
        let client = generate(&self.document, &Options::default()).expect("a client");
        let users = other.app.clone().or_else(|| self.app.clone());
        let host = Host::new(client.files).login(move || {
            let users = users.clone();
            async move {
                match users {
                    Some(app) => Ok(app.login_code("alice").await),
                    None => Ok("code".to_owned()),
                }
            }
        });
        host.start().expect("a phone")
    }
}
