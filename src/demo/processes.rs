//! The demo's two nodes, each a process of its own: what is cut off is really gone.

use std::error::Error;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};

use crate::clock::Clock;
use crate::demo::seed::Place;
use crate::demo::talk;

/// How long a node may take to be ready, the first pull of the center included.
const PATIENCE: Duration = Duration::from_secs(60);

/// The two nodes. They end with this value, and with this process however it ends: their standard
/// input is a pipe from it.
pub(super) struct Nodes<'p> {
    place: &'p Place,
    central: Option<Running>,
    center: Option<Running>,
}

/// A node that runs. Its input is held apart, for waiting for a child closes the child's input.
struct Running {
    process: Child,
    input: Option<ChildStdin>,
}

impl<'p> Nodes<'p> {
    pub(super) fn new(place: &'p Place) -> Self {
        Self { place, central: None, center: None }
    }

    /// Starts central and waits until it is ready.
    pub(super) async fn start_central(&mut self) -> Result<(), Box<dyn Error>> {
        let mut node = start(&self.place.central_config())?;
        ready(&mut node.process, self.place.central, "central").await?;
        self.central = Some(node);
        Ok(())
    }

    /// Starts the center and waits until it is ready: all that central lists is there.
    pub(super) async fn start_center(&mut self) -> Result<(), Box<dyn Error>> {
        let mut node = start(&self.place.center_config())?;
        ready(&mut node.process, self.place.center, "the center").await?;
        self.center = Some(node);
        Ok(())
    }

    /// Ends central at once, as a line that is cut does.
    pub(super) async fn cut_central(&mut self) -> Result<(), Box<dyn Error>> {
        if let Some(mut central) = self.central.take() {
            central.process.kill().await?;
        }
        Ok(())
    }

    /// Waits until one of them ends by itself, and says so.
    pub(super) async fn wait(&mut self) -> Box<dyn Error> {
        let (Some(central), Some(center)) = (&mut self.central, &mut self.center) else {
            return "a node is not running".into();
        };
        tokio::select! {
            _ = central.process.wait() => "central ended by itself".into(),
            _ = center.process.wait() => "the center ended by itself".into(),
        }
    }

    /// Ends both in good order.
    pub(super) async fn stop(self) {
        for mut node in [self.center, self.central].into_iter().flatten() {
            drop(node.input.take());
            if tokio::time::timeout(Duration::from_secs(15), node.process.wait()).await.is_err() {
                // It is killed when it is dropped.
                eprintln!("a node did not stop in time");
            }
        }
    }
}

fn start(config: &Path) -> std::io::Result<Running> {
    let mut process = Command::new(std::env::current_exe()?)
        .args(["serve", "--stop-with-input", "--config"])
        .arg(config)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let input = process.stdin.take();
    Ok(Running { process, input })
}

async fn ready(
    child: &mut Child,
    at: std::net::SocketAddr,
    name: &str,
) -> Result<(), Box<dyn Error>> {
    let clock = Clock::system();
    let end = clock.now() + jiff::SignedDuration::try_from(PATIENCE)?;
    while clock.now() < end {
        if let Some(status) = child.try_wait()? {
            return Err(format!("{name} did not start ({status}); its log is above").into());
        }
        if talk::get(at, "/health/ready", None).await.is_ok_and(|answer| answer.status == 200) {
            return Ok(());
        }
        clock.sleep_until(clock.now() + jiff::SignedDuration::from_millis(50)).await;
    }
    Err(format!("{name} was not ready within {} seconds", PATIENCE.as_secs()).into())
}
