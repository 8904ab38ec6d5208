//! A client that watches, and counts what it is told.

use anyhow::{Result, ensure};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

const BASE: &str = "/apis/live.telemetry.longwire.io/v1alpha1";
const BUFFER: usize = 256 << 10;

/// What a client asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Objects,
    /// As `kubectl get --watch`.
    Table,
}

impl Form {
    fn accept(self) -> &'static str {
        match self {
            Self::Objects => "application/json",
            Self::Table => "application/json;as=Table;v=v1;g=meta.k8s.io",
        }
    }
}

/// Ends when it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    stream: TcpStream,
    lines: Arc<AtomicU64>,
}

impl Watch {
    pub(super) fn start(mut stream: TcpStream, form: Form) -> Result<Self> {
        ask(&mut stream, "connections?watch=1", form)?;
        let (lines, mut reader) = (Arc::<AtomicU64>::default(), stream.try_clone()?);
        let counted = Arc::clone(&lines);
        thread::spawn(move || {
            let mut buffer = vec![0; BUFFER];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                let ends = buffer[..read].iter().filter(|byte| **byte == b'\n').count();
                counted.fetch_add(ends as u64, Relaxed);
            }
        });
        Ok(Self { stream, lines })
    }

    /// So far; a line is one.
    pub(super) fn events(&self) -> u64 {
        self.lines.load(Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// Reads a whole list.
pub(super) fn list(mut stream: TcpStream, path: &str) -> Result<()> {
    ask(&mut stream, path, Form::Objects)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    ensure!(
        answer.starts_with(b"HTTP/1.0 200 "),
        "{path}: {}",
        String::from_utf8_lossy(&answer[..answer.len().min(200)])
    );
    Ok(())
}

/// By HTTP/1.0, so that the body is not in chunks.
fn ask(stream: &mut TcpStream, path: &str, form: Form) -> Result<()> {
    let accept = form.accept();
    Ok(write!(stream, "GET {BASE}/{path} HTTP/1.0\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n")?)
}
