//! The bundled data: what the shop sells, to whom, and what people say about it.

use serde_json::Value;
use std::sync::LazyLock;
use uuid::Uuid;

/// All of the data, in the order of its files.
pub struct Catalogue {
    pub categories: Vec<Value>,
    pub items: Vec<Item>,
    pub reviews: Vec<Value>,
    pub users: Vec<User>,
    pub orders: Vec<Value>,
}

/// An item: what the code asks for, and the document that clients see.
pub struct Item {
    pub id: u64,
    pub name: String,
    pub category: String,
    pub price: f64,
    pub document: Value,
}

/// A customer.
pub struct User {
    pub id: Uuid,
    /// From 1: what a cart's id holds.
    pub number: u8,
    pub document: Value,
}

/// The one copy in the program.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        Catalogue::read().expect("a test reads the bundled files, which never change afterwards")
    });
    &CATALOGUE
}

impl Catalogue {
    fn read() -> Option<Self> {
        let shop = include_str!("../../../fixtures/shop/catalogue.json");
        let reviews = include_str!("../../../fixtures/shop/reviews.json");
        let users = include_str!("../../../fixtures/shop/users.json");
        let orders = include_str!("../../../fixtures/shop/orders.json");
        Some(Self {
            categories: list(shop, "categories")?,
            items: list(shop, "items")?.into_iter().map(Item::read).collect::<Option<_>>()?,
            reviews: list(reviews, "reviews")?,
            users: list(users, "users")?.into_iter().map(User::read).collect::<Option<_>>()?,
            orders: list(orders, "orders")?,
        })
    }

    pub fn item(&self, id: u64) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    pub fn user(&self, id: Uuid) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// The user of that number; none for 0, the guest.
    pub fn numbered_user(&self, number: u8) -> Option<&User> {
        self.users.iter().find(|user| user.number == number)
    }

    pub fn reviews_of(&self, item: u64) -> impl Iterator<Item = &Value> {
        self.reviews.iter().filter(move |review| number(review, "item") == Some(item))
    }

    pub fn orders_of(&self, user: Uuid) -> impl Iterator<Item = &Value> {
        self.orders.iter().filter(move |order| id(order, "user") == Some(user))
    }

    /// An order that was placed before the shop started.
    pub fn order(&self, order: Uuid) -> Option<&Value> {
        self.orders.iter().find(|each| id(each, "id") == Some(order))
    }
}

impl Item {
    fn read(document: Value) -> Option<Self> {
        Some(Self {
            id: number(&document, "id")?,
            name: text(&document, "name")?.to_owned(),
            category: text(&document, "category")?.to_owned(),
            price: document.get("price")?.as_f64()?,
            document,
        })
    }

    /// The rating, from 1 to 5; none where nobody has rated it.
    pub fn rating(&self) -> Option<f64> {
        self.document.get("rating")?.as_f64()
    }

    pub fn tags(&self) -> impl Iterator<Item = &str> {
        let tags = self.document.get("tags").and_then(Value::as_array);
        tags.into_iter().flatten().filter_map(Value::as_str)
    }
}

impl User {
    fn read(document: Value) -> Option<Self> {
        Some(Self {
            id: id(&document, "id")?,
            number: u8::try_from(number(&document, "number")?).ok()?,
            document,
        })
    }
}

/// A text field of a document.
pub fn text<'a>(document: &'a Value, field: &str) -> Option<&'a str> {
    document.get(field)?.as_str()
}

fn number(document: &Value, field: &str) -> Option<u64> {
    document.get(field)?.as_u64()
}

/// A field that holds a UUID.
pub fn id(document: &Value, field: &str) -> Option<Uuid> {
    text(document, field)?.parse().ok()
}

fn list(file: &str, field: &str) -> Option<Vec<Value>> {
    match serde_json::from_str::<Value>(file).ok()?.get_mut(field)?.take() {
        Value::Array(list) => Some(list),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_bundled_files_are_complete() {
        let shop = Catalogue::read().expect("every entry has its fields");
        assert_eq!(shop.items.len(), 60);
        assert!(shop.users.len() >= 10 && shop.orders.len() >= 20 && shop.reviews.len() >= 40);
    }

    #[test]
    fn whatever_is_referred_to_is_there() {
        let shop = catalogue();
        let slugs: HashSet<_> =
            shop.categories.iter().filter_map(|category| text(category, "slug")).collect();
        assert!(shop.items.iter().all(|item| slugs.contains(item.category.as_str())));
        let reviewed = shop.reviews.iter().map(|review| number(review, "item"));
        assert!({ reviewed }.all(|item| item.and_then(|item| shop.item(item)).is_some()));
        let buyers = shop.orders.iter().map(|order| id(order, "user"));
        assert!({ buyers }.all(|user| user.and_then(|user| shop.user(user)).is_some()));
    }

    #[test]
    fn no_two_share_an_id() {
        let shop = catalogue();
        let items: HashSet<_> = shop.items.iter().map(|item| item.id).collect();
        let users: HashSet<_> = shop.users.iter().map(|user| (user.id, user.number)).collect();
        let orders: HashSet<_> = shop.orders.iter().map(|order| id(order, "id")).collect();
        assert_eq!(
            (items.len(), users.len(), orders.len()),
            (shop.items.len(), shop.users.len(), shop.orders.len())
        );
    }
}
