//! The admin API against those who should not reach it, or would hold it up.

use crate::support::{Client, Origin, Shadow, connect, eventually, get};
use std::io::Read;
use std::net::TcpStream;

fn refused(shadow: &Shadow, rule: &str) -> u64 {
    shadow.metric(&format!("shadow_admin_refused_total{{rule=\"{rule}\"}}"))
}

#[test]
fn a_page_on_the_web_cannot_ask_through_a_browser() {
    let shadow = Shadow::edge(Origin::json("{}").address, "");
    let ask = |fields: &str| {
        let mut client = Client::connect(shadow.admin);
        client.send(format!("POST /api/v1/reload HTTP/1.1\r\n{fields}content-length: 0\r\n\r\n"));
        client.answer("POST").status
    };
    assert_eq!(ask("host: evil.test\r\n"), 403);
    assert_eq!(ask("host: evil.test\r\norigin: http://evil.test\r\n"), 403);
    assert_eq!(ask("host: localhost\r\norigin: http://evil.test\r\n"), 403);
    assert_eq!(ask("host: localhost\r\norigin: http://localhost\r\n"), 200);
    assert_eq!(ask("host: localhost\r\n"), 200);
    assert_eq!((refused(&shadow, "host"), refused(&shadow, "origin")), (2, 1));
    let reloads = shadow.metric("shadow_config_reloads_total{result=\"ok\"}");
    assert_eq!(reloads, 2);
}

#[test]
fn connections_are_capped_and_there_is_room_again_when_they_end() {
    let shadow = Shadow::edge(Origin::json("{}").address, "");
    let crowd: Vec<TcpStream> = (0..128).map(|_| connect(shadow.admin, "GET /li")).collect();
    // All are accepted by the time that one more is not.
    let mut more = connect(shadow.admin, "");
    assert_eq!(more.read(&mut [0; 1]).unwrap_or(0), 0);
    assert_eq!(get(shadow.listen, "/").status, 200);
    drop(crowd);
    eventually("room again", || {
        let mut client = Client::connect(shadow.admin);
        client.try_send(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
        client.try_answer("GET").filter(|answer| answer.status == 200)
    });
    assert!(refused(&shadow, "connections") >= 1);
}
