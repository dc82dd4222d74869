//! firsthop-edge-cloudflare
