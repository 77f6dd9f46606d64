//! What an endpoint is called, and who says so.
//!
//! This module never makes up a name.

/// A name, as a request is booked under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointName<'a> {
    pub text: &'a str,
    pub origin: Origin,
}

/// Where a name comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A route, an API description or a protocol gives it: it stays as it is.
    Given,
    /// It was made from a path, and may turn out to be one of many for the same endpoint.
    Observed,
}

impl<'a> From<&'a str> for EndpointName<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, origin: Origin::Given }
    }
}

impl<'a> From<&'a String> for EndpointName<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}
