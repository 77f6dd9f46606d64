//! A store that forgets: the same interface without a disk, for tests and for trying things out.
//!
//! This module never does I/O.

use crate::model::{Session, SessionInfo};
use crate::store::backend::Verified;
use crate::store::layout;
use crate::store::retention::{self, Lifetime};
use crate::store::{Backend, Changes, Running, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Sessions in memory.
#[derive(Debug, Default)]
pub struct Memory {
    sessions: Mutex<BTreeMap<String, Stored>>,
}

#[derive(Debug)]
struct Stored {
    session: Session,
    last_write: Timestamp,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Stored>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, selector: &str) -> Result<String, StoreError> {
        let ids: Vec<String> = self.lock().keys().rev().cloned().collect();
        layout::resolve(Path::new("memory"), &ids, selector).map(str::to_owned)
    }
}

fn no_session(selector: &str) -> StoreError {
    StoreError::NoSession { path: "memory".into(), selector: selector.to_owned() }
}

impl Backend for Memory {
    fn begin(&self, info: &SessionInfo) -> Result<(), StoreError> {
        layout::check_id(&info.id)?;
        let mut sessions = self.lock();
        if sessions.contains_key(&info.id) {
            return Err(StoreError::Exists(info.id.clone()));
        }
        let stored = Stored { session: Session::new(info.clone()), last_write: info.started_at };
        sessions.insert(info.id.clone(), stored);
        Ok(())
    }

    fn write(&self, id: &str, changes: &Changes) -> Result<(), StoreError> {
        let mut sessions = self.lock();
        let stored = sessions.get_mut(id).ok_or_else(|| no_session(id))?;
        stored.last_write = changes.totals.at;
        changes.clone().apply(&mut stored.session);
        Ok(())
    }

    fn sessions(&self) -> Result<Vec<SessionInfo>, StoreError> {
        Ok(self.lock().values().rev().map(|stored| stored.session.info.clone()).collect())
    }

    fn load(&self, selector: &str) -> Result<Session, StoreError> {
        let id = self.find(selector)?;
        let session = self.lock().get(&id).map(|stored| stored.session.clone());
        session.ok_or_else(|| no_session(&id))
    }

    fn verify(&self, selector: &str) -> Result<Verified, StoreError> {
        let session = self.load(selector)?;
        let samples = session.findings.values().map(|finding| finding.samples.len());
        let Session { endpoints, findings, variants, rules, .. } = &session;
        let records = 2 + endpoints.len() + findings.len() + rules.len();
        let records = records + 2 * variants.len() + samples.sum::<usize>();
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        Ok(Verified { id: session.info.id, records, damaged: Vec::new() })
    }

    fn delete(&self, selector: &str) -> Result<String, StoreError> {
        let id = self.find(selector)?;
        self.lock().remove(&id);
        Ok(id)
    }

    fn collect(
        &self,
        keep: Duration,
        now: Timestamp,
        running: Option<&Running>,
    ) -> Result<Vec<String>, StoreError> {
        let mut sessions = self.lock();
        let lifetime = |(id, stored): (&String, &Stored)| Lifetime {
            id: id.clone(),
            ended_at: stored.session.info.ended_at,
            last_write: stored.last_write,
        };
        let lifetimes: Vec<_> = sessions.iter().map(lifetime).collect();
        let expired = retention::expired(&lifetimes, keep, now, running);
        sessions.retain(|id, _| !expired.contains(id));
        Ok(expired)
    }
}
