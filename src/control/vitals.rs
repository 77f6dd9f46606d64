//! What the system says of this process.
//!
//! This module never judges what it reads.

use crate::mirror::Descriptors;
use rustix::process::{Resource, getrlimit};
use std::fs;

/// Resident memory in bytes, where the system tells it.
pub(super) fn resident() -> Option<u64> {
    resident_in(&fs::read_to_string("/proc/self/status").ok()?)
}

/// `VmRSS:     1234 kB`, of proc_pid_status(5).
fn resident_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Open files and sockets against the soft limit, where the system tells them.
pub(super) fn descriptors() -> Option<Descriptors> {
    let limit = getrlimit(Resource::Nofile).current?;
    // Reading the folder takes one itself.
    let open = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    Some(Descriptors { open: open as u64, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_line_of_the_status() {
        assert_eq!(resident_in("VmSize:\t  9 kB\nVmRSS:\t    1234 kB\n"), Some(1_263_616));
        assert_eq!(resident_in("VmRSS:\t    12 pages\n"), None);
        assert_eq!(resident_in(""), None);
    }

    #[test]
    fn the_vitals_of_a_running_process_are_plausible() {
        assert!(resident().is_none_or(|bytes| bytes > 1 << 16));
        assert!(descriptors().is_none_or(|files| files.open > 0 && files.open < files.limit));
    }
}
