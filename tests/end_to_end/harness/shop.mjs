// A shop's site: pages with the widget's script tag, from an origin of their own.
import http from "node:http";

export class Shop {
  #server;
  #pages = new Map();

  static async open() {
    const shop = new Shop();
    shop.#server = http.createServer((request, response) => shop.#serve(request, response));
    await new Promise((resolve) => shop.#server.listen(0, "127.0.0.1", resolve));
    return shop;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Adds a page with the widget of `hop` in it; returns its address. */
  page(name, hop, { inbox = "demo", lang = "en", attributes = "", head = "", body = "" } = {}) {
    this.#pages.set(
      `/${name}`,
      `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>${name}</title>` +
        `<meta name="viewport" content="width=device-width,initial-scale=1">${head}</head><body>` +
        `<h1>${name}</h1><p>A page of a shop.</p><button id="own">Own button</button>${body}` +
        `<script src="${hop}/widget.js" data-inbox="${inbox}" ${attributes} async></script></body></html>`,
    );
    return `${this.url}/${name}`;
  }

  #serve(request, response) {
    const page = this.#pages.get(new URL(request.url, this.url).pathname);
    response.writeHead(page ? 200 : 404, { "content-type": "text/html; charset=utf-8", "cache-control": "max-age=600" });
    response.end(page ?? "not here");
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
