//! How much waits in a socket.

#[cfg(target_os = "linux")]
use socket2::SockRef;
use std::io;
use std::os::fd::AsFd;

/// So much may wait in a socket without having been sent, in bytes. Half of it gone, more is written.
#[cfg(target_os = "linux")]
const MOST: u32 = 128 << 10;

/// Has the kernel hold little that it has yet to send, by TCP_NOTSENT_LOWAT. Of the megabytes that it
/// holds else it tells only once a third has been taken: of a side that takes little nobody could say
/// that it takes any, and what is asked of it would wait behind all of that. What a listener accepts
/// inherits it.
#[cfg(target_os = "linux")]
pub fn keep_little_unsent(socket: &impl AsFd) -> io::Result<()> {
    SockRef::from(socket).set_tcp_notsent_lowat(MOST)
}

#[cfg(not(target_os = "linux"))]
pub fn keep_little_unsent(_: &impl AsFd) -> io::Result<()> {
    Ok(())
}
