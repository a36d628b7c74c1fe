//! A long way on the loopback: what is sent arrives later.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

/// Passes every connection on to another port of this machine. It may be as quick as the machine
/// while a push is prepared, and is counted all the while.
pub(crate) struct Relay {
    pub(crate) port: u16,
    connections: Arc<AtomicUsize>,
    delay: Arc<AtomicU64>,
}

impl Relay {
    /// Starts it on a free port; it goes on until the program ends.
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let relay = Self {
            port: listener.local_addr().unwrap().port(),
            connections: Arc::default(),
            delay: Arc::default(),
        };
        let (connections, delay) = (relay.connections.clone(), relay.delay.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                for one in [&client, &server] {
                    one.set_nodelay(true).unwrap();
                }
                let [from, to] = [&client, &server].map(|one| one.try_clone().unwrap());
                carry(from, to, delay.clone());
                carry(server, client, delay.clone());
            }
        });
        relay
    }

    /// How many milliseconds each direction takes from now on.
    pub(crate) fn takes(&self, milliseconds: u64) {
        self.delay.store(milliseconds, Ordering::SeqCst);
    }

    /// How many connections it has taken so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Carries what comes in one direction. One thread takes it while another waits: the way is long,
/// not narrow.
fn carry(mut from: TcpStream, mut to: TcpStream, delay: Arc<AtomicU64>) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            // Nothing stands for the end, which arrives as late as the rest.
            let size = from.read(&mut buffer).unwrap_or(0);
            let delay = Duration::from_millis(delay.load(Ordering::SeqCst));
            let sent = sender.send((Instant::now() + delay, buffer[..size].to_vec()));
            if size == 0 || sent.is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (when, bytes) in receiver {
            thread::sleep(when.saturating_duration_since(Instant::now()));
            if bytes.is_empty() || to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
