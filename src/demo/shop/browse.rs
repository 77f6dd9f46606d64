//! The shop window: items, their reviews, search, categories.

use super::answer::{Answer, Problem};
use super::catalogue::{Catalogue, Item, text};
use super::query::Query;
use http::StatusCode;
use http::header::{LINK, LOCATION};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PER_PAGE: usize = 12;
const MAX_PER_PAGE: usize = 50;
const MAX_PAGE: usize = 10_000;
const SORTS: &str = "id, name, price, -price, -rating";
const MAX_HITS: usize = 10;
const MAX_SUGGESTIONS: usize = 6;

/// `GET /items`
pub fn items(shop: &Catalogue, query: &Query) -> Result<Answer, Problem> {
    let page = query.number("page", 1, MAX_PAGE)?;
    let per_page = query.number("per_page", PER_PAGE, MAX_PER_PAGE)?;
    let listed = sorted(shop.items.iter().filter(in_category(shop, query)?).collect(), query)?;
    let pages = listed.len().div_ceil(per_page).max(1);
    let shown = listed.iter().skip((page - 1) * per_page).take(per_page);
    let link = |page: usize| page_link(query, page, per_page);
    let next = (page < pages).then(|| link(page + 1));
    let previous = (page > 1).then(|| link((page - 1).min(pages)));
    let answer = Answer::public(json!({
        "items": shown.map(|item| summary(item)).collect::<Vec<_>>(),
        "page": page,
        "per_page": per_page,
        "pages": pages,
        "total": listed.len(),
        "links": {
            "self": link(page), "first": link(1), "prev": previous, "next": next, "last": link(pages),
        },
    }));
    let relations = [("next", next), ("prev", previous)];
    let links: Vec<_> = relations
        .into_iter()
        .filter_map(|(relation, link)| Some(format!("<{}>; rel=\"{relation}\"", link?)))
        .collect();
    Ok(if links.is_empty() { answer } else { answer.with(LINK, &links.join(", ")) })
}

fn in_category<'a>(
    shop: &Catalogue,
    query: &'a Query,
) -> Result<impl FnMut(&&Item) -> bool + use<'a>, Problem> {
    let wanted = query.find("category");
    let known = |slug| shop.categories.iter().any(|each| text(each, "slug") == Some(slug));
    if wanted.is_some_and(|slug| !known(slug)) {
        return Err(Problem::BadRequest("there is no such category; see /categories".into()));
    }
    Ok(move |item: &&Item| wanted.is_none_or(|slug| item.category == slug))
}

fn sorted<'a>(mut items: Vec<&'a Item>, query: &Query) -> Result<Vec<&'a Item>, Problem> {
    match query.find("sort").unwrap_or("id") {
        "id" => {}
        "name" => items.sort_by_key(|item| item.name.to_lowercase()),
        "price" => items.sort_by(|a, b| a.price.total_cmp(&b.price)),
        "-price" => items.sort_by(|a, b| b.price.total_cmp(&a.price)),
        "-rating" => {
            let rating = |item: &Item| item.rating().unwrap_or(0.0);
            items.sort_by(|a, b| rating(b).total_cmp(&rating(a)));
        }
        _ => return Err(Problem::BadRequest(format!("`sort` is one of {SORTS}"))),
    }
    Ok(items)
}

/// The same list at another page. Category and sort have been checked, so nothing in them needs
/// an escape.
fn page_link(query: &Query, page: usize, per_page: usize) -> String {
    let mut link = format!("/items?page={page}&per_page={per_page}");
    for name in ["category", "sort"] {
        if let Some(value) = query.find(name) {
            link.push_str(&format!("&{name}={value}"));
        }
    }
    link
}

/// What a list shows of an item.
fn summary(item: &Item) -> Value {
    const SHOWN: [&str; 8] =
        ["id", "slug", "name", "category", "price", "currency", "available", "rating"];
    let mut shown = serde_json::Map::new();
    for field in SHOWN {
        shown.insert(field.into(), item.document.get(field).cloned().unwrap_or_default());
    }
    shown.insert("tags".into(), item.tags().collect());
    shown.insert("image".into(), item.document.pointer("/images/0").cloned().unwrap_or_default());
    shown.insert("links".into(), json!({ "self": format!("/items/{}", item.id) }));
    Value::Object(shown)
}

/// `GET /items/{id}`
pub fn item(shop: &Catalogue, id: u64) -> Result<Answer, Problem> {
    let item = find(shop, id)?;
    let alike = shop.items.iter().filter(|each| each.category == item.category && each.id != id);
    Ok(Answer::public(json!({
        "item": item.document,
        "related": alike.take(4).map(|each| each.id).collect::<Vec<_>>(),
        "links": {
            "self": format!("/items/{id}"),
            "reviews": format!("/items/{id}/reviews"),
            "category": format!("/items?category={}", item.category),
        },
    })))
}

/// `GET /old-items/{id}`: the addresses of the shop's first years.
pub fn old_item(shop: &Catalogue, id: u64) -> Result<Answer, Problem> {
    let item = find(shop, id)?;
    let location = format!("/items/{}", item.id);
    Ok(Answer::empty(StatusCode::MOVED_PERMANENTLY).with(LOCATION, &location))
}

/// `GET /items/{id}/reviews`
pub fn reviews(shop: &Catalogue, id: u64) -> Result<Answer, Problem> {
    let item = find(shop, id)?;
    let reviews: Vec<_> = shop.reviews_of(id).collect();
    Ok(Answer::public(json!({
        "item": { "id": id, "name": item.name },
        "count": reviews.len(),
        "average": item.rating(),
        "reviews": reviews,
    })))
}

fn find(shop: &Catalogue, id: u64) -> Result<&Item, Problem> {
    shop.item(id).ok_or_else(|| Problem::NotFound(format!("there is no item {id}")))
}

/// `GET /categories`
pub fn categories(shop: &Catalogue) -> Answer {
    let counted = shop.categories.iter().map(|category| {
        let mut category = category.clone();
        let slug = text(&category, "slug").map(str::to_owned);
        let items = shop.items.iter().filter(|item| Some(&item.category) == slug.as_ref()).count();
        if let Value::Object(fields) = &mut category {
            fields.insert("items".into(), items.into());
        }
        category
    });
    Answer::public(json!({ "categories": counted.collect::<Vec<_>>() }))
}

/// `GET /search`: every word counts where it stands; the name most, the description least.
pub fn search(shop: &Catalogue, query: &Query) -> Result<Answer, Problem> {
    let asked = query.find("q").map(str::trim).filter(|asked| !asked.is_empty());
    let asked =
        asked.ok_or_else(|| Problem::BadRequest("`q` holds the words to look for".into()))?;
    let words: Vec<_> = asked.split_whitespace().map(str::to_lowercase).collect();
    let mut hits: Vec<_> = shop
        .items
        .iter()
        .map(|item| (words.iter().map(|word| score(item, word)).sum::<u32>(), item))
        .filter(|(score, _)| *score > 0)
        .collect();
    hits.sort_by_key(|(score, item)| (u32::MAX - score, item.id));
    let listed = hits.iter().take(MAX_HITS).map(|(score, item)| {
        json!({
            "id": item.id, "name": item.name, "price": item.price, "score": score,
            "available": item.document.get("available"),
            "links": { "self": format!("/items/{}", item.id) },
        })
    });
    Ok(Answer::public(json!({
        "query": asked,
        "count": hits.len(),
        "hits": listed.collect::<Vec<_>>(),
        "suggestions": suggestions(&hits, &words),
        "facets": { "category": facets(&hits) },
    })))
}

fn score(item: &Item, word: &str) -> u32 {
    let has = |text: &str| text.to_lowercase().contains(word);
    let described = text(&item.document, "description").is_some_and(has);
    8 * u32::from(has(&item.name))
        + 4 * u32::from(item.tags().any(has))
        + 2 * u32::from(has(&item.category))
        + u32::from(described)
}

/// The tags that the hits share most, without the words asked for.
fn suggestions<'a>(hits: &[(u32, &'a Item)], words: &[String]) -> Vec<&'a str> {
    let mut counts = BTreeMap::<&str, u32>::new();
    for tag in hits.iter().flat_map(|(_, item)| item.tags()) {
        if !words.iter().any(|word| word == tag) {
            *counts.entry(tag).or_default() += 1;
        }
    }
    let mut tags: Vec<_> = counts.into_iter().collect();
    tags.sort_by_key(|(tag, count)| (u32::MAX - count, *tag));
    tags.into_iter().map(|(tag, _)| tag).take(MAX_SUGGESTIONS).collect()
}

fn facets(hits: &[(u32, &Item)]) -> Vec<Value> {
    let mut counts = BTreeMap::<&str, u32>::new();
    for (_, item) in hits {
        *counts.entry(&item.category).or_default() += 1;
    }
    counts.into_iter().map(|(slug, count)| json!({ "slug": slug, "count": count })).collect()
}
