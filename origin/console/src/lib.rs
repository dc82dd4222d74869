//! firsthop-console
