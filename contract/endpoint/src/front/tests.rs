use super::{Page, answer};
use axum::body::to_bytes;
use axum::http::{HeaderMap, HeaderValue, header};

const PAGES: [Page; 2] = [("/metrics", "metrics for Prometheus"), ("/readyz", "whether it is ready")];

async fn front_page(accept: Option<&'static str>) -> (String, String) {
    let headers: HeaderMap =
        accept.map(|accept| (header::ACCEPT, HeaderValue::from_static(accept))).into_iter().collect();
    let answer = answer("longwire-probe", &PAGES, &headers);
    let kind = answer.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    let body = to_bytes(answer.into_body(), 10_000).await.unwrap();
    (kind, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_browser_gets_links() {
    let (kind, page) = front_page(Some("text/html,application/xhtml+xml;q=0.9")).await;
    assert_eq!(kind, "text/html; charset=utf-8");
    assert!(page.contains("<li><a href=\"/metrics\">/metrics</a>: metrics for Prometheus</li>"), "{page}");
    assert!(page.contains("<title>longwire-probe</title>"), "{page}");
}

#[tokio::test]
async fn everybody_else_gets_lines() {
    let lines = "longwire-probe\n\n/metrics  metrics for Prometheus\n/readyz  whether it is ready\n";
    for accept in [None, Some("*/*"), Some("text/plain")] {
        assert_eq!(front_page(accept).await, ("text/plain; charset=utf-8".to_owned(), lines.to_owned()), "{accept:?}");
    }
}
