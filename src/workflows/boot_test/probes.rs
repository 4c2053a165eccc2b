//! Probes of a booted instance, tried side by side until they pass or their time is over.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::ssm_probes::{Missed, SsmProbes};
use crate::domain::boot_test::{Check, CheckKind};
use crate::domain::instance::Instance;
use crate::domain::probe::{Miss, Probe, Reach};
use crate::domain::problem::Problem;
use crate::service::client::patience::{Over, Patience};
use crate::service::{Target, http_probe};
use crate::workflows::run::concurrency::{PROBES, each};
use crate::workflows::run::context::Context;

/// The pause between two tries over the network.
const PAUSE: Duration = Duration::from_secs(2);

/// A probe that was tried.
#[derive(Debug)]
pub struct Probed {
    /// What came of it.
    pub check: Check,
    /// Why it could not be asked: then that it did not pass says nothing of the image.
    pub unasked: Option<Problem>,
}

/// Tries each probe on a running instance until it passes, at most for `timeout`. A stop signal ends those that have not
/// passed, as failed checks; so does everything else that goes wrong.
pub async fn run(
    context: &Context,
    target: &Target,
    instance: &Instance,
    probes: &[Probe],
    timeout: Duration,
    public_ip: bool,
) -> Vec<Probed> {
    let patience = Patience { until: Instant::now() + timeout, stop: context.stop.clone() };
    let commands = SsmProbes::new(target, instance, &patience, &context.maker.run);
    let numbered = probes.iter().zip(1..);
    let one = async |(probe, number): (&Probe, usize)| {
        let began = Instant::now();
        let (kind, result) = match probe {
            Probe::Http(_) => (CheckKind::Http, over_network(&patience, instance, probe, public_ip).await),
            Probe::Tcp(_) => (CheckKind::Tcp, over_network(&patience, instance, probe, public_ip).await),
            Probe::Ssm(command) => (CheckKind::Ssm, commands.probe(number, command).await),
        };
        let (passed, seconds) = (result.is_ok(), began.elapsed().as_secs());
        let (detail, unasked) = match result {
            Ok(detail) => (detail, None),
            Err(Missed { detail, unasked }) => (detail, unasked),
        };
        Probed { check: Check { kind, what: probe.what(), passed, detail, seconds }, unasked }
    };
    each(PROBES, numbered, one).await
}

/// What was answered, or why nothing satisfied.
async fn over_network(
    patience: &Patience,
    instance: &Instance,
    probe: &Probe,
    public_ip: bool,
) -> Result<String, Missed> {
    let address = address(instance, public_ip)?;
    let (began, mut tries) = (Instant::now(), Tries::default());
    loop {
        let within = patience.until.saturating_duration_since(Instant::now());
        let over = match patience.unless_over(ask(address, probe, within)).await {
            Ok(Ok(said)) => return Ok(said),
            Ok(Err(miss)) => {
                tries.add(miss);
                patience.unless_over(tokio::time::sleep(PAUSE)).await.err()
            }
            Err(over) => Some(over),
        };
        if let Some(over) = over {
            return Err(tries.ended(over, began.elapsed(), public_ip).into());
        }
    }
}

async fn ask(address: IpAddr, probe: &Probe, within: Duration) -> Result<String, Miss> {
    match probe {
        Probe::Http(probe) => http_probe::get(address, probe, within).await,
        Probe::Tcp(port) => http_probe::touch(address, *port, within).await,
        Probe::Ssm(_) => Err(Miss { reach: Reach::Nowhere, why: "commands do not go over the network".to_owned() }),
    }
}

fn address(instance: &Instance, public_ip: bool) -> Result<IpAddr, String> {
    let (kind, text) = match public_ip {
        true => ("public", &instance.public_ip),
        false => ("private", &instance.private_ip),
    };
    let parsed = text.as_deref().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("{} has no {kind} IPv4 address; --ssm 'COMMAND' needs none", instance.id))
}

/// What came of the tries so far.
#[derive(Debug, Default)]
struct Tries {
    count: usize,
    last: Option<Miss>,
    /// Whether any of them met the machine.
    reached: bool,
}

impl Tries {
    fn add(&mut self, miss: Miss) {
        self.count += 1;
        self.reached |= miss.reach != Reach::Nowhere;
        self.last = Some(miss);
    }

    /// The detail of a check that did not pass.
    fn ended(&self, over: Over, took: Duration, public_ip: bool) -> String {
        let begin = if over == Over::Interrupted { "interrupted; " } else { "" };
        let Some(miss) = &self.last else { return format!("{begin}there was no time to try") };
        let tried = match self.count {
            1 => "tried once".to_owned(),
            many => format!("tried {many} times in {} s", took.as_secs()),
        };
        let advice = match miss.reach {
            Reach::Port => "",
            Reach::Machine => "; the machine is there, and nothing listens on the port",
            Reach::Nowhere if self.reached => "",
            Reach::Nowhere if public_ip => {
                "; the security group must admit the port from here; --ssm 'COMMAND' asks on the instance itself"
            }
            Reach::Nowhere => {
                "; a private address is reached from its VPC or a VPN only, and the security group must admit the port: \
                 --ssm 'COMMAND' asks on the instance itself, --public-ip tries a public address"
            }
        };
        format!("{begin}{}; {tried}{advice}", miss.why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(reaches: &[Reach]) -> Tries {
        let mut tries = Tries::default();
        for reach in reaches {
            tries.add(Miss { reach: *reach, why: "10.0.0.1:80: nothing".to_owned() });
        }
        tries
    }

    #[test]
    fn an_address_that_is_never_reached_leads_to_ssm() {
        let took = Duration::from_secs(300);
        let said = tried(&[Reach::Nowhere; 3]).ended(Over::TimedOut, took, false);
        assert!(said.starts_with("10.0.0.1:80: nothing; tried 3 times in 300 s; a private address"), "{said}");
        assert!(said.contains("--ssm 'COMMAND'") && said.contains("--public-ip"), "{said}");
        let said = tried(&[Reach::Nowhere]).ended(Over::TimedOut, took, true);
        assert!(said.contains("tried once") && said.contains("--ssm") && !said.contains("--public-ip"), "{said}");
    }

    #[test]
    fn a_machine_that_was_reached_needs_no_way_out() {
        let took = Duration::from_secs(9);
        let said = tried(&[Reach::Nowhere, Reach::Machine]).ended(Over::TimedOut, took, false);
        assert_eq!(
            said,
            "10.0.0.1:80: nothing; tried 2 times in 9 s; the machine is there, and nothing listens on the port"
        );
        let said = tried(&[Reach::Port, Reach::Nowhere]).ended(Over::TimedOut, took, false);
        assert_eq!(said, "10.0.0.1:80: nothing; tried 2 times in 9 s");
        let said = tried(&[Reach::Port]).ended(Over::Interrupted, took, false);
        assert_eq!(said, "interrupted; 10.0.0.1:80: nothing; tried once");
        assert_eq!(tried(&[]).ended(Over::Interrupted, took, false), "interrupted; there was no time to try");
    }
}
