//! Tables for what many elements or differences share: quick, and seeded anew in each process.
//!
//! This module never decides an order: whoever lists a table sorts.

use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};

pub(super) type Map<K, V> = HashMap<K, V, RandomState>;
pub(super) type Set<T> = HashSet<T, RandomState>;
