//! Whether the verdicts on changes of a contract are right.
//!
//! [`cases::all`] lists single changes, each as two `Api`s in Rust: before, and after. [`examine`] asks
//! [`queqiao_codegen::compatibility`] for its verdicts, and then looks for itself: the client that is generated from
//! the old document runs in QuickJS, with a mini-program's globals, against the new server over loopback.
//!
//! - A request that is said to be compatible: every value that the old contract lets the client send is taken.
//! - One that is said to break: a value that the old server takes and the new one refuses is found.
//! - A response that is said to be compatible: whatever the new server may answer satisfies the old schema.
//! - A warning: it satisfies the old types, bounds and formats aside.
//! - One that is said to break: an answer that the old types do not allow reaches the page.
#![forbid(unsafe_code)]

pub mod cases;
mod examine;
mod schema;
mod server;

pub use examine::{Seen, examine};
pub use server::Next;

use queqiao::Api;
pub use queqiao_codegen::compatibility::{Side, Verdict};

/// One single change.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What happens.
    pub name: &'static str,
    /// What is to be said of it: everything that is worse than compatible, and no less than one.
    pub expected: &'static [Expected],
    /// The server that the client was generated from.
    pub old: fn() -> Api<Next>,
    /// The server that it meets.
    pub new: fn() -> Api<Next>,
    /// How that is seen.
    pub proof: Proof,
}

/// A verdict, the side and the field.
pub type Expected = (Verdict, Side, &'static str);

/// How a verdict is seen to be right.
#[derive(Clone, Copy, Debug)]
pub enum Proof {
    /// Values of the old body are sent by `api.send`.
    Request,
    /// Values of the old query are sent by `api.search`.
    Query,
    /// Values of the new answer are given by `api.fetch`. A page's function that throws where it meets what the old
    /// types do not allow may look at them too.
    Response(Option<&'static str>),
    /// `api.save` sends values of the old body, and gets values of the new answer.
    Both,
    /// The body of an async function that returns `true` where all is well. It gets `api`, and `login` to decide
    /// whether the server has users.
    Script {
        /// What the page does.
        script: &'static str,
        /// Whether the servers have users.
        login: bool,
    },
}
