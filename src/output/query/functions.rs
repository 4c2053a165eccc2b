//! The functions of `--query`: integers stay integers, and texts can be compared.

use std::cmp::Ordering;

use jmespath::ast::Comparator;
use jmespath::functions::{ArgumentType, CustomFunction, Signature};
use jmespath::{Rcvar, Runtime, Variable};
use serde_json::Number;

/// All functions. The crate turns the results of some into floating-point numbers, so that 8 would be printed as 8.0.
pub fn runtime() -> Runtime {
    let mut runtime = Runtime::new();
    runtime.register_builtin_functions();
    let numbers = || ArgumentType::TypedArray(Box::new(ArgumentType::Number));
    add(&mut runtime, "sum", vec![numbers()], |args| sum(list(args)));
    add(&mut runtime, "avg", vec![numbers()], |args| average(list(args)));
    add(&mut runtime, "abs", vec![ArgumentType::Number], |args| {
        whole(args).and_then(i64::checked_abs).map(Into::into).or_else(|| Number::from_f64(real(args)?.abs()))
    });
    add(&mut runtime, "ceil", vec![ArgumentType::Number], |args| rounded(args, f64::ceil));
    add(&mut runtime, "floor", vec![ArgumentType::Number], |args| rounded(args, f64::floor));
    for comparator in ORDERINGS {
        let Some(name) = ordering(&comparator) else { continue };
        let compare = move |args: &[Rcvar]| match args {
            [left, right] => compared(&comparator, left, right).map_or(Variable::Null, Variable::Bool),
            _ => Variable::Null,
        };
        register(&mut runtime, name, vec![ArgumentType::Any, ArgumentType::Any], compare);
    }
    runtime
}

const ORDERINGS: [Comparator; 4] =
    [Comparator::LessThan, Comparator::LessThanEqual, Comparator::GreaterThan, Comparator::GreaterThanEqual];

/// The name of the function that stands for a comparison by order. No expression can spell it.
pub fn ordering(comparator: &Comparator) -> Option<&'static str> {
    match comparator {
        Comparator::LessThan => Some("<"),
        Comparator::LessThanEqual => Some("<="),
        Comparator::GreaterThan => Some(">"),
        Comparator::GreaterThanEqual => Some(">="),
        Comparator::Equal | Comparator::NotEqual => None,
    }
}

/// Compares numbers, and texts as the AWS CLI does: `created_at > '2026-01-01'`. All else has no order.
fn compared(comparator: &Comparator, left: &Rcvar, right: &Rcvar) -> Option<bool> {
    let (Some(one), Some(other)) = (left.as_string(), right.as_string()) else {
        return left.compare(comparator, right);
    };
    let order = one.cmp(other);
    match comparator {
        Comparator::LessThan => Some(order == Ordering::Less),
        Comparator::LessThanEqual => Some(order != Ordering::Greater),
        Comparator::GreaterThan => Some(order == Ordering::Greater),
        Comparator::GreaterThanEqual => Some(order != Ordering::Less),
        Comparator::Equal | Comparator::NotEqual => None,
    }
}

/// Adds a function that has a number as its result, or `null`.
fn add(
    runtime: &mut Runtime,
    name: &str,
    takes: Vec<ArgumentType>,
    result: impl Fn(&[Rcvar]) -> Option<Number> + Send + Sync + 'static,
) {
    register(runtime, name, takes, move |args| result(args).map_or(Variable::Null, Variable::Number));
}

fn register(
    runtime: &mut Runtime,
    name: &str,
    takes: Vec<ArgumentType>,
    result: impl Fn(&[Rcvar]) -> Variable + Send + Sync + 'static,
) {
    let function =
        CustomFunction::new(Signature::new(takes, None), Box::new(move |args, _| Ok(Rcvar::new(result(args)))));
    runtime.register_function(name, Box::new(function));
}

fn list(args: &[Rcvar]) -> &[Rcvar] {
    args.first().and_then(|list| list.as_array()).map_or(&[], Vec::as_slice)
}

/// The argument, if it is an integer.
fn whole(args: &[Rcvar]) -> Option<i64> {
    args.first().and_then(integer)
}

fn real(args: &[Rcvar]) -> Option<f64> {
    args.first()?.as_number()
}

fn integer(value: &Rcvar) -> Option<i64> {
    if let Variable::Number(number) = value.as_ref() { number.as_i64() } else { None }
}

fn sum(items: &[Rcvar]) -> Option<Number> {
    let integers = items.iter().try_fold(0_i64, |sum, item| sum.checked_add(integer(item)?));
    integers.map(Into::into).or_else(|| Number::from_f64(items.iter().filter_map(|item| item.as_number()).sum()))
}

/// `null` for an empty list.
fn average(items: &[Rcvar]) -> Option<Number> {
    let sum = sum(items)?;
    let count = u32::try_from(items.len()).ok()?;
    let divided = sum.as_i64().filter(|sum| count > 0 && sum % i64::from(count) == 0);
    let divided = divided.map(|sum| (sum / i64::from(count)).into());
    divided.or_else(|| Number::from_f64(sum.as_f64()? / f64::from(count)))
}

fn rounded(args: &[Rcvar], round: fn(f64) -> f64) -> Option<Number> {
    if let Some(number) = whole(args) {
        return Some(number.into());
    }
    let result = round(real(args)?);
    // As text it needs no cast that may lose something. Numbers too large for an integer stay as they are.
    format!("{result:.0}").parse::<i64>().ok().map(Into::into).or_else(|| Number::from_f64(result))
}
