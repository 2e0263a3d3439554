//! One launch of the mini-program: a QuickJS context, and the doors into it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use queqiao_quickjs_host::parts;
use rquickjs::function::IntoArgs;
use rquickjs::{
    ArrayBuffer, CatchResultExt, CaughtError, Context, Ctx, Function, Object, Persistent, Runtime,
};
use serde_json::{Value, json};

use crate::contract::CONTAINER;
use crate::profile::{Abort, Profile, Storage};
use crate::world::{Delivery, World};

/// Instructions between two looks whether the engine hangs, times this, and the run is given up.
const PATIENCE: u64 = 200_000;

type Door = Persistent<Function<'static>>;

pub(crate) struct Engine {
    // Dropped before the runtime.
    call: Door,
    abort: Door,
    answer: Door,
    timer: Door,
    event: Door,
    switch_user: Door,
    state: Door,
    context: Context,
    runtime: Runtime,
    world: Rc<RefCell<World>>,
}

impl Engine {
    pub(crate) fn new(
        files: &BTreeMap<String, String>,
        profile: &Profile,
        launch: u32,
        world: &Rc<RefCell<World>>,
    ) -> Result<Self, String> {
        let engine = |error: rquickjs::Error| error.to_string();
        let runtime = Runtime::new().map_err(engine)?;
        let mut patience = PATIENCE;
        runtime.set_interrupt_handler(Some(Box::new(move || {
            patience = patience.saturating_sub(1);
            patience == 0
        })));
        let context = Context::full(&runtime).map_err(engine)?;
        context.with(|ctx| {
            let doors =
                build(&ctx, files, profile, launch, world).catch(&ctx).map_err(|error| told(&error))?;
            let door = |name: &str| -> Result<Door, String> {
                let function: Function = doors.get(name).map_err(engine)?;
                Ok(Persistent::save(&ctx, function))
            };
            Ok(Self {
                call: door("call")?,
                abort: door("abort")?,
                answer: door("answer")?,
                timer: door("timer")?,
                event: door("event")?,
                switch_user: door("switchUser")?,
                state: door("state")?,
                context: context.clone(),
                runtime: runtime.clone(),
                world: Rc::clone(world),
            })
        })
    }

    /// Enters by a door, and lets all promises run that can. What is thrown has no caller.
    fn enter<A>(&self, door: &Door, arguments: A)
    where
        A: for<'js> IntoArgs<'js>,
    {
        let thrown = self.context.with(|ctx| {
            let called = door.clone().restore(&ctx).and_then(|door| door.call::<_, ()>(arguments));
            called.catch(&ctx).err().map(|error| told(&error))
        });
        if let Some(thrown) = thrown {
            self.world.borrow_mut().uncaught(&thrown);
        }
        self.settle();
    }

    fn settle(&self) {
        loop {
            match self.runtime.execute_pending_job() {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => self.world.borrow_mut().uncaught("in a reaction of a promise"),
            }
        }
    }

    pub(crate) fn call(&self, call: usize, copy: usize, operation: &str, arguments: &Value) {
        self.enter(&self.call, (call, copy, operation, arguments.to_string()));
    }

    pub(crate) fn abort(&self, call: usize) {
        self.enter(&self.abort, (call,));
    }

    pub(crate) fn switch_user(&self, copy: usize) {
        self.enter(&self.switch_user, (copy,));
    }

    pub(crate) fn timer(&self, id: u32) {
        self.enter(&self.timer, (id,));
    }

    pub(crate) fn event(&self, name: &str) {
        self.enter(&self.event, (name,));
    }

    pub(crate) fn answer(&self, delivery: Delivery) {
        let thrown = self.context.with(|ctx| {
            let bytes = delivery.data.clone().filter(|_| delivery.binary).map(String::into_bytes);
            let called = (|| {
                let bytes = bytes.map(|bytes| ArrayBuffer::new(ctx.clone(), bytes)).transpose()?;
                let door = self.answer.clone().restore(&ctx)?;
                let result = delivery.result.to_string();
                door.call::<_, ()>((delivery.id, delivery.ok, result, delivery.data, bytes))
            })();
            called.catch(&ctx).err().map(|error| told(&error))
        });
        if let Some(thrown) = thrown {
            self.world.borrow_mut().uncaught(&thrown);
        }
        self.settle();
    }

    /// Requests that the client counts as running, and those that wait; none where it keeps no such state.
    pub(crate) fn queue(&self) -> Option<(u64, u64)> {
        let text: String =
            self.context.with(|ctx| self.state.clone().restore(&ctx).and_then(|door| door.call(()))).ok()?;
        let state: Value = serde_json::from_str(&text).ok()?;
        Some((state["running"].as_u64()?, state["waiting"].as_u64()?))
    }
}

fn told(error: &CaughtError<'_>) -> String {
    match error {
        CaughtError::Exception(exception) => {
            format!("{} {}", exception.message().unwrap_or_default(), exception.stack().unwrap_or_default())
        }
        other => other.to_string(),
    }
}

fn build<'js>(
    ctx: &Ctx<'js>,
    files: &BTreeMap<String, String>,
    profile: &Profile,
    launch: u32,
    world: &Rc<RefCell<World>>,
) -> rquickjs::Result<Object<'js>> {
    let kind = json!({
        "noTask": profile.abort == Abort::NoTask,
        "noStorage": profile.storage == Storage::Missing,
        "frozen": profile.frozen,
        "old": profile.old,
        "parses": profile.parses,
        "concurrency": profile.concurrency,
        "container": profile.container.then_some(CONTAINER),
        "provider": profile.provider,
    });
    let kind: rquickjs::Value = ctx.json_parse(kind.to_string())?;
    if profile.late_promises {
        parts::late_promises(ctx)?;
    }
    let host: Function = ctx.eval(include_str!("host.js"))?;
    let doors: Object = host.call((natives(ctx, launch, world)?, kind))?;
    parts::strip(ctx)?;
    let copy: Function = doors.get("copy")?;
    for _ in 0..profile.copies {
        copy.call::<_, ()>((parts::load(ctx, files)?,))?;
    }
    Ok(doors)
}

fn natives<'js>(ctx: &Ctx<'js>, launch: u32, world: &Rc<RefCell<World>>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    let to = Rc::clone(world);
    let start = move |id: u32, name: String, text: String| to.borrow_mut().start(launch, id, &name, &text);
    native.set("start", Function::new(ctx.clone(), start)?)?;
    let to = Rc::clone(world);
    native.set("abort", Function::new(ctx.clone(), move |id: u32| to.borrow_mut().abort(launch, id))?)?;
    let to = Rc::clone(world);
    native.set("login", Function::new(ctx.clone(), move |id: u32| to.borrow_mut().log_in(launch, id))?)?;
    let to = Rc::clone(world);
    let timer = move |id: u32, milliseconds: f64| to.borrow_mut().timer(launch, id, milliseconds as u64);
    native.set("timer", Function::new(ctx.clone(), timer)?)?;
    let to = Rc::clone(world);
    let storage =
        move |name: String, key: String, value: String| to.borrow_mut().storage(&name, &key, &value);
    native.set("storage", Function::new(ctx.clone(), storage)?)?;
    let to = Rc::clone(world);
    native.set("now", Function::new(ctx.clone(), move || to.borrow().clock() as f64)?)?;
    let to = Rc::clone(world);
    native.set("random", Function::new(ctx.clone(), move || to.borrow_mut().random())?)?;
    let to = Rc::clone(world);
    native.set("log", Function::new(ctx.clone(), move |text: String| to.borrow_mut().log(&text))?)?;
    let to = Rc::clone(world);
    let settled = move |call: usize, ok: bool, text: String| to.borrow_mut().settled(call, ok, &text);
    native.set("settled", Function::new(ctx.clone(), settled)?)?;
    Ok(native)
}
