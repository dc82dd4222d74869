//! Each fault does what it says, on real sockets. No test waits for time to pass: where a fault
//! holds something back, what must not arrive is looked for after something that must.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A proxy before a server that the test plays.
struct Scene {
    proxy: Proxy,
    server: TcpListener,
    struck: Arc<Struck>,
}

impl Scene {
    async fn new() -> Self {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let struck = Arc::new(Struck::default());
        let at = server.local_addr().unwrap();
        let proxy = Proxy::start(at, Dice::new(1), Arc::clone(&struck))
            .await
            .unwrap();
        Self {
            proxy,
            server,
            struck,
        }
    }

    async fn client(&self) -> TcpStream {
        TcpStream::connect(self.proxy.at).await.unwrap()
    }

    /// Both ends of a connection.
    async fn connected(&self) -> (TcpStream, TcpStream) {
        let client = self.client().await;
        let (server, _) = self.server.accept().await.unwrap();
        (client, server)
    }
}

async fn arrives(from: &mut TcpStream, to: &mut TcpStream, text: &[u8]) {
    from.write_all(text).await.unwrap();
    let mut got = vec![0; text.len()];
    to.read_exact(&mut got).await.unwrap();
    assert_eq!(got, text);
}

/// Whether the other side has reset the connection.
async fn is_reset(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    stream
        .read_to_end(&mut rest)
        .await
        .is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
}

/// Whether nothing can be read now.
fn is_silent(stream: &TcpStream) -> bool {
    let mut byte = [0; 1];
    stream
        .try_read(&mut byte)
        .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn good_weather_passes_everything_and_both_ends() {
    let scene = Scene::new().await;
    let (mut client, mut server) = scene.connected().await;
    arrives(&mut client, &mut server, b"up").await;
    arrives(&mut server, &mut client, b"down").await;
    let sent: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let expected = sent.clone();
    let sending = tokio::spawn(async move {
        client.write_all(&sent).await.unwrap();
        client.shutdown().await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        rest
    });
    let mut got = Vec::new();
    server.read_to_end(&mut got).await.unwrap();
    assert!(got == expected, "the bytes are the same, in the same order");
    server.write_all(b"and back").await.unwrap();
    drop(server);
    assert_eq!(sending.await.unwrap(), b"and back");
    assert!(Fault::ALL.iter().all(|fault| scene.struck.of(*fault) == 0));
}

#[tokio::test]
async fn latency_and_bandwidth_delay_and_keep_the_order() {
    let scene = Scene::new().await;
    scene.proxy.set_weather(Weather {
        latency: Duration::from_millis(20),
        jitter: Duration::from_millis(20),
        bytes_per_second: Some(100_000),
        stalls_per_mille: 500,
        stall: Duration::from_millis(5),
        ..Weather::default()
    });
    let (mut client, mut server) = scene.connected().await;
    let began = std::time::Instant::now();
    for n in 0..10u8 {
        client.write_all(&[n; 100]).await.unwrap();
    }
    let mut got = vec![0; 1000];
    server.read_exact(&mut got).await.unwrap();
    // At least the latency, and 1,000 bytes at 100,000 a second: a lower bound holds on every
    // machine.
    assert!(began.elapsed() >= Duration::from_millis(29));
    assert!(got.is_sorted(), "nothing overtook anything");
    for fault in [Fault::Latency, Fault::Bandwidth] {
        assert!(scene.struck.of(fault) > 0, "{fault} is counted");
    }
}

#[tokio::test]
async fn a_stall_passes_on_what_it_held() {
    let scene = Scene::new().await;
    scene.proxy.set_weather(Weather {
        stalls_per_mille: 1000,
        stall: Duration::from_millis(10),
        ..Weather::default()
    });
    let (mut client, mut server) = scene.connected().await;
    arrives(&mut client, &mut server, b"late").await;
    assert_eq!(scene.struck.of(Fault::Stall), 1);
}

#[tokio::test]
async fn a_reset_reaches_both_sides() {
    let scene = Scene::new().await;
    let (mut client, mut server) = scene.connected().await;
    arrives(&mut client, &mut server, b"alive").await;
    scene.proxy.cut();
    assert!(is_reset(&mut client).await && is_reset(&mut server).await);
    // Connections that come later are not concerned.
    let (mut client, mut server) = scene.connected().await;
    arrives(&mut client, &mut server, b"alive").await;
    scene.proxy.set_weather(Weather {
        resets_per_mille: 1000,
        ..Weather::default()
    });
    client.write_all(b"last").await.unwrap();
    assert!(is_reset(&mut client).await);
    assert_eq!(scene.struck.of(Fault::Reset), 2);
}

#[tokio::test]
async fn a_refused_connection_never_reaches_the_server() {
    let scene = Scene::new().await;
    scene.proxy.set_weather(Weather {
        refusals_per_mille: 1000,
        ..Weather::default()
    });
    assert!(is_reset(&mut scene.client().await).await);
    scene.proxy.set_weather(Weather::default());
    let (mut client, mut server) = scene.connected().await;
    arrives(&mut client, &mut server, b"the first that the server sees").await;
    assert_eq!(scene.struck.of(Fault::Refusal), 1);
}

#[tokio::test]
async fn a_half_open_connection_swallows_one_way_for_good() {
    let scene = Scene::new().await;
    let (mut client, mut server) = scene.connected().await;
    arrives(&mut client, &mut server, b"before").await;
    scene.proxy.silence(Ways::only(Way::Up));
    until(|| scene.struck.of(Fault::HalfOpen) == 1).await;
    client.write_all(b"swallowed").await.unwrap();
    // The other way goes on, and the server is not told that the client has gone.
    arrives(&mut server, &mut client, b"still here?").await;
    drop(client);
    assert!(is_silent(&server));
    // Connections that come later are not concerned.
    let (mut client, mut server) = scene.connected().await;
    arrives(&mut client, &mut server, b"fresh").await;
}

#[tokio::test]
async fn new_connections_can_be_half_open_from_the_start() {
    let scene = Scene::new().await;
    scene.proxy.set_weather(Weather {
        half_open_per_mille: 1000,
        ..Weather::default()
    });
    let mut open = Vec::new();
    for _ in 0..8 {
        let (mut client, mut server) = scene.connected().await;
        client.write_all(b"x").await.unwrap();
        server.write_all(b"x").await.unwrap();
        open.push((client, server));
    }
    assert_eq!(scene.struck.of(Fault::HalfOpen), 8);
    // The ways that pass nothing are those that the dice named; each passes at most one.
    scene.proxy.set_weather(Weather::default());
    let (mut client, mut server) = scene.connected().await;
    arrives(&mut client, &mut server, b"after").await;
    for (client, server) in &open {
        assert!(is_silent(client) || is_silent(server));
    }
}

#[tokio::test]
async fn a_partition_holds_both_ways_and_newcomers_and_loses_nothing() {
    let scene = Scene::new().await;
    let (mut client, mut server) = scene.connected().await;
    scene.proxy.set_weather(Weather {
        partitioned: Ways::BOTH,
        ..Weather::default()
    });
    client.write_all(b"up").await.unwrap();
    server.write_all(b"down").await.unwrap();
    let newcomer = scene.client().await;
    until(|| scene.struck.of(Fault::Partition) == 3).await;
    assert!(is_silent(&client) && is_silent(&server));
    scene.proxy.set_weather(Weather::default());
    let mut got = [0; 4];
    client.read_exact(&mut got).await.unwrap();
    server.read_exact(&mut got[..2]).await.unwrap();
    let mut newcomer = newcomer;
    let (mut server, _) = scene.server.accept().await.unwrap();
    arrives(&mut newcomer, &mut server, b"here at last").await;
}

#[tokio::test]
async fn a_one_way_partition_passes_the_other_way() {
    let scene = Scene::new().await;
    let (mut client, mut server) = scene.connected().await;
    scene.proxy.set_weather(Weather {
        partitioned: Ways::only(Way::Down),
        ..Weather::default()
    });
    arrives(&mut client, &mut server, b"up").await;
    server.write_all(b"down").await.unwrap();
    until(|| scene.struck.of(Fault::OneWay) == 1).await;
    arrives(&mut client, &mut server, b"up again").await;
    assert!(is_silent(&client));
}

#[tokio::test]
async fn a_server_may_move() {
    let scene = Scene::new().await;
    let moved = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    scene.proxy.set_target(moved.local_addr().unwrap());
    let mut client = scene.client().await;
    let (mut server, _) = moved.accept().await.unwrap();
    arrives(&mut client, &mut server, b"found").await;
}
