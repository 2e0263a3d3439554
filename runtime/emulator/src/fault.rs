//! Faults that are injected into WeChat's answers.

use fastrand::Rng;
use serde::{Deserialize, Serialize};

/// Faults at most.
const FAULTS: usize = 1_000;

/// A fault: for which calls, how often, and what goes wrong.
///
/// ```
/// use queqiao_emulator::{Damage, Fault};
///
/// // Two time-outs of the text check, after which it works again.
/// let fault = Fault::new(Damage::TimeOut).path("/wxa/msg_sec_check").times(2);
/// // As the console's API takes it:
/// let same: Fault = serde_json::from_str(r#"{"path": "/wxa/msg_sec_check", "damage": "time_out", "times": 2}"#)?;
/// assert_eq!(fault, same);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The path, with `*` at the end for all that begin so; absent: all paths.
    #[serde(default)]
    path: Option<String>,
    /// The app; absent: all apps.
    #[serde(default)]
    appid: Option<String>,
    /// How many calls it still hits; absent: any number.
    #[serde(default)]
    times: Option<u32>,
    /// The part of the calls that it hits, from 0 to 1, by the emulator's seed.
    #[serde(default = "always")]
    probability: f64,
    /// Whether WeChat acts on the call before the answer goes wrong: a code is used up, a message is sent.
    /// Absent: it does for the damages that begin with an answer.
    #[serde(default)]
    acts: Option<bool>,
    /// What goes wrong.
    damage: Damage,
}

fn always() -> f64 {
    1.0
}

/// What goes wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// This errcode instead of an answer: -1, 45009, or any other.
    Errcode(i64),
    /// No answer, for ten minutes or until the client goes.
    TimeOut,
    /// The answer, so many milliseconds later.
    Delay(u64),
    /// The first half of the answer; then the connection breaks.
    Half,
    /// The answer byte by byte, with so many milliseconds between them.
    Slow(u64),
    /// The connection is reset instead of an answer.
    Reset,
    /// A page of a gateway, with this HTTP status.
    Status(u16),
}

impl Damage {
    /// In a few words, for the list of exchanges.
    fn describe(&self) -> String {
        match self {
            Self::Errcode(errcode) => format!("errcode {errcode}"),
            Self::TimeOut => "time-out".into(),
            Self::Delay(ms) => format!("delay of {ms} ms"),
            Self::Half => "half an answer".into(),
            Self::Slow(ms) => format!("slow, {ms} ms a byte"),
            Self::Reset => "connection reset".into(),
            Self::Status(status) => format!("HTTP {status}"),
        }
    }
}

impl Fault {
    /// A fault of all calls.
    pub fn new(damage: Damage) -> Self {
        Self { path: None, appid: None, times: None, probability: always(), acts: None, damage }
    }

    /// Only for this path; with `*` at its end for all that begin so.
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// Only for this app.
    #[must_use]
    pub fn appid(self, appid: impl Into<String>) -> Self {
        Self { appid: Some(appid.into()), ..self }
    }

    /// Only for so many calls.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Only for this part of the calls, from 0 to 1.
    #[must_use]
    pub fn probability(self, probability: f64) -> Self {
        Self { probability, ..self }
    }

    /// Whether WeChat acts on the call before its answer is lost.
    #[must_use]
    pub fn acts(self, acts: bool) -> Self {
        Self { acts: Some(acts), ..self }
    }

    /// Says what cannot be, if something cannot.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err("the probability of a fault is 0 to 1");
        }
        if self.path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            return Err("the path of a fault begins with a slash, such as /cgi-bin/*");
        }
        if self.times == Some(0) {
            return Err("a fault hits one call at least");
        }
        match self.damage {
            Damage::Errcode(0) => Err("errcode 0 is no fault"),
            Damage::Status(status) if !(200..=599).contains(&status) => Err("an HTTP status is 200 to 599"),
            Damage::Delay(ms) | Damage::Slow(ms) if ms > 600_000 => Err("a delay is ten minutes at most"),
            _ => Ok(()),
        }
    }

    fn hits(&self, path: &str, appid: Option<&str>) -> bool {
        let here = self.path.as_deref().is_none_or(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => path.starts_with(beginning),
            None => path == pattern,
        });
        here && self.appid.as_deref().is_none_or(|wanted| appid == Some(wanted))
    }
}

/// A fault that happens now.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    pub(crate) damage: Damage,
    /// Whether the call is acted upon.
    pub(crate) acts: bool,
}

impl Happening {
    pub(crate) fn describe(&self) -> String {
        let damage = self.damage.describe();
        if self.acts { damage } else { format!("{damage}, not acted upon") }
    }
}

/// The faults to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) -> Result<(), &'static str> {
        fault.check()?;
        if self.0.len() >= FAULTS {
            return Err("there are 1000 faults at most; clear them first");
        }
        self.0.push(fault);
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> &[Fault] {
        &self.0
    }

    /// What goes wrong with this call, by the first fault that hits it.
    pub(crate) fn next(&mut self, rng: &mut Rng, path: &str, appid: Option<&str>) -> Option<Happening> {
        let at = self.0.iter().position(|fault| {
            fault.hits(path, appid) && (fault.probability >= 1.0 || rng.f64() < fault.probability)
        })?;
        let fault = &mut self.0[at];
        let answers = matches!(fault.damage, Damage::Delay(_) | Damage::Half | Damage::Slow(_));
        let happening = Happening { damage: fault.damage.clone(), acts: fault.acts.unwrap_or(answers) };
        if let Some(times) = &mut fault.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.0.remove(at);
            }
        }
        Some(happening)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(faults: &mut Faults, seed: u64, path: &str, appid: &str, calls: usize) -> Vec<bool> {
        let mut rng = Rng::with_seed(seed);
        (0..calls).map(|_| faults.next(&mut rng, path, Some(appid)).is_some()).collect()
    }

    #[test]
    fn by_path_app_and_count() {
        let mut faults = Faults::default();
        faults.add(Fault::new(Damage::Errcode(-1)).path("/wxa/*").appid("wx1").times(2)).unwrap();
        assert_eq!(hits(&mut faults, 1, "/cgi-bin/token", "wx1", 1), [false]);
        assert_eq!(hits(&mut faults, 1, "/wxa/x", "wx2", 1), [false]);
        assert_eq!(hits(&mut faults, 1, "/wxa/x", "wx1", 3), [true, true, false]);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn by_probability_and_seed() {
        let mut faults = Faults::default();
        faults.add(Fault::new(Damage::Reset).probability(0.3)).unwrap();
        let first = hits(&mut faults, 1, "/x", "wx1", 1000);
        assert_eq!(first, hits(&mut faults, 1, "/x", "wx1", 1000));
        assert_ne!(first, hits(&mut faults, 2, "/x", "wx1", 1000));
        let count = first.iter().filter(|hit| **hit).count();
        assert!((250..350).contains(&count), "{count}");
    }

    #[test]
    fn what_cannot_be_is_told() {
        let mut faults = Faults::default();
        for fault in [
            Fault::new(Damage::Reset).probability(1.1),
            Fault::new(Damage::Reset).probability(f64::NAN),
            Fault::new(Damage::Reset).path("wxa"),
            Fault::new(Damage::Errcode(0)),
            Fault::new(Damage::Status(99)),
            Fault::new(Damage::Slow(u64::MAX)),
            Fault::new(Damage::Reset).times(0),
        ] {
            assert!(faults.add(fault.clone()).is_err(), "{fault:?}");
        }
        assert!(faults.list().is_empty());
    }
}
