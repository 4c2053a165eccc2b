//! SSM parameters: where aliases live.

use super::error::{ApiError, api};
use super::target::Target;

const GET: &str = "GetParameter";

/// The value of a parameter; `None` when there is no such parameter.
pub async fn value(target: &Target, name: &str) -> Result<Option<String>, ApiError> {
    let answer = target.ssm().get_parameter().name(name).send().await.map_err(api(GET, &target.region));
    match answer {
        Ok(answer) => Ok(answer.parameter().and_then(|p| p.value()).map(str::to_owned)),
        Err(error) if error.is("ParameterNotFound") => Ok(None),
        Err(error) => Err(error),
    }
}
