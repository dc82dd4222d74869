//! firsthop-edge
