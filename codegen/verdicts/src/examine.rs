//! One case: what is said of it, and what is seen.

use queqiao::serde_json::{self, Value};
use queqiao_codegen::compatibility::{Change, Side, Verdict, between};
use queqiao_conformance::Random;
use queqiao_conformance::instances::Instances;
use queqiao_quickjs_host::Host;

use crate::schema::{at, opened, query, types, validator};
use crate::server::Server;
use crate::{Case, Proof};

/// Values of each schema.
const VALUES: usize = 48;
/// How often one is tried that the schema does not take.
const TRIES: usize = 40;

/// What was found out about a case.
#[derive(Debug)]
pub struct Seen {
    /// What the classifier says.
    pub changes: Vec<Change>,
    /// Calls that were made, and answers that were looked at.
    pub calls: usize,
    /// What shows that a change breaks.
    pub witness: Option<String>,
    /// What is not as it was said or expected.
    pub mistakes: Vec<String>,
}

/// Asks for the verdicts, and sees whether they are right; `verdict` may overrule what is said of a side.
///
/// # Panics
/// If a server or a client cannot be made of the case.
pub async fn examine(case: &Case, verdict: impl Fn(Side, Verdict) -> Verdict) -> Seen {
    let login = matches!(case.proof, Proof::Script { login: true, .. });
    let (old, new) = (Server::start(case.old, login).await, Server::start(case.new, login).await);
    let changes = between(&old.document, &new.document);
    let mut seen = Seen { changes, calls: 0, witness: None, mistakes: Vec::new() };
    said(case, &mut seen);
    let worst = |sides: &[Side], changes: &[Change]| {
        let verdicts = changes.iter().filter(|change| sides.contains(&change.side));
        let worst = verdicts.map(|change| change.verdict).min().unwrap_or(Verdict::Compatible);
        verdict(sides[0], worst)
    };
    let phone = old.phone(&new);
    match case.proof {
        Proof::Request => {
            let schema =
                at(&old.document, "/paths/~1things/post/requestBody/content/application~1json/schema");
            let said = worst(&[Side::Request], &seen.changes);
            requests(case, &old, &new, &phone, "send", &schema.expect("a body"), said, &mut seen).await;
        }
        Proof::Query => {
            let schema = query(&old.document, "/paths/~1things/get/parameters");
            let said = worst(&[Side::Parameter], &seen.changes);
            requests(case, &old, &new, &phone, "search", &schema.expect("a query"), said, &mut seen).await;
        }
        Proof::Response(page) => {
            let said = worst(&[Side::Response], &seen.changes);
            responses(case, &old, &new, &phone, "get", "fetch", page, said, &mut seen).await;
        }
        Proof::Both => {
            let schema =
                at(&old.document, "/paths/~1things/post/requestBody/content/application~1json/schema");
            let said = worst(&[Side::Request], &seen.changes);
            old.next.set(&[]);
            requests(case, &old, &new, &phone, "save", &schema.expect("a body"), said, &mut seen).await;
            let said = worst(&[Side::Response], &seen.changes);
            responses(case, &old, &new, &phone, "post", "save", None, said, &mut seen).await;
        }
        Proof::Script { script, .. } => {
            let all = [
                Side::Operation,
                Side::Security,
                Side::Parameter,
                Side::Request,
                Side::Response,
                Side::Error,
            ];
            scripted(&old, &new, &phone, script, worst(&all, &seen.changes), &mut seen).await;
        }
    }
    seen
}

/// Whether what is said is what the table expects: neither less nor more.
fn said(case: &Case, seen: &mut Seen) {
    for (verdict, side, field) in case.expected {
        let found = seen.changes.iter().any(|change| {
            (change.verdict, change.side) == (*verdict, *side)
                && change.field.as_deref().unwrap_or("") == *field
        });
        if !found {
            seen.mistakes.push(format!("expected {verdict}, {side}: {field}"));
        }
    }
    for change in &seen.changes {
        let place = (change.verdict, change.side, change.field.as_deref().unwrap_or(""));
        let free = change.verdict == Verdict::Compatible && !case.expected.is_empty();
        if !free && !case.expected.contains(&place) {
            seen.mistakes.push(format!("not expected: {change}"));
        }
        if change.verdict != Verdict::Compatible && change.remedies.is_empty() {
            seen.mistakes.push(format!("no remedy: {change}"));
        }
    }
}

fn values(case: &Case, schema: &Value) -> Vec<Value> {
    let exact = validator(schema);
    let mut instances = Instances::new(schema, Random::of(20_261_126, case.name));
    let mut values = Vec::new();
    for _ in 0..VALUES * TRIES {
        let value = instances.instance();
        if exact.is_valid(&value) {
            values.push(value);
        }
        if values.len() == VALUES {
            break;
        }
    }
    values
}

/// The answers to calls with each of the values; an error as an object with `failed`.
async fn call(phone: &Host, function: &str, values: &[Value]) -> Vec<Value> {
    let script = format!(
        "var values = {}, found = [];
         for (var i = 0; i < values.length; i++) {{
           try {{ var value = await api.{function}(values[i]); found.push({{ value: value === undefined ? null : value }}); }}
           catch (e) {{ found.push({{ failed: {{ status: e.status || 0, code: e.code, text: String(e.message) }} }}); }}
         }}
         return found;",
        serde_json::to_string(values).unwrap_or_default(),
    );
    match phone.eval_async(&script).await {
        Ok(Value::Array(found)) => found,
        other => panic!("{other:?}"),
    }
}

#[expect(clippy::too_many_arguments, reason = "one place calls it, with what it has")]
async fn requests(
    case: &Case,
    old: &Server,
    new: &Server,
    phone: &Host,
    function: &str,
    schema: &Value,
    said: Verdict,
    seen: &mut Seen,
) {
    // Where the handler answers by what is next, it says so by a failure of its own: that is no refusal.
    let refused = |found: &Value| matches!(found["failed"]["status"].as_u64(), Some(400..500));
    let values = values(case, schema);
    old.meet(phone).await;
    let taken: Vec<Value> = call(phone, function, &values)
        .await
        .iter()
        .zip(&values)
        .filter(|(found, _)| !refused(found))
        .map(|(_, value)| value.clone())
        .collect();
    if taken.len() < VALUES / 3 {
        seen.mistakes.push(format!("the old server takes {} of {} values only", taken.len(), values.len()));
    }
    new.meet(phone).await;
    let found = call(phone, function, &taken).await;
    seen.calls += values.len() + found.len();
    let refusal = found.iter().zip(&taken).find(|(found, _)| refused(found));
    let witness = refusal.map(|(found, value)| format!("{value} is refused: {}", found["failed"]["text"]));
    judged(Side::Request, said, witness, seen);
}

#[expect(clippy::too_many_arguments, reason = "one place calls it, with what it has")]
async fn responses(
    case: &Case,
    old: &Server,
    new: &Server,
    phone: &Host,
    method: &str,
    function: &str,
    page: Option<&str>,
    said: Verdict,
    seen: &mut Seen,
) {
    let place = format!("/paths/~1things/{method}/responses/200/content/application~1json/schema");
    let schemas = (at(&old.document, &place), at(&new.document, &place));
    let (before, after) = (schemas.0.expect("an answer"), schemas.1.expect("an answer"));
    let (exact, loose) = (validator(&opened(&before)), validator(&types(&before)));
    let values = values(case, &after);
    new.next.set(&values);
    new.meet(phone).await;
    let sent = match function {
        // Something that the new server takes, to get at its answers.
        "save" => vec![values.first().cloned().unwrap_or_default(); values.len()],
        _ => vec![Value::Null; values.len()],
    };
    let found = call(phone, function, &sent).await;
    let (mut answers, mut witness, mut bound) = (Vec::new(), None, None);
    for (found, value) in found.iter().zip(&values) {
        match (found.get("value"), found["failed"]["status"].as_u64()) {
            // The server itself does not know the value: an allowed difference of document and server.
            (None, Some(500)) => {}
            (None, _) => witness = Some(format!("{value} gives {}", found["failed"]["text"])),
            (Some(got), _) => {
                if !loose.is_valid(got) {
                    witness = Some(format!("the page gets {got}"));
                } else if !exact.is_valid(got) {
                    bound = Some(format!("the page gets {got}"));
                }
                answers.push(got.clone());
            }
        }
    }
    seen.calls += found.len();
    if answers.len() < VALUES / 3 && witness.is_none() {
        seen.mistakes.push(format!("the new server gives {} of {} values only", answers.len(), values.len()));
    }
    if said == Verdict::Compatible
        && let Some(bound) = bound
    {
        seen.mistakes.push(format!("said to be compatible, and beyond the old bounds: {bound}"));
    }
    if let Some(page) = page {
        let script = format!(
            "var page = {page}, answers = {}; answers.forEach(page); return true;",
            serde_json::to_string(&answers).unwrap_or_default()
        );
        let threw = phone.eval_async(&script).await.err().map(|error| error.to_string());
        match (said, threw) {
            (Verdict::Breaking, None) => seen.mistakes.push("the page notices nothing".to_owned()),
            (Verdict::Breaking, Some(threw)) => {
                witness = Some(format!("{}; {threw}", witness.unwrap_or_default()))
            }
            (_, Some(threw)) => seen.mistakes.push(format!("the page fails: {threw}")),
            (_, None) => {}
        }
    }
    judged(Side::Response, said, witness, seen);
}

async fn scripted(old: &Server, new: &Server, phone: &Host, script: &str, said: Verdict, seen: &mut Seen) {
    let strange = old.phone(old);
    old.meet(&strange).await;
    let control = strange.eval_async(script).await;
    if !matches!(control, Ok(Value::Bool(true))) {
        seen.mistakes.push(format!("the script fails at the old server: {control:?}"));
    }
    new.meet(phone).await;
    let witness = match phone.eval_async(script).await {
        Ok(Value::Bool(true)) => None,
        other => Some(format!("{other:?}")),
    };
    seen.calls += 2;
    judged(Side::Operation, said, witness, seen);
}

fn judged(side: Side, said: Verdict, witness: Option<String>, seen: &mut Seen) {
    match (said, witness) {
        (Verdict::Breaking, None) => {
            seen.mistakes.push(format!("{side}: said to break, and nothing shows it"))
        }
        (Verdict::Breaking, Some(witness)) => seen.witness = Some(witness),
        (said, Some(witness)) => seen.mistakes.push(format!("{side}: said to be {said}, but {witness}")),
        (_, None) => {}
    }
}
