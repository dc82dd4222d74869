//! firsthop-browser-bot
