// Free ports, for servers whose address must be known before they start.
import net from "node:net";

/**
 * A port that nothing listens on. The kernel hands these out in turn, so that the next caller
 * does not get the same one at once.
 */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
