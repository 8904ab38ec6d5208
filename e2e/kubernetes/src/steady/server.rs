//! A server that reads to the end, and answers with a number of bytes that identifies it.

use longwire_testkit::traffic;
use socket2::SockRef;
use std::net::{Shutdown, TcpListener};
use std::thread::{self, JoinHandle};

/// Serves until dropped.
#[derive(Debug)]
pub(super) struct Server {
    listener: TcpListener,
    worker: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(listener: TcpListener, answer: u64) -> std::io::Result<Self> {
        let accepting = listener.try_clone()?;
        let worker = thread::spawn(move || {
            // Shutting the listener down ends accept().
            while let Ok((stream, _)) = accepting.accept() {
                // Errors are ignored: the client counts what it received.
                let _ = traffic::drain(&stream).and_then(|_| traffic::send(&stream, answer));
            }
        });
        Ok(Self { listener, worker: Some(worker) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = SockRef::from(&self.listener).shutdown(Shutdown::Both);
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}
