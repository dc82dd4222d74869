//! firsthop-simulation
