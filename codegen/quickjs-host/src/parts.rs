//! What makes QuickJS a mini-program's JavaScript, for hosts that need another `wx` or another clock.

use std::collections::BTreeMap;

use rquickjs::{CatchResultExt, Context, Ctx, Function, Object, Runtime, Value};

use crate::engine::tell;
use crate::{Files, HostError};

/// Gives promises as iOS 15 and before have them: each reaction runs in a timer of its own. Comes before
/// [`strip`], and wants a global `setTimeout` by the time a promise settles.
///
/// # Errors
/// If QuickJS has no memory left.
pub fn late_promises(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    ctx.eval(include_str!("late_promise.js"))
}

/// Takes away every global that a mini-program has not. Comes after `wx`, timers and console are set.
///
/// # Errors
/// If QuickJS has no memory left.
pub fn strip(ctx: &Ctx<'_>) -> rquickjs::Result<()> {
    ctx.eval(include_str!("strip.js"))
}

/// `require('./index')` with a module cache of its own: each call gives an independent copy of the client.
///
/// # Errors
/// If a file is no JavaScript, or throws when it is loaded.
pub fn load<'js>(ctx: &Ctx<'js>, files: &BTreeMap<String, String>) -> rquickjs::Result<Value<'js>> {
    let modules = Object::new(ctx.clone())?;
    for (name, text) in files {
        let module: Function = ctx.eval(format!("(function (exports, require, module) {{\n{text}\n}})"))?;
        modules.set(name.as_str(), module)?;
    }
    let require: Function = ctx.eval(include_str!("require.js"))?;
    let require: Function = require.call((modules,))?;
    require.call(("./index",))
}

/// Loads a client where only an empty `wx` is, and tells how many functions it exports. Much cheaper than a
/// [`Host`](crate::Host): nothing can be called.
///
/// # Errors
/// With what was thrown.
pub fn exports(client: &Files) -> Result<usize, HostError> {
    let engine = |error: rquickjs::Error| HostError::Engine(error.to_string());
    let runtime = Runtime::new().map_err(engine)?;
    let context = Context::full(&runtime).map_err(engine)?;
    context.with(|ctx| {
        let count = || -> rquickjs::Result<usize> {
            ctx.globals().set("wx", Object::new(ctx.clone())?)?;
            strip(&ctx)?;
            let client = load(&ctx, &client.0)?;
            let count: Function = ctx.eval(
                "(function (client) { return Object.keys(client).filter(function (name) {
                   return typeof client[name] === 'function'; }).length; })",
            )?;
            count.call((client,))
        };
        count().catch(&ctx).map_err(|error| HostError::Engine(tell(&error)))
    })
}
