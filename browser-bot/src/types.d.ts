/** What a site can choose. */
export interface Options {
  /** The address of the edge or origin, such as `https://chat.example.com/`. */
  edge: string;
  /** The inbox's key. */
  inbox: string;
  /** The visitor's language; by default that of the page, else of the browser. */
  lang?: string;
  /** By default as the visitor's system prefers. */
  theme?: "light" | "dark";
  /** The accent colour as `#rrggbb`. */
  color?: string;
  /** The corner; by default `right`. */
  position?: "left" | "right";
  /** The origin's public key: packs signed with another are not taken. */
  key?: string;
  /** The origin's address: where the widget goes while the edge is away; nowhere by default. */
  origin?: string;
  /** What the panel is called. */
  title?: string;
  /** Is told what happens. */
  emit?: <Name extends keyof Events>(name: Name, detail: Events[Name]) => void;
}

/** What happens, by name. */
export interface Events {
  ready: undefined;
  show: undefined;
  hide: undefined;
  /** How many messages are unread. */
  unreadCountChange: number;
  /** The visitor wrote something. */
  messageSent: { id: string; text: string };
  /** An agent or the bot wrote something. */
  messageReceived: { id: string; author: "agent" | "bot"; name: string; text: string };
}

/** A running widget. */
export class Widget {
  private constructor();
  /** Opens the panel, or closes it. */
  toggle(): void;
  /** Opens the panel. */
  show(): void;
  /** Closes the panel. */
  hide(): void;
  /** Opens the panel with a text in the composer. */
  compose(text?: string): void;
  /** Follows changed options; `edge` and `inbox` stay as they are. */
  update(options: Options): void;
  /** Who the visitor is, once the server has said so. */
  visitorId(): string | undefined;
  /** Removes every element, connection and stored byte. */
  shutdown(): Promise<void>;
  /** Frees the memory; call it after `shutdown`. */
  free(): void;
}

/** Starts the widget in an element made for it; for the launcher. Sites call `mount`. */
export function start(options: Options & { host: HTMLElement; root: ShadowRoot; button: HTMLElement }): Widget;

/** The global that the script tag defines. */
export interface Firsthop {
  (verb: "boot", options?: Partial<Options>): void;
  (verb: "update", options: Partial<Options>): void;
  (verb: "shutdown"): Promise<void>;
  (verb: "show" | "showMessages" | "hide"): void;
  (verb: "showNewMessage", text?: string): void;
  (verb: "getVisitorId"): string | null;
  <Name extends keyof Events>(verb: "on", name: Name, listener: (detail: Events[Name]) => void): () => void;
}
