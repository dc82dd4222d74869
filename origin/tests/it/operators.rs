//! What operators ask, and who else may.

use crate::harness::TestOrigin;

const TOKEN: &str = "a token of some length";

#[tokio::test]
async fn metrics_are_for_this_machine_alone_unless_there_is_a_token() {
    let server = TestOrigin::bare(|_| ()).await;
    let answer = server.http.get("/metrics", &[]).await;
    assert_eq!(answer.status, 200);
    let passed_on = server
        .http
        .get("/metrics", &[("x-forwarded-for", "192.0.2.7")])
        .await;
    assert_eq!(
        (passed_on.status, passed_on.code().as_str()),
        (401, "token_missing")
    );
}

#[tokio::test]
async fn a_metrics_token_opens_them_to_its_bearer_only() {
    let server = TestOrigin::bare(|config| config.metrics_token = Some(TOKEN.into())).await;
    for headers in [&[][..], &[("authorization", "Bearer something else")]] {
        let refused = server.http.get("/metrics", headers).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (401, "token_missing")
        );
    }
    let bearer = format!("Bearer {TOKEN}");
    let answer = server
        .http
        .get(
            "/metrics",
            &[("authorization", &bearer), ("x-forwarded-for", "192.0.2.7")],
        )
        .await;
    assert_eq!(answer.status, 200);
}
