//! firsthop
