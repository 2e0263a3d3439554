//! One run, from its seed to what was found.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::contract::{LOGOUT, OPERATIONS, Operation, Shape};
use crate::counts::Counts;
use crate::dice::Dice;
use crate::engine::Engine;
use crate::plan::{self, Action, Step};
use crate::profile::Profile;
use crate::rules::{Rule, Violation};
use crate::world::{Condition, Event, World};

/// More than any run has, in thousands.
const MOST_EVENTS: u64 = 60_000;
/// Milliseconds from the last step until nothing fails any more.
const PATIENCE: u64 = 500;

/// The JavaScript files of a client.
pub type Files = BTreeMap<String, String>;

/// A client, in the forms that the runs need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clients {
    /// It calls the server by its address.
    pub direct: Files,
    /// It calls a container. Without it no run does.
    pub container: Option<Files>,
}

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The seed that repeats it.
    pub seed: u64,
    /// How many steps were planned.
    pub planned: usize,
    /// The first rule that was broken, and those that broke with it.
    pub violations: Vec<Violation>,
    /// What happened.
    pub counts: Counts,
    /// All that happened, a line each; empty if it was not asked for.
    pub trace: Vec<String>,
}

/// Runs one seed.
///
/// `keep`: the steps that are carried out, by number; all of them if none is given.
///
/// # Errors
/// If the client is no JavaScript.
pub fn run(
    seed: u64,
    clients: &Clients,
    keep: Option<&BTreeSet<usize>>,
    traced: bool,
) -> Result<Outcome, String> {
    let mut profile = Profile::new(seed);
    profile.container &= clients.container.is_some();
    let files = clients.container.as_ref().filter(|_| profile.container).unwrap_or(&clients.direct);
    let steps = plan::plan(seed, profile.copies, profile.container);
    let world = Rc::new(RefCell::new(World::new(seed, profile.clone(), traced)));
    let mut run = Run { seed, files, profile, engine: None, world, planned: steps.len(), steps };
    run.launch()?;
    run.carry_out(keep)?;
    let mut world = run.world.borrow_mut();
    world.counts.simulated_seconds = world.now() / 1000;
    Ok(Outcome {
        seed,
        planned: run.planned,
        violations: std::mem::take(&mut world.book.violations),
        counts: std::mem::take(&mut world.counts),
        trace: world.take_trace(),
    })
}

struct Run<'f> {
    seed: u64,
    files: &'f Files,
    profile: Profile,
    engine: Option<Engine>,
    world: Rc<RefCell<World>>,
    planned: usize,
    steps: Vec<Step>,
}

impl Run<'_> {
    fn launch(&mut self) -> Result<(), String> {
        self.engine = None;
        let launch = self.world.borrow().launch;
        self.engine = Some(Engine::new(self.files, &self.profile, launch, &self.world)?);
        Ok(())
    }

    fn broken(&self) -> bool {
        !self.world.borrow().book.violations.is_empty()
    }

    fn carry_out(&mut self, keep: Option<&BTreeSet<usize>>) -> Result<(), String> {
        {
            let mut world = self.world.borrow_mut();
            let mut words = Vec::new();
            for word in self.profile.words() {
                crate::counts::add(&mut world.counts.hosts, word, 1);
                words.push(word);
            }
            world.tell(|| words.join("; "));
            let mut at = 0;
            for (index, step) in self.steps.iter().enumerate() {
                if keep.is_none_or(|keep| keep.contains(&index)) {
                    at += step.after;
                    world.schedule(at, Event::Step(index));
                }
            }
            world.schedule(at + PATIENCE, Event::Calm);
        }
        self.until_quiet()?;
        if self.broken() {
            return Ok(());
        }
        self.end();
        if self.broken() {
            return Ok(());
        }
        // All has recovered: each copy answers again.
        for copy in 0..self.profile.copies {
            for name in ["readPublic", "readMine", "addMine"] {
                if let Some(operation) = OPERATIONS.iter().find(|operation| operation.name == name) {
                    self.call(operation, copy, None, None, None);
                }
            }
        }
        self.until_quiet()?;
        if !self.broken() {
            self.end();
        }
        Ok(())
    }

    fn end(&self) {
        let queue = self.engine.as_ref().and_then(Engine::queue);
        self.world.borrow_mut().judge_end(queue);
    }

    fn until_quiet(&mut self) -> Result<(), String> {
        for _ in 0..MOST_EVENTS {
            let event = {
                let mut world = self.world.borrow_mut();
                if world.next_time().is_none_or(|next| next > world.now()) {
                    world.judge_pause();
                }
                if !world.book.violations.is_empty() {
                    return Ok(());
                }
                match world.pop() {
                    Some(event) => event,
                    None => return Ok(()),
                }
            };
            self.happen(event)?;
        }
        let text = format!("{MOST_EVENTS} events, and still it goes on");
        self.world.borrow_mut().violate(Rule::Rests, text);
        Ok(())
    }

    fn engine(&self) -> Result<&Engine, String> {
        self.engine.as_ref().ok_or_else(|| "the mini-program is not running".to_owned())
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        let mut deliveries = Vec::new();
        match event {
            Event::Step(index) => return self.step(index),
            Event::AbortCall(call) => self.abort(call)?,
            Event::Timer { launch, id } => {
                if self.world.borrow_mut().fires(launch, id) {
                    self.engine()?.timer(id);
                }
            }
            Event::Arrive(request) => self.world.borrow_mut().arrive(request),
            Event::Answer(request) => deliveries = self.world.borrow_mut().answer(request),
            Event::Again(request) => deliveries = self.world.borrow_mut().answer_again(request),
            Event::Fail(request, failure, manner) => {
                deliveries = self.world.borrow_mut().fail(request, failure, manner);
            }
            Event::Deadline(request) => deliveries = self.world.borrow_mut().deadline(request),
            Event::LoginAnswer { launch, attempt } => {
                let current = self.world.borrow().launch == launch;
                if current {
                    deliveries = self.world.borrow_mut().login_answer(attempt);
                }
            }
            Event::Over(condition) => self.over(condition)?,
            Event::Cut(since) => self.world.borrow_mut().cut(since),
            Event::Calm => {
                self.world.borrow_mut().tell(|| "from here on nothing fails".to_owned());
                self.world.borrow_mut().calm = true;
                for condition in [Condition::Offline, Condition::ServerDown, Condition::Hidden] {
                    self.over(condition)?;
                }
            }
        }
        for delivery in deliveries {
            self.engine()?.answer(delivery);
        }
        Ok(())
    }

    fn over(&mut self, condition: Condition) -> Result<(), String> {
        match condition {
            Condition::Offline => self.world.borrow_mut().offline = false,
            Condition::ServerDown => self.world.borrow_mut().server.down = false,
            Condition::Hidden => {
                if self.world.borrow().hidden.is_some() {
                    self.world.borrow_mut().show();
                    self.engine()?.event("show");
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, index: usize) -> Result<(), String> {
        let action = self.steps[index].action;
        let name = action.name();
        {
            let mut world = self.world.borrow_mut();
            world.counts.step(name);
            if !matches!(action, Action::Call(_) | Action::Burst(..)) {
                world.tell(|| format!("[{index}] {name}"));
            }
        }
        match action {
            Action::Call(one) => {
                let number = self.call(one.operation, one.copy, one.shared, one.timeout, Some(index));
                if let Some(after) = one.abort_after {
                    self.world.borrow_mut().schedule(after, Event::AbortCall(number));
                }
            }
            Action::Burst(one, times) => {
                for _ in 0..times {
                    self.call(one.operation, one.copy, one.shared, one.timeout, Some(index));
                }
            }
            Action::Abort => {
                let candidates: Vec<usize> = self.world.borrow().book.open.clone();
                if !candidates.is_empty() {
                    let mut dice = Dice::new(self.seed, &format!("abort {index}"));
                    self.abort(dice.of(&candidates))?;
                }
            }
            Action::Expire => self.world.borrow_mut().server.expire_all(),
            Action::Revoke => {
                let user = self.world.borrow().user;
                self.world.borrow_mut().server.revoke(user);
            }
            Action::LogOut { copy, everywhere } => {
                self.log_out(copy, everywhere, index);
            }
            Action::SwitchUser { copy } => {
                self.world.borrow_mut().switch_user();
                self.engine()?.switch_user(copy);
            }
            Action::Hide(time) => {
                if self.world.borrow().hidden.is_none() {
                    self.world.borrow_mut().hide();
                    self.world.borrow_mut().schedule(time, Event::Over(Condition::Hidden));
                    self.engine()?.event("hide");
                }
            }
            Action::Show => self.over(Condition::Hidden)?,
            Action::Offline(time) => {
                let mut world = self.world.borrow_mut();
                world.offline = true;
                world.schedule(time, Event::Over(Condition::Offline));
            }
            Action::Online => self.over(Condition::Offline)?,
            Action::ClearStorage => self.world.borrow_mut().clear_storage(),
            Action::ServerDown(time) => {
                let mut world = self.world.borrow_mut();
                world.server.down = true;
                world.schedule(time, Event::Over(Condition::ServerDown));
            }
            Action::ServerUp => self.over(Condition::ServerDown)?,
            Action::Restart | Action::RestartAsOther => {
                self.world.borrow_mut().restart(matches!(action, Action::RestartAsOther));
                self.launch()?;
            }
            Action::ClockJump(by) => self.world.borrow_mut().jump(by),
        }
        Ok(())
    }

    fn log_out(&self, copy: usize, everywhere: bool, index: usize) {
        let number = self.world.borrow_mut().enter(&LOGOUT, None, None);
        let mut world = self.world.borrow_mut();
        world.book.calls[number].everywhere = everywhere;
        world.new_era();
        drop(world);
        self.make(number, copy, &json!([{ "everywhere": everywhere }, options(number, false, None)]), index);
    }

    fn call(
        &mut self,
        operation: &'static Operation,
        copy: usize,
        shared: Option<u64>,
        timeout: Option<u64>,
        index: Option<usize>,
    ) -> usize {
        let number = self.world.borrow_mut().enter(operation, None, shared);
        let id = shared.map_or_else(|| format!("c{number}"), |shared| format!("s{shared}"));
        let options = options(number, shared.is_some(), timeout);
        let body = json!({ "of": number });
        let arguments = match operation.shape {
            Shape::Path => json!([{ "id": id }, options]),
            Shape::Body => json!([body, options]),
            Shape::PathAndBody => json!([{ "id": id }, body, options]),
            Shape::Upload => json!([{ "file": "wxfile://chosen.jpg", "of": number }, options]),
            Shape::Download => json!([{ "id": id }, options]),
        };
        self.make(number, copy, &arguments, index.unwrap_or(self.planned));
        number
    }

    fn make(&self, number: usize, copy: usize, arguments: &Value, index: usize) {
        let name = {
            let mut world = self.world.borrow_mut();
            let operation = world.book.calls[number].operation;
            let download = operation.shape == Shape::Download;
            let name =
                if download { format!("{}.download", operation.name) } else { operation.name.to_owned() };
            let user = world.user;
            let told = name.clone();
            world.tell(|| {
                let whose = if self.profile.copies > 1 { format!(" by copy {copy}") } else { String::new() };
                format!("[{index}] call {number}: {told}{whose}, user {user}: {arguments}")
            });
            name
        };
        if let Some(engine) = &self.engine {
            engine.call(number, copy, &name, arguments);
        }
    }

    fn abort(&self, number: usize) -> Result<(), String> {
        {
            let mut world = self.world.borrow_mut();
            if !world.book.is_open(number) {
                return Ok(());
            }
            world.tell(|| format!("abort call {number}"));
            let call = &mut world.book.calls[number];
            call.aborted = true;
        }
        self.engine()?.abort(number);
        Ok(())
    }
}

fn options(number: usize, shared: bool, timeout: Option<u64>) -> Value {
    let mut options = json!({});
    if !shared {
        options["header"] = json!({ "X-Call": number });
    }
    if let Some(timeout) = timeout {
        options["timeout"] = json!(timeout);
    }
    options
}
