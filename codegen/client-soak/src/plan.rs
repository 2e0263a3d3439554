//! What happens in one run, step by step: drawn beforehand, so that a failing run can be made shorter.

use crate::contract::{LOGOUT, OPERATIONS, Operation, Shape};
use crate::dice::Dice;

/// One step.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    Call(Call),
    /// Several equal calls at once.
    Burst(Call, u64),
    /// One of the open calls.
    Abort,
    /// All tokens expire, as after a change of keys.
    Expire,
    /// The user's sessions are revoked.
    Revoke,
    LogOut {
        copy: usize,
        everywhere: bool,
    },
    /// Another person takes the phone: `switchUser`, and `wx.login` gives codes of another user.
    SwitchUser {
        copy: usize,
    },
    /// For so many milliseconds, if nothing ends it before.
    Hide(u64),
    Show,
    Offline(u64),
    Online,
    /// The system clears the storage.
    ClearStorage,
    /// Every answer is 503 for a while.
    ServerDown(u64),
    ServerUp,
    /// The mini-program is closed and opened again.
    Restart,
    /// It is closed, and opened again with WeChat's other account.
    RestartAsOther,
    /// The phone's clock is set.
    ClockJump(i64),
}

impl Action {
    pub(crate) const NAMES: [&str; 17] = [
        "call",
        "burst of calls",
        "abort",
        "all tokens expire",
        "the user's sessions are revoked",
        "log-out",
        "user switch",
        "to the background",
        "to the foreground",
        "no network",
        "network again",
        "the system clears the storage",
        "server down",
        "server up",
        "new launch",
        "new launch with another account",
        "the clock is set",
    ];

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Burst(..) => "burst of calls",
            Self::Abort => "abort",
            Self::Expire => "all tokens expire",
            Self::Revoke => "the user's sessions are revoked",
            Self::LogOut { .. } => "log-out",
            Self::SwitchUser { .. } => "user switch",
            Self::Hide(_) => "to the background",
            Self::Show => "to the foreground",
            Self::Offline(_) => "no network",
            Self::Online => "network again",
            Self::ClearStorage => "the system clears the storage",
            Self::ServerDown(_) => "server down",
            Self::ServerUp => "server up",
            Self::Restart => "new launch",
            Self::RestartAsOther => "new launch with another account",
            Self::ClockJump(_) => "the clock is set",
        }
    }
}

/// A call of the client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) copy: usize,
    /// A number that equal calls have in common; none for a call unlike all others.
    pub(crate) shared: Option<u64>,
    pub(crate) timeout: Option<u64>,
    /// Aborted so many milliseconds later.
    pub(crate) abort_after: Option<u64>,
}

/// A step and how long after the one before it comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) after: u64,
    pub(crate) action: Action,
}

const PAUSES: [(u64, u64); 11] = [
    (30, 0),
    (10, 1),
    (10, 10),
    (10, 20),
    (8, 50),
    (8, 100),
    (6, 400),
    (4, 1_500),
    (3, 5_000),
    (2, 20_000),
    (1, 90_000),
];

pub(crate) fn plan(seed: u64, copies: usize, container: bool) -> Vec<Step> {
    let mut dice = Dice::new(seed, "plan");
    let steps = dice.weighted(&[(2, 12), (4, 30), (3, 60), (1, 120)]);
    (0..steps)
        .flat_map(|_| {
            let after = dice.weighted(&PAUSES);
            let copy = dice.below(copies as u64) as usize;
            let action = match dice.below(100) {
                0..41 => Action::Call(call(&mut dice, copy, container)),
                41..44 => return read_write_read(&mut dice, after, copy, container),
                44..54 => {
                    let mut one = call(&mut dice, copy, container);
                    one.abort_after = None;
                    Action::Burst(one, 2 + dice.below(14))
                }
                54..66 => Action::Abort,
                66..70 => Action::Expire,
                70..73 => Action::Revoke,
                73..77 => Action::LogOut { copy, everywhere: dice.chance(300) },
                77..81 => Action::SwitchUser { copy },
                81..83 => Action::Hide(dice.of(&[300, 4_000, 8_000, 40_000])),
                83..88 => Action::Show,
                88 => Action::Offline(dice.of(&[50, 1_000, 20_000])),
                89..91 => Action::Online,
                91..93 => Action::ClearStorage,
                93 => Action::ServerDown(dice.of(&[50, 1_000, 20_000])),
                94..96 => Action::ServerUp,
                96..98 => Action::Restart,
                98 => Action::RestartAsOther,
                _ => Action::ClockJump(dice.of(&[-86_400_000, -3_000, 3_000, 90_000_000])),
            };
            vec![Step { after, action }]
        })
        .collect()
}

/// A read, a write while it is under way, and the same read again.
fn read_write_read(dice: &mut Dice, after: u64, copy: usize, container: bool) -> Vec<Step> {
    let of = |dice: &mut Dice, writes: bool| loop {
        let one = call(dice, copy, container);
        let reads = one.operation.method == "GET" && one.operation.shape == Shape::Path;
        if reads != writes && (reads || one.operation.method != "GET") {
            break Call { timeout: None, abort_after: None, ..one };
        }
    };
    let (read, write) = (of(dice, false), of(dice, true));
    let read = Action::Call(Call { shared: Some(dice.below(3)), ..read });
    let (soon, later) = (dice.of(&[0, 1, 5, 20]), dice.of(&[20, 50, 100, 400]));
    vec![
        Step { after, action: read },
        Step { after: soon, action: Action::Call(write) },
        Step { after: later, action: read },
    ]
}

fn call(dice: &mut Dice, copy: usize, container: bool) -> Call {
    let callable: Vec<&Operation> =
        OPERATIONS.iter().filter(|one| one.name != LOGOUT.name && !(container && one.transfers())).collect();
    let operation = dice.of(&callable);
    let shares = operation.method == "GET" && operation.shape != Shape::Download && dice.chance(400);
    Call {
        operation,
        copy,
        shared: shares.then(|| dice.below(3)),
        timeout: dice.chance(150).then(|| dice.of(&[1, 50, 900, 5_000])),
        abort_after: dice.chance(120).then(|| dice.of(&[0, 0, 5, 30, 300, 2_000])),
    }
}
