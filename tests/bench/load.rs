//! Clients that ask for forms, each over a connection of its own, each as soon as it has its answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use prereg_node::clock::Stopwatch;
use prereg_node::entropy::{Entropy, Seeded};
use tokio::task::JoinSet;

use crate::figures::Answers;
use crate::nodes::{Client, Fault};

/// Who asks, for what, and how long.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) at: SocketAddr,
    pub(crate) token: String,
    pub(crate) prids: Arc<Vec<String>>,
    pub(crate) clients: u64,
    /// How long answers are not counted.
    pub(crate) warm_up: Duration,
    /// How long they are.
    pub(crate) counted: Duration,
}

impl Load {
    /// Runs it on one thread, so that the node has the rest of the machine.
    pub(crate) fn run(self) -> Result<Answers, Fault> {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let mut clients = JoinSet::new();
            let counted = self.counted;
            let began = Stopwatch::start();
            for number in 0..self.clients {
                clients.spawn(client(self.clone(), number, began));
            }
            let mut times = Vec::new();
            while let Some(done) = clients.join_next().await {
                times.extend(done??);
            }
            Ok(Answers::of(times, counted))
        })
    }
}

async fn client(load: Load, number: u64, began: Stopwatch) -> Result<Vec<Duration>, Fault> {
    let mut client = Client::connect(load.at, &load.token).await?;
    let seeded = Seeded::new(number);
    let entropy: &dyn Entropy = &seeded;
    let mut times = Vec::new();
    loop {
        let at = usize::try_from(entropy.below(load.prids.len() as u64))?;
        let prid = &load.prids[at];
        let asked_at = began.elapsed();
        let took = form(&mut client, prid).await?;
        if asked_at >= load.warm_up + load.counted {
            return Ok(times);
        }
        if asked_at >= load.warm_up {
            times.push(took);
        }
    }
}

/// Asks for the form of `prid` and returns how long the answer took; any other answer is a fault.
pub(crate) async fn form(client: &mut Client, prid: &str) -> Result<Duration, Fault> {
    let path = format!("/prefill/v1/forms/{prid}");
    let stopwatch = Stopwatch::start();
    let (status, body) = client.send(Method::GET, &path, None).await?;
    let took = stopwatch.elapsed();
    if status != 200 || !body.starts_with(format!("{{\"prid\":\"{prid}\"").as_bytes()) {
        return Err(format!("the form was answered with {status} and {} bytes", body.len()).into());
    }
    Ok(took)
}
