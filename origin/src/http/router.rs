//! Every route.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use super::{
    admission, agent_socket, assets, cors, edge_batch, frames, health, knowledge, packs, problem,
    session, socket, stream,
};
use crate::app::App;

/// The whole server.
pub fn router(app: Arc<App>) -> Router {
    // Asked from pages of other sites. They carry a token, never a cookie.
    let visitors = Router::new()
        .route(
            "/v1/visitor/admission",
            post(admission::admit).options(cors::preflight),
        )
        .route("/v1/visitor/socket", get(socket::upgrade))
        .route(
            "/v1/visitor/frames",
            post(frames::exchange).options(cors::preflight),
        )
        .route(
            "/v1/visitor/stream",
            post(stream::open).options(cors::preflight),
        )
        .route("/v1/inboxes/{key}/pack", get(packs::current))
        .route("/v1/packs/{hash}", get(packs::pack))
        .route("/widget.js", get(assets::launcher))
        .route("/w/{file}", get(assets::widget))
        .layer(from_fn(cors::allow));

    let edges = Router::new()
        .route("/v1/edge/batch", post(edge_batch::take))
        .route("/v1/edge/inboxes/{key}", get(edge_batch::inbox));

    // Asked by the console, with its cookie.
    let agents = Router::new()
        .route(
            "/v1/session",
            get(session::show)
                .post(session::log_in)
                .delete(session::log_out),
        )
        .route("/v1/setup", post(session::set_up))
        .route("/v1/agent/socket", get(agent_socket::upgrade))
        .merge(knowledge::routes())
        .route("/", get(assets::to_console))
        .route("/console", get(assets::to_console))
        .route("/console/", get(assets::console_page))
        .route("/console/{*file}", get(assets::console));

    let operators = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics));

    Router::new()
        .merge(visitors)
        .merge(edges)
        .merge(agents)
        .merge(operators)
        .fallback(problem::nothing_here)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(from_fn_with_state(Arc::clone(&app), health::count))
        .with_state(app)
}
