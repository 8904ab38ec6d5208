//! The page at `/`, which links to the other pages of a listener.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

#[cfg(test)]
mod tests;

/// A path and its description.
pub type Page = (&'static str, &'static str);

/// Answers `/` with links to a program's pages: HTML for browsers, lines of text for other clients.
pub fn front(program: &'static str, pages: &'static [Page]) -> Router {
    Router::new().route("/", get(async move |headers: HeaderMap| answer(program, pages, &headers)))
}

fn answer(program: &str, pages: &[Page], headers: &HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).map_or(b"".as_slice(), HeaderValue::as_bytes);
    if accepts.windows(9).any(|at| at == b"text/html") {
        let link = |(path, what): &Page| format!("<li><a href=\"{path}\">{path}</a>: {what}</li>\n");
        let links: String = pages.iter().map(link).collect();
        let page = format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{program}</title>\n<h1>{program}</h1>\n<ul>\n{links}</ul>\n"
        );
        return Html(page).into_response();
    }
    let lines: String = pages.iter().map(|(path, what)| format!("{path}  {what}\n")).collect();
    format!("{program}\n\n{lines}").into_response()
}
