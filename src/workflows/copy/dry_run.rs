//! The dry run of `copy`: asks EC2 for each copy whether it could be made.

use anyhow::Result;
use futures::StreamExt;

use super::job::{self, CopyJob, Failed};
use super::{conclude, explain};
use crate::domain::region::Region;
use crate::service::copy;
use crate::workflows::run::concurrency::{self, LOOKUPS};
use crate::workflows::run::context::Context;

pub async fn dry_run(context: &Context, all: &[CopyJob], mut failed: Vec<Failed>) -> Result<()> {
    let open = job::open(all, &failed);
    let each = open.flat_map(|of| all[of].to.iter().map(move |region| (of, region)));
    let ask = |(of, region): (usize, &Region)| {
        let (copies, region) = (&all[of], region.clone());
        async move {
            let to = copies.target.in_region(&region);
            let said = match copy::check(&to, &copies.request(&region)).await {
                Ok(Some(there)) => Ok(format!("{there} is there already")),
                Ok(None) => Ok(format!("{} would be copied from {}", copies.name, copies.source.region)),
                Err(error) => Err(explain::explained(&to, copies, error).await),
            };
            (of, region, said)
        }
    };
    let mut asked = concurrency::in_order(LOOKUPS, each.collect::<Vec<_>>(), ask);
    while let Some((of, region, said)) = asked.next().await {
        let copies = &all[of];
        match said {
            Ok(said) => {
                let (at, then) = (copies.at(&region), copies.steps.would(context.now));
                context.printer.say(format!("dry run: {at}: {said}{then}"));
            }
            Err(error) if copies.whose.is_some() => failed.push(Failed { of, region: Some(region), error }),
            Err(error) => return Err(error),
        }
    }
    drop(asked);
    conclude::dry(context, all, failed)
}
