//! Who may come in, and how many.

use crate::config::ListenLimits;
use crate::model::Rule;
use crate::tap::refuse::status;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time;

/// The open connections of all workers.
#[derive(Default)]
pub struct Door {
    open: AtomicUsize,
    /// Only kept while there is a limit for each client.
    clients: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection that was let in; dropping it makes room for another.
pub(super) struct Ticket {
    door: Arc<Door>,
    client: Option<IpAddr>,
}

impl Door {
    /// How many connections of clients are open now.
    pub fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Lets a client in, or says which limit it meets.
    pub(super) fn enter(
        self: &Arc<Self>,
        client: IpAddr,
        limits: &ListenLimits,
    ) -> Result<Ticket, Rule> {
        let mut ticket = Ticket { door: self.clone(), client: None };
        let before = self.open.fetch_add(1, Relaxed);
        if limits.connections.is_some_and(|most| before >= most) {
            return Err(Rule::Connections);
        }
        if let Some(most) = limits.per_client {
            let mut clients = self.clients();
            let count = clients.entry(client).or_default();
            if *count >= most {
                return Err(Rule::PerClient);
            }
            *count += 1;
            ticket.client = Some(client);
        }
        Ok(ticket)
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.door.open.fetch_sub(1, Relaxed);
        let Some(client) = self.client else { return };
        let mut clients = self.door.clients();
        if let Some(count) = clients.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                clients.remove(&client);
            }
        }
    }
}

/// How long a refused client may take to read why.
const FAREWELL: Duration = Duration::from_secs(1);

/// Tells a client by which rule it is not served, and hangs up.
pub(super) async fn turn_away(mut stream: TcpStream, rule: Rule) {
    let status = status(rule);
    let retry = match rule {
        Rule::Connections | Rule::PerClient => "retry-after: 1\r\n",
        _ => "",
    };
    let text =
        format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n{retry}connection: close\r\n\r\n");
    let farewell = async {
        stream.write_all(text.as_bytes()).await?;
        stream.shutdown().await?;
        // What the client has sent is read once: closing a socket with unread bytes would take the
        // answer back.
        stream.read(&mut [0; 4096]).await
    };
    // There is nobody else to tell.
    time::timeout(FAREWELL, farewell).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const OTHER: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    #[test]
    fn who_leaves_makes_room_for_another() {
        let door = Arc::new(Door::default());
        let size = crate::base::ByteSize(1);
        let limits = ListenLimits {
            target: size,
            head: size,
            fields: 1,
            body: None,
            connections: Some(3),
            per_client: Some(2),
        };
        let enter = |client| door.enter(client, &limits);
        let (first, _second) = (enter(ONE).ok(), enter(ONE).ok());
        assert_eq!(enter(ONE).err(), Some(Rule::PerClient));
        let _third = enter(OTHER).unwrap_or_else(|rule| panic!("{rule}"));
        assert_eq!(enter(OTHER).err(), Some(Rule::Connections));
        drop(first);
        let _fourth = enter(ONE).unwrap_or_else(|rule| panic!("{rule}"));
        assert_eq!(door.open.load(Relaxed), 3);
    }
}
