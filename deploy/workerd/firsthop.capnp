# The Firsthop edge on your own machine: workerd, without --experimental.
#
# This file stands beside index.js and index_bg.wasm (`cargo xtask build edge` puts all three
# into target/dist/edge). Start it with the edge's own state and the origin's address:
#
#   FIRSTHOP_EDGE_ID=… FIRSTHOP_EDGE_KEY=… FIRSTHOP_TOKEN_KEY=… FIRSTHOP_PACK_KEY=… FIRSTHOP_ORIGIN_URL=https://… \
#   workerd serve firsthop.capnp \
#     -s http=0.0.0.0:7411 -e origin=127.0.0.1:7410 -d state=/var/lib/firsthop-edge/state \
#     -d pages=/var/lib/firsthop-edge/pages
#
# The first four values are printed by `firsthop edge create`. The directories must exist.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),

    # Where batches go. With a TLS origin, replace `http` by
    # `https = (options = (), tlsOptions = (trustBrowserCas = true))`.
    (name = "origin", external = (address = "127.0.0.1:7410", http = ())),

    # What must survive a restart: messages accepted while the origin was away.
    (name = "state", disk = (path = "/var/lib/firsthop-edge/state", writable = true)),

    # A static site served under the edge's own address. Empty is fine.
    (name = "pages", disk = (path = "/var/lib/firsthop-edge/pages")),
  ],

  sockets = [(name = "http", address = "127.0.0.1:7411", http = (), service = "edge")],
);

const edge :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = "2026-10-01",

  # `uniqueKey` names the objects' files on disk: changing it loses what they hold.
  durableObjectNamespaces = [
    (className = "Visitor", uniqueKey = "firsthop-visitor-v1", enableSql = true),
    (className = "Directory", uniqueKey = "firsthop-directory-v1", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "state"),

  bindings = [
    (name = "VISITOR", durableObjectNamespace = "Visitor"),
    (name = "DIRECTORY", durableObjectNamespace = "Directory"),
    (name = "ORIGIN", service = "origin"),
    (name = "PAGES", service = "pages"),
    (name = "FIRSTHOP_EDGE_ID", fromEnvironment = "FIRSTHOP_EDGE_ID"),
    (name = "FIRSTHOP_EDGE_KEY", fromEnvironment = "FIRSTHOP_EDGE_KEY"),
    (name = "FIRSTHOP_TOKEN_KEY", fromEnvironment = "FIRSTHOP_TOKEN_KEY"),
    (name = "FIRSTHOP_PACK_KEY", fromEnvironment = "FIRSTHOP_PACK_KEY"),
    (name = "FIRSTHOP_ORIGIN_URL", fromEnvironment = "FIRSTHOP_ORIGIN_URL"),

    # May be absent: after how many seconds of silence a visitor's connection is closed.
    (name = "FIRSTHOP_SILENT_SECONDS", fromEnvironment = "FIRSTHOP_SILENT_SECONDS"),
  ],
);
