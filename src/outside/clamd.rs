//! Asks clamd whether a document is clean: the daemon of ClamAV, over TCP or its Unix socket.
//!
//! There is one good answer. Whatever else comes of asking (a virus, a stream that is too long for
//! clamd, no clamd, none in time) is none, for a scan that is switched on is never silently left out.

use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clamav_client::tokio::{TransportProtocol, scan_buffer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, Join, Take, join, split};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// What clamd says of a stream without a virus.
const CLEAN: &[u8] = b"stream: OK";
/// Bytes of an answer that are read: it names a virus in far fewer.
const LONGEST: u64 = 1024;
/// Bytes sent at once.
const CHUNK: usize = 64 * 1024;

/// Where clamd is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A host and a port.
    Tcp(String),
    /// A Unix socket.
    Socket(PathBuf),
}

/// The text is no address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address of clamd is host:port, or the path of its socket from the root")]
pub struct NotAnAddress;

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        if text.starts_with('/') {
            return Ok(Self::Socket(text.into()));
        }
        let (host, port) = text.rsplit_once(':').ok_or(NotAnAddress)?;
        if host.is_empty() || port.parse::<u16>().is_err() {
            return Err(NotAnAddress);
        }
        Ok(Self::Tcp(text.to_owned()))
    }
}

/// A clamd to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clamd {
    /// Where it is.
    pub address: Address,
    /// How long an answer may take, connecting and sending included.
    pub patience: Duration,
}

/// Why a document does not count as clean.
#[derive(Debug, thiserror::Error)]
pub enum NotClean {
    /// clamd found something; its answer is not told, for it may hold what it was sent.
    #[error("the virus scanner found something")]
    Found,
    /// clamd would not look at it.
    #[error(
        "the virus scanner refused to scan: is its StreamMaxLength below the largest document?"
    )]
    Refused,
    /// It did not answer.
    #[error("the virus scanner cannot be asked: {0}")]
    Unreachable(#[source] io::Error),
    /// It did not answer in time.
    #[error("the virus scanner did not answer in time")]
    TooSlow,
}

impl Clamd {
    /// Has `content` scanned, and answers `Ok` only if clamd said that it is clean.
    ///
    /// # Errors
    /// Anything else.
    pub async fn scan(&self, content: &[u8]) -> Result<(), NotClean> {
        let asked = async {
            match &self.address {
                Address::Tcp(at) => scan_buffer(content, Tcp(at), Some(CHUNK)).await,
                Address::Socket(at) => scan_buffer(content, Socket(at), Some(CHUNK)).await,
            }
        };
        let answer = timeout(self.patience, asked).await.map_err(|_| NotClean::TooSlow)?;
        let answer = answer.map_err(NotClean::Unreachable)?;
        let answer = answer.trim_ascii_end();
        let answer = answer.strip_suffix(b"\0").unwrap_or(answer);
        if answer == CLEAN {
            Ok(())
        } else if answer.ends_with(b"FOUND") {
            Err(NotClean::Found)
        } else if answer.is_empty() {
            Err(NotClean::Unreachable(io::ErrorKind::UnexpectedEof.into()))
        } else {
            Err(NotClean::Refused)
        }
    }
}

struct Tcp<'a>(&'a str);

impl TransportProtocol for Tcp<'_> {
    type Stream = Bounded<TcpStream>;

    async fn connect(&self) -> io::Result<Self::Stream> {
        Ok(bounded(TcpStream::connect(self.0).await?))
    }
}

struct Socket<'a>(&'a PathBuf);

impl TransportProtocol for Socket<'_> {
    type Stream = Bounded<UnixStream>;

    async fn connect(&self) -> io::Result<Self::Stream> {
        Ok(bounded(UnixStream::connect(self.0).await?))
    }
}

/// A stream of which no more than [`LONGEST`] bytes are read: the client reads to the end (I11).
type Bounded<S> = Join<Take<tokio::io::ReadHalf<S>>, tokio::io::WriteHalf<S>>;

fn bounded<S: AsyncRead + AsyncWrite>(stream: S) -> Bounded<S> {
    let (from, to) = split(stream);
    join(from.take(LONGEST), to)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::{TcpListener, UnixListener};

    use super::*;

    /// Reads what INSTREAM sends, and returns the content.
    async fn instream(from: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
        let mut command = [0; 10];
        from.read_exact(&mut command).await.unwrap();
        assert_eq!(&command, b"zINSTREAM\0");
        let mut content = Vec::new();
        loop {
            let length = from.read_u32().await.unwrap();
            if length == 0 {
                return content;
            }
            from.take(length.into()).read_to_end(&mut content).await.unwrap();
        }
    }

    /// Has `content` scanned by one that gives `answer`.
    async fn answered(answer: &'static [u8], content: &[u8]) -> Result<(), NotClean> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let clamd = Clamd {
            address: listener.local_addr().unwrap().to_string().parse().unwrap(),
            patience: Duration::from_secs(20),
        };
        let sent = content.to_vec();
        let other = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert_eq!(instream(&mut stream).await, sent);
            stream.write_all(answer).await.unwrap();
        });
        let said = clamd.scan(content).await;
        other.await.unwrap();
        said
    }

    #[tokio::test]
    async fn only_the_one_good_answer_is_clean() {
        let content = vec![7; 3 * CHUNK + 5];
        assert!(answered(b"stream: OK\0", &content).await.is_ok());
        assert!(answered(b"stream: OK\0", b"").await.is_ok());
        let found = answered(b"stream: Win.Test.EICAR_HDB-1 FOUND\0", &content).await;
        assert!(matches!(found, Err(NotClean::Found)), "{found:?}");
        let sly = answered(b"stream: OK.Virus FOUND\0", &content).await;
        assert!(matches!(sly, Err(NotClean::Found)), "{sly:?}");
        for odd in [&b"INSTREAM size limit exceeded. ERROR\0"[..], b"stream: OK ERROR\0", b"OK\0"] {
            let refused = answered(odd, &content).await;
            assert!(matches!(refused, Err(NotClean::Refused)), "{refused:?}");
        }
        let nothing = answered(b"", &content).await;
        assert!(matches!(nothing, Err(NotClean::Unreachable(_))), "{nothing:?}");
    }

    /// I11
    #[tokio::test]
    async fn an_answer_without_end_or_none_at_all_ends_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let clamd = |patience| Clamd {
            address: Address::Tcp(listener.local_addr().unwrap().to_string()),
            patience,
        };
        let silent = clamd(Duration::from_millis(50)).scan(b"x").await;
        assert!(matches!(silent, Err(NotClean::TooSlow)), "{silent:?}");
        let endless = clamd(Duration::from_secs(20));
        let talk = async {
            // The first caller has gone away.
            drop(listener.accept().await.unwrap());
            let (mut stream, _) = listener.accept().await.unwrap();
            instream(&mut stream).await;
            while stream.write_all(&[b'O'; 4096]).await.is_ok() {}
        };
        let (said, ()) = tokio::join!(endless.scan(b"x"), talk);
        assert!(matches!(said, Err(NotClean::Refused)), "{said:?}");
    }

    #[tokio::test]
    async fn a_unix_socket_does_as_well_and_nobody_there_is_not_clean() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clamd.ctl");
        let address: Address = path.to_str().unwrap().parse().unwrap();
        let clamd = Clamd { address, patience: Duration::from_secs(20) };
        let nobody = clamd.scan(b"x").await;
        assert!(matches!(nobody, Err(NotClean::Unreachable(_))), "{nobody:?}");
        let listener = UnixListener::bind(&path).unwrap();
        let talk = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            instream(&mut stream).await;
            stream.write_all(b"stream: OK\0").await.unwrap();
        };
        let (said, ()) = tokio::join!(clamd.scan(b"x"), talk);
        assert!(said.is_ok(), "{said:?}");
    }

    #[test]
    fn an_address_is_a_host_with_a_port_or_a_path() {
        for good in ["127.0.0.1:3310", "clamd.center.example:3310", "[::1]:3310"] {
            assert_eq!(good.parse(), Ok(Address::Tcp(good.into())));
        }
        assert_eq!(
            "/run/clamav/clamd.ctl".parse(),
            Ok(Address::Socket("/run/clamav/clamd.ctl".into()))
        );
        for bad in ["", "clamd", ":3310", "clamd:", "clamd:x", "run/clamd.ctl"] {
            assert_eq!(bad.parse::<Address>(), Err(NotAnAddress), "{bad}");
        }
    }
}
