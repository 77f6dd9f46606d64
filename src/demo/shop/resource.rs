//! Which resource a path names, and what may be done with it.

use http::Method;
use uuid::Uuid;

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    Items,
    Item(u64),
    Reviews(u64),
    OldItem(u64),
    Search,
    Categories,
    Me,
    User(Uuid),
    OrdersOf(Uuid),
    Orders,
    Order(Uuid),
    Carts,
    Cart(Uuid),
    Line(Uuid, u64),
    Export,
    /// A file name with `.png` at its end.
    Image(&'a str),
    Health,
}

impl<'a> Resource<'a> {
    /// The resource of a path; ids of the wrong form name nothing.
    pub fn find(path: &'a str) -> Option<Self> {
        let steps: Vec<_> = path.strip_prefix('/')?.splitn(5, '/').collect();
        Some(match *steps.as_slice() {
            ["items"] => Self::Items,
            ["items", id] => Self::Item(id.parse().ok()?),
            ["items", id, "reviews"] => Self::Reviews(id.parse().ok()?),
            ["old-items", id] => Self::OldItem(id.parse().ok()?),
            ["search"] => Self::Search,
            ["categories"] => Self::Categories,
            ["users", "me"] => Self::Me,
            ["users", id] => Self::User(id.parse().ok()?),
            ["users", id, "orders"] => Self::OrdersOf(id.parse().ok()?),
            ["orders"] => Self::Orders,
            ["orders", id] => Self::Order(id.parse().ok()?),
            ["carts"] => Self::Carts,
            ["carts", id] => Self::Cart(id.parse().ok()?),
            ["carts", id, "lines", item] => Self::Line(id.parse().ok()?, item.parse().ok()?),
            ["export", "items.csv"] => Self::Export,
            ["images", name] if name.ends_with(".png") => Self::Image(name),
            ["healthz"] => Self::Health,
            _ => return None,
        })
    }

    /// The path with its ids replaced by their classes.
    pub fn template(self) -> &'static str {
        match self {
            Self::Items => "/items",
            Self::Item(_) => "/items/{int}",
            Self::Reviews(_) => "/items/{int}/reviews",
            Self::OldItem(_) => "/old-items/{int}",
            Self::Search => "/search",
            Self::Categories => "/categories",
            Self::Me => "/users/me",
            Self::User(_) => "/users/{uuid}",
            Self::OrdersOf(_) => "/users/{uuid}/orders",
            Self::Orders => "/orders",
            Self::Order(_) => "/orders/{uuid}",
            Self::Carts => "/carts",
            Self::Cart(_) => "/carts/{uuid}",
            Self::Line(..) => "/carts/{uuid}/lines/{int}",
            Self::Export => "/export/items.csv",
            Self::Image(_) => "/images/{name}",
            Self::Health => "/healthz",
        }
    }

    /// The methods that work on it, as an `Allow` header lists them.
    pub fn allowed(self) -> &'static str {
        match self {
            Self::Carts | Self::Orders => "POST, OPTIONS",
            Self::Cart(_) => "GET, HEAD, DELETE, OPTIONS",
            Self::Line(..) => "PUT, OPTIONS",
            _ => "GET, HEAD, OPTIONS",
        }
    }

    pub fn allows(self, method: &Method) -> bool {
        self.allowed().split(", ").any(|allowed| allowed == method.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<Resource<'_>>) {
        assert_eq!(Resource::find(path), expected, "{path}");
    }

    #[test]
    fn paths_name_resources() {
        check("/items", Some(Resource::Items));
        check("/items/1001", Some(Resource::Item(1001)));
        check("/items/1001/reviews", Some(Resource::Reviews(1001)));
        check("/users/me", Some(Resource::Me));
        let id = Uuid::from_u128(7);
        check(&format!("/users/{id}"), Some(Resource::User(id)));
        check(&format!("/carts/{id}/lines/1002"), Some(Resource::Line(id, 1002)));
        check("/images/oslo-desk-lamp-1.png", Some(Resource::Image("oslo-desk-lamp-1.png")));
    }

    #[test]
    fn other_paths_name_nothing() {
        for path in [
            "",
            "/",
            "*",
            "/items/",
            "/items/lamp",
            "/items/-1",
            "/items/1001/reviews/2",
            "/users/7",
            "/carts/a/lines",
            "/images/lamp.gif",
            "/a/b/c/d/e/f/g",
        ] {
            check(path, None);
        }
    }
}
