//! Asking a port: is it free, does its server answer?

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// An error that names the port and what to do, unless it can be listened on now.
pub(super) fn require_free(port: u16, flag: &str) -> Result<()> {
    match TcpListener::bind(local(port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {port} on 127.0.0.1 is in use, perhaps by another `cargo xtask up`: stop what \
             uses it, or choose another port with {flag} N"
        ),
        Err(error) => Err(error).with_context(|| format!("cannot listen on 127.0.0.1:{port}")),
    }
}

/// True if a GET of that path is answered with a status of 200.
pub(super) fn answers(port: u16, path: &str) -> bool {
    ask(port, path).is_ok_and(|head| head.starts_with("HTTP/1.1 200"))
}

fn ask(port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&local(port), ANSWER_WITHIN)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_named_with_the_flag_that_changes_it() {
        let taken = TcpListener::bind(local(0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = require_free(port, "--edge-port").unwrap_err().to_string();
        assert!(error.contains(&port.to_string()), "{error}");
        assert!(error.contains("--edge-port"), "{error}");
        // Somebody else may take a port in the moment between.
        let is_free_again = |_| {
            let taken = TcpListener::bind(local(0)).unwrap();
            let port = taken.local_addr().unwrap().port();
            drop(taken);
            require_free(port, "--edge-port").is_ok()
        };
        assert!((0..100).any(is_free_again));
    }

    #[test]
    fn only_a_200_counts_as_an_answer() {
        for (reply, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", true),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n", false),
            ("", false),
        ] {
            let server = TcpListener::bind(local(0)).unwrap();
            let port = server.local_addr().unwrap().port();
            let thread = std::thread::spawn(move || {
                let (mut stream, _) = server.accept().unwrap();
                // All of it: closing with something unread would reset the connection.
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    request.extend(byte);
                }
                stream.write_all(reply.as_bytes()).unwrap();
            });
            assert_eq!(answers(port, "/healthz"), expected, "{reply:?}");
            thread.join().unwrap();
        }
    }
}
