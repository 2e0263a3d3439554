//! Numbers and their bounds, without losing digits of 64-bit integers.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::shape::Branch;

/// How two numbers stand to each other.
pub(super) fn compare(one: &Number, other: &Number) -> Ordering {
    let whole = |number: &Number| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => {
            let float = |number: &Number| number.as_f64().unwrap_or_default();
            float(one).partial_cmp(&float(other)).unwrap_or(Ordering::Equal)
        }
    }
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct End {
    pub(super) value: Number,
    /// Whether the value itself is outside.
    pub(super) open: bool,
}

/// The numbers of a branch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Range {
    pub(super) low: Option<End>,
    pub(super) high: Option<End>,
    pub(super) integral: bool,
    pub(super) steps: Vec<Number>,
}

impl Range {
    pub(super) fn of(branch: &Branch<'_>) -> Self {
        let mut range = Self { low: None, high: None, integral: branch.integral, steps: Vec::new() };
        for node in &branch.nodes {
            let number = |keyword: &str| node.map.get(keyword).and_then(Value::as_number).cloned();
            if let Some((low, high)) = node.map.get("format").and_then(Value::as_str).and_then(of_format) {
                range.from(Some(low), false);
                range.to(Some(high), false);
            }
            // OpenAPI 3.0 has a boolean there.
            let open = |keyword: &str| node.map.get(keyword) == Some(&Value::Bool(true));
            range.from(number("minimum"), open("exclusiveMinimum"));
            range.from(number("exclusiveMinimum"), true);
            range.to(number("maximum"), open("exclusiveMaximum"));
            range.to(number("exclusiveMaximum"), true);
            range.steps.extend(number("multipleOf").filter(|step| !range.steps.contains(step)));
        }
        range
    }

    fn from(&mut self, value: Option<Number>, open: bool) {
        let Some(end) = value.map(|value| self.closed(End { value, open }, 1)) else { return };
        if self.low.as_ref().is_none_or(|known| Self::rank(&end, known).is_gt()) {
            self.low = Some(end);
        }
    }

    fn to(&mut self, value: Option<Number>, open: bool) {
        let Some(end) = value.map(|value| self.closed(End { value, open }, -1)) else { return };
        if self.high.as_ref().is_none_or(|known| Self::rank_high(&end, known).is_lt()) {
            self.high = Some(end);
        }
    }

    /// Integers above 0 are those from 1 on.
    fn closed(&self, end: End, step: i64) -> End {
        match end
            .value
            .as_i64()
            .filter(|_| end.open && self.integral)
            .and_then(|value| value.checked_add(step))
        {
            Some(value) => End { value: value.into(), open: false },
            None => end,
        }
    }

    fn rank(one: &End, other: &End) -> Ordering {
        compare(&one.value, &other.value).then(one.open.cmp(&other.open))
    }

    fn rank_high(one: &End, other: &End) -> Ordering {
        compare(&one.value, &other.value).then(other.open.cmp(&one.open))
    }

    /// How the low end of another range stands to this one's: less if it lets more numbers in.
    pub(super) fn compare_low(&self, other: &Self) -> Ordering {
        match (&other.low, &self.low) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(other), Some(own)) => Self::rank(other, own),
        }
    }

    /// How the high end of another range stands to this one's: greater if it lets more numbers in.
    pub(super) fn compare_high(&self, other: &Self) -> Ordering {
        match (&other.high, &self.high) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(other), Some(own)) => Self::rank_high(other, own),
        }
    }

    pub(super) fn holds(&self, number: &Number) -> bool {
        let above = |end: &End| match compare(number, &end.value) {
            Ordering::Less => false,
            Ordering::Equal => !end.open,
            Ordering::Greater => true,
        };
        let below = |end: &End| match compare(number, &end.value) {
            Ordering::Greater => false,
            Ordering::Equal => !end.open,
            Ordering::Less => true,
        };
        let whole = number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|n| n == n.trunc());
        self.low.as_ref().is_none_or(above)
            && self.high.as_ref().is_none_or(below)
            && (!self.integral || whole)
            && self.steps.iter().all(|step| is_multiple(number, step))
    }
}

/// Whether one number is surely a multiple of another.
pub(super) fn is_multiple(number: &Number, step: &Number) -> bool {
    match (number.as_i64(), step.as_i64()) {
        (Some(number), Some(step)) => step != 0 && number % step == 0,
        _ => {
            let (number, step) = (number.as_f64().unwrap_or(0.5), step.as_f64().unwrap_or_default());
            step != 0.0 && (number / step).fract() == 0.0
        }
    }
}

/// The numbers of a format, which documents of other frameworks give in place of bounds.
fn of_format(format: &str) -> Option<(Number, Number)> {
    let of = |low: i64, high: u64| Some((Number::from(low), Number::from(high)));
    match format {
        "int8" => of(i8::MIN.into(), i8::MAX as u64),
        "int16" => of(i16::MIN.into(), i16::MAX as u64),
        "int32" => of(i32::MIN.into(), i32::MAX as u64),
        "int64" => of(i64::MIN, i64::MAX as u64),
        "uint8" => of(0, u8::MAX.into()),
        "uint16" => of(0, u16::MAX.into()),
        "uint32" => of(0, u32::MAX.into()),
        "uint64" => of(0, u64::MAX),
        _ => None,
    }
}
