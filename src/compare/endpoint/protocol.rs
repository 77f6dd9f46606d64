//! Endpoints that a protocol names by itself.
//!
//! This module never looks at bodies.

use http::Method;

/// Whether a path has the form of a gRPC method: `/package.Service/Method`, asked for by POST. Such
/// a path is a name as a whole.
pub fn is_grpc(method: &Method, path: &str) -> bool {
    let Some((service, name)) = path.strip_prefix('/').and_then(|path| path.split_once('/')) else {
        return false;
    };
    let last = service.rsplit('.').next().unwrap_or(service);
    method == Method::POST
        && service.contains('.')
        && service.split('.').all(is_identifier)
        && last.starts_with(|first: char| first.is_ascii_uppercase())
        && is_identifier(name)
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: bool) {
        assert_eq!(is_grpc(&Method::POST, path), expected, "{path}");
        assert!(!is_grpc(&Method::GET, path));
    }

    #[test]
    fn a_grpc_method_is_told_by_its_form() {
        check("/shop.v1.Orders/GetOrder", true);
        check("/grpc.health.v1.Health/Check", true);
        check("/Orders/GetOrder", false);
        check("/v1.2/orders", false);
        check("/index.html/x", false);
        check("/shop.Orders/GetOrder/7", false);
        check("/shop.Orders/7", false);
        check("/shop..Orders/Get", false);
        check("", false);
    }
}
