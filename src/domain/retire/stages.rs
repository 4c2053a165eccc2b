//! The stages of a policy: `["deprecate", "disable@14d", "deregister@30d"]`.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::step::Step;
use crate::domain::age::{Age, AgeError};

/// One stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// The step.
    pub step: Step,
    /// The time to wait after the step before.
    pub after: Age,
}

/// The stages of a retirement: at least one, in the order of [`Step`], none twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Stages(Vec<Stage>);

/// A text or list that is not valid as stages.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StagesError {
    /// No stage.
    #[error("give at least one stage, e.g. retire = [\"deprecate\", \"disable@14d\", \"deregister@30d\"]")]
    Empty,
    /// An unknown word.
    #[error(
        "'{0}' is not a stage; stages are deprecate, disable and deregister, with the time to wait after the stage \
         before, e.g. disable@14d"
    )]
    Unknown(String),
    /// A time that cannot be parsed.
    #[error("stage '{stage}': {error}")]
    Wait {
        /// The stage.
        stage: String,
        /// The error of its time.
        error: AgeError,
    },
    /// The first stage has a time to wait.
    #[error(
        "'{0}' is the first stage, so there is none before it to wait for: leave out the time, and say with min_age or \
         unused_for when retirement begins"
    )]
    First(Stage),
    /// Two stages in the wrong order, or one twice.
    #[error("'{1}' cannot come after '{0}': the order is deprecate, disable, deregister, each at most once")]
    Order(Stage, Stage),
}

impl FromStr for Stage {
    type Err = StagesError;

    fn from_str(text: &str) -> Result<Self, StagesError> {
        let (name, wait) = match text.split_once('@') {
            Some((name, wait)) => (name, Some(wait)),
            None => (text, None),
        };
        let step = match name {
            "deprecate" => Step::Deprecate,
            "disable" => Step::Disable,
            "deregister" => Step::Deregister,
            _ => return Err(StagesError::Unknown(text.to_owned())),
        };
        let after = match wait.map(Age::from_str).transpose() {
            Ok(after) => after.unwrap_or(Age::days(0)),
            Err(error) => return Err(StagesError::Wait { stage: text.to_owned(), error }),
        };
        Ok(Self { step, after })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.after.duration().is_zero() {
            true => f.write_str(self.step.as_str()),
            false => write!(f, "{}@{}", self.step.as_str(), self.after),
        }
    }
}

impl Stage {
    /// The time to wait after the step before.
    pub(super) fn wait(self) -> TimeDelta {
        TimeDelta::from_std(self.after.duration()).unwrap_or(TimeDelta::MAX)
    }
}

impl Stages {
    /// Checks the stages given.
    pub fn new(stages: Vec<Stage>) -> Result<Self, StagesError> {
        let first = stages.first().ok_or(StagesError::Empty)?;
        if !first.after.duration().is_zero() {
            return Err(StagesError::First(*first));
        }
        match stages.windows(2).find(|pair| pair[0].step >= pair[1].step) {
            Some(pair) => Err(StagesError::Order(pair[0], pair[1])),
            None => Ok(Self(stages)),
        }
    }

    /// The times to wait before each stage.
    pub fn waits(&self) -> impl Iterator<Item = Age> {
        self.0.iter().map(|stage| stage.after)
    }

    /// The first step of the retirement.
    pub(super) fn first(&self) -> Step {
        // Unreachable default: there is at least one stage.
        self.0.first().map_or(Step::Deregister, |stage| stage.step)
    }

    /// The stage after a step, which need not be a stage itself.
    pub(super) fn after(&self, step: Step) -> Option<Stage> {
        self.0.iter().find(|stage| stage.step > step).copied()
    }

    /// Whether the last stage deregisters.
    pub(super) fn end_with_deregister(&self) -> bool {
        self.0.iter().any(|stage| stage.step == Step::Deregister)
    }
}

impl TryFrom<Vec<String>> for Stages {
    type Error = StagesError;

    fn try_from(texts: Vec<String>) -> Result<Self, StagesError> {
        Self::new(texts.iter().map(|text| text.parse()).collect::<Result<_, _>>()?)
    }
}

impl From<Stages> for Vec<String> {
    fn from(stages: Stages) -> Self {
        stages.0.iter().map(ToString::to_string).collect()
    }
}
