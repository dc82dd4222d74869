//! Logging in, and the rules around it.

use firsthop::accounts::new_agent;
use firsthop::host;
use firsthop::store::accounts::Role;
use firsthop_core::protocol::Code;
use hyper::Method;
use serde_json::json;

use crate::harness::{ADMIN_EMAIL, ADMIN_PASSWORD, TestAgent, TestOrigin};

const CSRF: (&str, &str) = ("x-firsthop-csrf", "1");

fn credentials(email: &str, password: &str) -> String {
    json!({ "email": email, "password": password }).to_string()
}

#[tokio::test]
async fn a_session_lasts_from_login_to_logout() {
    let origin = TestOrigin::start().await;
    let login = origin
        .http
        .post(
            "/v1/session",
            &[CSRF],
            credentials(ADMIN_EMAIL, ADMIN_PASSWORD),
        )
        .await;
    assert_eq!(login.status, 204);
    let set = login.header("set-cookie").to_owned();
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Strict") && !set.contains("Secure"),
        "{set}"
    );
    let cookie = set.split(';').next().unwrap();
    let shown = origin.http.get("/v1/session", &[("cookie", cookie)]).await;
    assert_eq!(shown.json()["agent"]["email"], ADMIN_EMAIL);
    assert_eq!(shown.json()["agent"]["role"], "admin");
    let mut agent =
        TestAgent::log_in(&origin.http, origin.address(), ADMIN_EMAIL, ADMIN_PASSWORD).await;
    agent.connect().await;
    let out = origin
        .http
        .send(
            Method::DELETE,
            "/v1/session",
            &[CSRF, ("cookie", &agent.cookie)],
            "",
        )
        .await;
    assert_eq!(out.status, 204);
    assert_eq!(
        agent.closed().await,
        Some(Code::LoginRequired),
        "its sockets end too"
    );
    let again = origin
        .http
        .get("/v1/session", &[("cookie", &agent.cookie)])
        .await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (401, "login_required")
    );
    assert_eq!(
        origin
            .http
            .get("/v1/session", &[("cookie", cookie)])
            .await
            .status,
        200,
        "others stay"
    );
}

#[tokio::test]
async fn cookies_are_secure_behind_https() {
    let origin = TestOrigin::start_with(|config| {
        config.public_url = Some("https://chat.example".to_owned());
    })
    .await;
    let login = origin
        .http
        .post(
            "/v1/session",
            &[CSRF],
            credentials(ADMIN_EMAIL, ADMIN_PASSWORD),
        )
        .await;
    assert!(login.header("set-cookie").contains("; Secure"));
    let headers = [CSRF, ("origin", "https://chat.example")];
    assert_eq!(
        origin
            .http
            .post(
                "/v1/session",
                &headers,
                credentials(ADMIN_EMAIL, ADMIN_PASSWORD)
            )
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn wrong_passwords_and_unknown_addresses_look_alike_and_are_rationed() {
    let origin = TestOrigin::start().await;
    let login = async |email: &str, password: &str| {
        let answer = origin
            .http
            .post("/v1/session", &[CSRF], credentials(email, password))
            .await;
        (
            answer.status,
            answer.code(),
            answer.json()["error"]["message"]
                .as_str()
                .unwrap()
                .to_owned(),
        )
    };
    let wrong = login(ADMIN_EMAIL, "guess").await;
    assert_eq!((wrong.0, wrong.1.as_str()), (401, "login_failed"));
    assert_eq!(wrong, login("nobody@example.com", "guess").await);
    for _ in 0..4 {
        assert_eq!(login(ADMIN_EMAIL, "guess").await.0, 401);
    }
    assert_eq!(
        login(&ADMIN_EMAIL.to_uppercase(), ADMIN_PASSWORD).await.0,
        429,
        "whatever the case"
    );
    assert_eq!(
        login("bob@example.com", "guess").await.0,
        401,
        "only the address that was tried"
    );
}

#[tokio::test]
async fn requests_of_other_sites_change_nothing() {
    let origin = TestOrigin::start().await;
    let body = || credentials(ADMIN_EMAIL, ADMIN_PASSWORD);
    let missing = origin.http.post("/v1/session", &[], body()).await;
    assert_eq!(
        (missing.status, missing.code().as_str()),
        (403, "cross_site")
    );
    let foreign = origin
        .http
        .post(
            "/v1/session",
            &[CSRF, ("origin", "https://evil.example")],
            body(),
        )
        .await;
    assert_eq!(
        (foreign.status, foreign.code().as_str()),
        (403, "cross_site")
    );
    let own = format!("http://{}", origin.address());
    assert_eq!(
        origin
            .http
            .post("/v1/session", &[CSRF, ("origin", &own)], body())
            .await
            .status,
        204
    );
    // A socket of another site would come with the cookie, too.
    let agent =
        TestAgent::log_in(&origin.http, origin.address(), ADMIN_EMAIL, ADMIN_PASSWORD).await;
    let headers = [
        ("cookie", agent.cookie.as_str()),
        ("origin", "https://evil.example"),
        ("sec-websocket-protocol", "firsthop.v1.json"),
    ];
    assert_eq!(
        origin.http.get("/v1/agent/socket", &headers).await.code(),
        "cross_site"
    );
    let anonymous = origin
        .http
        .get(
            "/v1/agent/socket",
            &[("sec-websocket-protocol", "firsthop.v1.json")],
        )
        .await;
    assert_eq!(
        (anonymous.status, anonymous.code().as_str()),
        (401, "login_required")
    );
}

#[tokio::test]
async fn the_first_administrator_comes_by_a_link_that_works_once() {
    let origin = TestOrigin::bare(|_| {}).await;
    let link = origin
        .origin()
        .setup_link()
        .expect("nobody is there yet")
        .to_owned();
    let (url, token) = link.split_once("/#/setup/").unwrap();
    assert_eq!(url, format!("http://{}/console", origin.address()));
    let body = |token: &str, password: &str| {
        json!({ "token": token, "email": "eve@example.com", "name": "Eve", "password": password })
            .to_string()
    };
    let wrong = origin
        .http
        .post("/v1/setup", &[CSRF], body("guess", "long enough"))
        .await;
    assert_eq!((wrong.status, wrong.code().as_str()), (404, "not_found"));
    let short = origin
        .http
        .post("/v1/setup", &[CSRF], body(token, "short"))
        .await;
    assert_eq!(
        (short.status, short.code().as_str()),
        (422, "invalid_input")
    );
    // Somebody else's account can't be taken over by it.
    let taken = new_agent("eve@example.com", "Eve", Role::Agent).unwrap();
    let store = &origin.app().store;
    assert!(store.add_agent(&taken, None, host::now()).await.unwrap());
    let refused = origin
        .http
        .post("/v1/setup", &[CSRF], body(token, "long enough"))
        .await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (422, "invalid_input")
    );
    let body = |token: &str, password: &str| body(token, password).replace("eve@", "eva@");
    let made = origin
        .http
        .post("/v1/setup", &[CSRF], body(token, "long enough"))
        .await;
    assert_eq!(made.status, 204);
    let cookie = made
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(
        origin
            .http
            .get("/v1/session", &[("cookie", &cookie)])
            .await
            .json()["agent"]["role"],
        "admin"
    );
    let again = origin
        .http
        .post("/v1/setup", &[CSRF], body(token, "long enough"))
        .await;
    assert_eq!((again.status, again.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn a_server_with_an_administrator_offers_no_link() {
    let mut origin = TestOrigin::start().await;
    origin.restart().await;
    assert_eq!(origin.origin().setup_link(), None);
}

#[tokio::test]
async fn only_administrators_publish_knowledge() {
    let origin = TestOrigin::start().await;
    let bob = origin.colleague().await;
    let path = "/v1/inboxes/demo/knowledge";
    let answer = origin
        .http
        .post(path, &[CSRF, ("cookie", &bob.cookie)], "")
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    assert_eq!(
        origin.http.post(path, &[CSRF], "").await.code(),
        "login_required"
    );
    assert_eq!(
        origin.http.get("/v1/inboxes", &[]).await.code(),
        "login_required"
    );
}
