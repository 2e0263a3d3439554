//! The thread on which QuickJS runs: a loop over events, as a mini-program has it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use rquickjs::{
    ArrayBuffer, CatchResultExt, CaughtError, Context, Ctx, Function, Object, Persistent, Runtime,
};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::{HostError, Shared, lock, network, parts};

const HOST: &str = include_str!("host.js");

pub(crate) enum Event {
    Eval { body: String, reply: oneshot::Sender<Result<Value, HostError>> },
    Answer { id: u32, ok: bool, result: String, bytes: Option<Vec<u8>>, counted: bool },
    Advance(Duration),
    Stop,
}

type Replies = Rc<RefCell<HashMap<u32, oneshot::Sender<Result<Value, HostError>>>>>;

/// Timers by due time; the number keeps those of one time in order.
struct Timers {
    virtual_time: bool,
    start: Instant,
    moved: Duration,
    due: BTreeMap<(Duration, u32), ()>,
}

impl Timers {
    fn now(&self) -> Duration {
        if self.virtual_time { self.moved } else { self.start.elapsed() }
    }

    fn pop_due(&mut self) -> Option<u32> {
        let (&(time, id), ()) = self.due.first_key_value()?;
        if time > self.now() {
            return None;
        }
        self.due.remove(&(time, id));
        Some(id)
    }

    fn wait(&self) -> Option<Duration> {
        let (&(time, _), ()) = self.due.first_key_value()?;
        (!self.virtual_time).then(|| time.saturating_sub(self.now()))
    }
}

struct Doors {
    run: Persistent<Function<'static>>,
    answer: Persistent<Function<'static>>,
    timer: Persistent<Function<'static>>,
    load: Persistent<Function<'static>>,
    api: Persistent<rquickjs::Value<'static>>,
}

pub(crate) fn run(
    files: BTreeMap<String, String>,
    shared: Arc<Shared>,
    inbox: mpsc::Receiver<Event>,
    ready: mpsc::Sender<Result<(), HostError>>,
) {
    let timers = Rc::new(RefCell::new(Timers {
        virtual_time: shared.virtual_time,
        start: Instant::now(),
        moved: Duration::ZERO,
        due: BTreeMap::new(),
    }));
    let replies: Replies = Rc::default();
    let (runtime, context) = match Runtime::new().and_then(|runtime| {
        let context = Context::full(&runtime)?;
        Ok((runtime, context))
    }) {
        Ok(pair) => pair,
        Err(error) => {
            let _ = ready.send(Err(HostError::Engine(error.to_string())));
            return;
        }
    };
    let rejected = Arc::clone(&shared);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(move |_, _, _, handled| {
        // Whoever is dealt with was told of before, as not dealt with.
        let count = &rejected.unhandled;
        if handled {
            count.fetch_sub(1, Ordering::SeqCst)
        } else {
            count.fetch_add(1, Ordering::SeqCst)
        };
    })));
    let doors = context.with(|ctx| {
        build(&ctx, files, &shared, &timers, &replies)
            .catch(&ctx)
            .map_err(|error| HostError::Engine(tell(&error)))
    });
    let doors = match doors {
        Ok(doors) => doors,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    let mut next = 0;
    loop {
        while matches!(runtime.execute_pending_job(), Ok(true) | Err(_)) {}
        let timer = timers.borrow_mut().pop_due();
        if let Some(id) = timer {
            enter(&context, &shared, |ctx| doors.timer.clone().restore(ctx)?.call::<_, ()>((id,)));
            continue;
        }
        let wait = timers.borrow().wait();
        let event = match wait {
            None => inbox.recv().ok(),
            Some(wait) => match inbox.recv_timeout(wait) {
                Ok(event) => Some(event),
                Err(mpsc::RecvTimeoutError::Timeout) => continue,
                Err(mpsc::RecvTimeoutError::Disconnected) => None,
            },
        };
        match event {
            None | Some(Event::Stop) => break,
            Some(Event::Advance(by)) => timers.borrow_mut().moved += by,
            Some(Event::Answer { id, ok, result, bytes, counted }) => {
                if counted {
                    shared.in_flight.fetch_sub(1, Ordering::SeqCst);
                }
                enter(&context, &shared, |ctx| {
                    let data = bytes.as_deref().map(String::from_utf8_lossy).map(Cow::into_owned);
                    let bytes = bytes.map(|bytes| ArrayBuffer::new(ctx.clone(), bytes)).transpose()?;
                    doors.answer.clone().restore(ctx)?.call::<_, ()>((id, ok, result, data, bytes))
                });
            }
            Some(Event::Eval { body, reply }) => {
                next += 1;
                replies.borrow_mut().insert(next, reply);
                let outcome = context.with(|ctx| {
                    evaluate(&ctx, &doors, next, &body)
                        .catch(&ctx)
                        .map_err(|error| HostError::Engine(tell(&error)))
                });
                if let Err(error) = outcome
                    && let Some(reply) = replies.borrow_mut().remove(&next)
                {
                    let _ = reply.send(Err(error));
                }
            }
        }
    }
    drop(doors);
}

fn evaluate(ctx: &Ctx<'_>, doors: &Doors, id: u32, body: &str) -> rquickjs::Result<()> {
    let work: Function = ctx.eval(format!("(async function (api, load) {{\n{body}\n}})"))?;
    let api = doors.api.clone().restore(ctx)?;
    let load = doors.load.clone().restore(ctx)?;
    doors.run.clone().restore(ctx)?.call((id, work, api, load))
}

/// Runs a callback; what it throws has no caller and goes to the log.
fn enter(context: &Context, shared: &Shared, work: impl FnOnce(&Ctx<'_>) -> rquickjs::Result<()>) {
    context.with(|ctx| {
        if let Err(error) = work(&ctx).catch(&ctx) {
            lock(&shared.log).push(format!("uncaught: {}", tell(&error)));
        }
    });
}

pub(crate) fn tell(error: &CaughtError<'_>) -> String {
    match error {
        CaughtError::Exception(exception) => {
            format!("{}\n{}", exception.message().unwrap_or_default(), exception.stack().unwrap_or_default())
        }
        other => other.to_string(),
    }
}

fn build<'js>(
    ctx: &Ctx<'js>,
    files: BTreeMap<String, String>,
    shared: &Arc<Shared>,
    timers: &Rc<RefCell<Timers>>,
    replies: &Replies,
) -> rquickjs::Result<Doors> {
    let native = natives(ctx, shared, timers, replies)?;
    let host: Function = ctx.eval(HOST)?;
    if shared.late_promises {
        parts::late_promises(ctx)?;
    }
    let doors: Object = host.call((native,))?;
    parts::strip(ctx)?;
    let load = Function::new(ctx.clone(), move |ctx: Ctx<'js>| parts::load(&ctx, &files))?;
    let api: rquickjs::Value = load.call(())?;
    Ok(Doors {
        run: Persistent::save(ctx, doors.get::<_, Function>("run")?),
        answer: Persistent::save(ctx, doors.get::<_, Function>("answer")?),
        timer: Persistent::save(ctx, doors.get::<_, Function>("timer")?),
        load: Persistent::save(ctx, load),
        api: Persistent::save(ctx, api),
    })
}

fn natives<'js>(
    ctx: &Ctx<'js>,
    shared: &Arc<Shared>,
    timers: &Rc<RefCell<Timers>>,
    replies: &Replies,
) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    let running: Rc<RefCell<HashMap<u32, AbortHandle>>> = Rc::default();
    let (state, handles) = (Arc::clone(shared), Rc::clone(&running));
    native.set(
        "request",
        Function::new(ctx.clone(), move |id: u32, text: String| {
            if let Some(handle) = network::start(&state, id, &text) {
                handles.borrow_mut().insert(id, handle);
            }
        })?,
    )?;
    let state = Arc::clone(shared);
    native.set(
        "abort",
        Function::new(ctx.clone(), move |id: u32| {
            if let Some(handle) = running.borrow_mut().remove(&id) {
                handle.abort();
                network::aborted(&state, id);
            }
        })?,
    )?;
    let state = Arc::clone(shared);
    native.set("login", Function::new(ctx.clone(), move |id: u32| network::log_in(&state, id))?)?;
    let state = Arc::clone(shared);
    native.set("envVersion", Function::new(ctx.clone(), move || state.env_version.clone())?)?;
    let state = Arc::clone(shared);
    native.set("update", Function::new(ctx.clone(), move || state.update.name())?)?;
    let state = Arc::clone(shared);
    native.set(
        "applyUpdate",
        Function::new(ctx.clone(), move || {
            state.updates.fetch_add(1, Ordering::SeqCst);
        })?,
    )?;
    let state = Arc::clone(shared);
    native.set(
        "modal",
        Function::new(ctx.clone(), move |text: String| {
            lock(&state.modals).push(serde_json::from_str(&text).unwrap_or_default());
            state.confirm
        })?,
    )?;
    let state = Arc::clone(shared);
    native.set("log", Function::new(ctx.clone(), move |text: String| lock(&state.log).push(text))?)?;
    let clock = Rc::clone(timers);
    let timers = Rc::clone(timers);
    native.set(
        "timer",
        Function::new(ctx.clone(), move |id: u32, milliseconds: f64| {
            let mut timers = timers.borrow_mut();
            let due = timers.now() + Duration::from_secs_f64(milliseconds.clamp(0.0, 1e9) / 1000.0);
            timers.due.insert((due, id), ());
        })?,
    )?;
    // How far virtual time has moved, in milliseconds.
    native.set("moved", Function::new(ctx.clone(), move || clock.borrow().moved.as_secs_f64() * 1000.0)?)?;
    let replies = Rc::clone(replies);
    native.set(
        "settled",
        Function::new(ctx.clone(), move |id: u32, ok: bool, text: String| {
            if let Some(reply) = replies.borrow_mut().remove(&id) {
                let value = serde_json::from_str(&text).unwrap_or_default();
                let _ = reply.send(if ok { Ok(value) } else { Err(HostError::Thrown(value)) });
            }
        })?,
    )?;
    Ok(native)
}
