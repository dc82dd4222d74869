//! firsthop-load
