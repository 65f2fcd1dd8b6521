//! The machine: clocks, cores, what the kernel counts for a process.

use crate::Result;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    path::Path,
    process::{Child, Command},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

#[expect(clippy::disallowed_methods, reason = "measuring is what a benchmark is for")]
pub fn now() -> Instant {
    Instant::now()
}

/// Seconds since 1970.
pub fn wall() -> i64 {
    wall_micros() / 1_000_000
}

/// Microseconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the dates of a world lie behind the clock of the server under test"
)]
pub fn wall_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(0)
}

/// Which core the servers get, and which the load; none where there is only one, or where pinning is not allowed.
#[derive(Clone, Copy)]
pub struct Cores {
    pinned: Option<(usize, usize)>,
}

impl Cores {
    /// Pins this thread, and so whatever it starts from now on, to the core of the load.
    pub fn divide() -> Self {
        let allowed = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let pinned = cores.next().zip(cores.next());
        let divided = Self { pinned: pinned.filter(|(_, load)| pin(*load)) };
        LOAD_HAS_CORE.store(divided.apart(), Ordering::Relaxed);
        if !divided.apart() {
            eprintln!(
                "The cores cannot be divided between load and server: judge the capacity figures only."
            );
        }
        divided
    }

    /// All cores for everybody: where a database stands beside the servers, load and server are not two parties.
    pub const fn together() -> Self {
        Self { pinned: None }
    }

    /// Are load and server apart?
    pub const fn apart(self) -> bool {
        self.pinned.is_some()
    }

    /// Runs something on the core of the servers: children and threads that it starts stay there.
    pub fn as_server<T>(self, run: impl FnOnce() -> T) -> T {
        let Some((server, load)) = self.pinned else { return run() };
        pin(server);
        let done = run();
        pin(load);
        done
    }

    /// Starts a process on the core of the servers.
    pub fn start(self, command: &mut Command) -> Result<Child> {
        Ok(self.as_server(|| command.spawn())?)
    }
}

fn pin(core: usize) -> bool {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).is_ok()
}

static LOAD_HAS_CORE: AtomicBool = AtomicBool::new(false);

/// Does the load have a core that no server is on?
pub fn load_has_core() -> bool {
    LOAD_HAS_CORE.load(Ordering::Relaxed)
}

/// The processor time that the threads of a process have used, in its own code and in the kernel. To the nanosecond: what the
/// kernel says of the process as a whole it rounds to hundredths of a second.
pub fn cpu(pid: u32) -> Result<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // One that ended meanwhile is not there any more.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanos += text.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanos))
}

/// Resident memory of a process in KiB: now, and at most so far.
pub fn memory(pid: u32) -> Result<(u64, u64)> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Ok((field("VmRSS:").unwrap_or(0), field("VmHWM:").unwrap_or(0)))
}

/// Where a measurement was taken.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Machine {
    processor: String,
    cores: usize,
    memory_mib: u64,
    kernel: String,
}

impl Machine {
    pub fn look() -> Self {
        let line = |file: &str, name: &str| {
            let text = fs::read_to_string(file).unwrap_or_default();
            let found = text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
            found.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned())).unwrap_or_default()
        };
        let memory = line("/proc/meminfo", "MemTotal");
        let kib: u64 = memory.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
        Self {
            processor: line("/proc/cpuinfo", "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: kib / 1024,
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
        }
    }
}

/// The commit of a working tree, with a mark if it was changed since.
pub fn commit(root: &Path) -> String {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).current_dir(root).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let id = git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => id,
        _ => format!("{id} with changes"),
    }
}

/// Copies a directory of plain files.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
