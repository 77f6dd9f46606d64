//! How others find what differs between two JSON texts: each reads both and walks both trees. Every
//! function gives the number of differences that it has found.

use serde_json::Value;
use simd_json::BorrowedValue;
use simd_json::prelude::{ValueAsArray, ValueAsObject};
use sonic_rs::{JsonContainerTrait, JsonValueTrait};
use std::fmt::Write;
use treediff::tools::Recorder;
use treediff::value::Key;

/// serde_json with a walk of our own that names each place.
pub fn serde_json(x: &str, y: &str) -> usize {
    let [x, y] = [x, y].map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    places(&x, &y)
}

/// simd-json's borrowed values with the same walk; it reads in place, so a copy is needed.
pub fn simd_json(x: &str, y: &str) -> usize {
    let [mut x, mut y] = [x, y].map(|text| text.as_bytes().to_vec());
    let read = |text| simd_json::to_borrowed_value(text).expect("JSON");
    places(&read(&mut x), &read(&mut y))
}

/// sonic-rs with the same walk.
pub fn sonic_rs(x: &str, y: &str) -> usize {
    let [x, y] = [x, y].map(|text| sonic_rs::from_str::<sonic_rs::Value>(text).expect("JSON"));
    places(&x, &y)
}

/// treediff over serde_json's values.
pub fn treediff(x: &str, y: &str) -> usize {
    let [x, y] = [x, y].map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    let mut found = Recorder::<Key, Value>::default();
    treediff::diff(&x, &y, &mut found);
    found.calls.iter().filter(|call| !matches!(call, treediff::tools::ChangeType::Unchanged(..))).count()
}

/// json-patch over serde_json's values.
pub fn json_patch(x: &str, y: &str) -> usize {
    let [x, y] = [x, y].map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    json_patch::diff(&x, &y).0.len()
}

/// A value of any of the libraries.
trait Tree: PartialEq {
    fn members(&self) -> Option<impl Iterator<Item = (&str, &Self)>>;
    fn member(&self, key: &str) -> Option<&Self>;
    fn elements(&self) -> Option<&[Self]>
    where
        Self: Sized;
}

fn places<T: Tree>(x: &T, y: &T) -> usize {
    let mut places = Vec::new();
    walk(x, y, &mut String::from("$"), &mut places);
    places.len()
}

/// Pairs members by key and elements by index, as most do.
fn walk<T: Tree>(x: &T, y: &T, path: &mut String, places: &mut Vec<String>) {
    let length = path.len();
    if let (Some(members_x), Some(members_y)) = (x.members(), y.members()) {
        for (key, value) in members_x {
            write!(path, ".{key}").expect("memory");
            match y.member(key) {
                Some(other) => walk(value, other, path, places),
                None => places.push(path.clone()),
            }
            path.truncate(length);
        }
        let extra = members_y.filter(|(key, _)| x.member(key).is_none());
        places.extend(extra.map(|(key, _)| format!("{path}.{key}")));
    } else if let (Some(x), Some(y)) = (x.elements(), y.elements()) {
        for index in 0..x.len().max(y.len()) {
            write!(path, "[{index}]").expect("memory");
            match (x.get(index), y.get(index)) {
                (Some(x), Some(y)) => walk(x, y, path, places),
                _ => places.push(path.clone()),
            }
            path.truncate(length);
        }
    } else if x != y {
        places.push(path.clone());
    }
}

impl Tree for Value {
    fn members(&self) -> Option<impl Iterator<Item = (&str, &Self)>> {
        Some(self.as_object()?.iter().map(|(key, value)| (key.as_str(), value)))
    }

    fn member(&self, key: &str) -> Option<&Self> {
        self.get(key)
    }

    fn elements(&self) -> Option<&[Self]> {
        self.as_array().map(Vec::as_slice)
    }
}

impl Tree for BorrowedValue<'_> {
    fn members(&self) -> Option<impl Iterator<Item = (&str, &Self)>> {
        Some(self.as_object()?.iter().map(|(key, value)| (key.as_ref(), value)))
    }

    fn member(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    fn elements(&self) -> Option<&[Self]> {
        self.as_array().map(|elements| elements.as_slice())
    }
}

impl Tree for sonic_rs::Value {
    fn members(&self) -> Option<impl Iterator<Item = (&str, &Self)>> {
        Some(self.as_object()?.iter())
    }

    fn member(&self, key: &str) -> Option<&Self> {
        self.get(key)
    }

    fn elements(&self) -> Option<&[Self]> {
        self.as_array().map(|elements| elements.as_slice())
    }
}
