// A disk of one story's own, small enough to be filled to the last page. It is a tmpfs in a mount
// namespace: nothing else sees it, and it goes with the last process in it, however the story ends.
// Where nothing may be mounted, writes to files are made to fail as on a full disk.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { Process, run } from "./processes.mjs";
import { UNTRACEABLE, interfere } from "./syscalls.mjs";

const MEGABYTE = 1 << 20;
/** File systems give out no less. */
const PAGE = 4096;
const IS_ROOT = process.getuid() === 0;
const APART = IS_ROOT ? ["--mount"] : ["--mount", "--map-root-user"];
const MOUNT = 'mount -t tmpfs -o "size=$2m,mode=700" firsthop "$1"';

const mayMount = await run("unshare", "unshare", [...APART, "sh", "-c", MOUNT, "sh", os.tmpdir(), "1"]).then(
  () => true,
  () => false,
);

/** Why no disk can be filled here; false if one can. */
export const UNFILLABLE = !mayMount && UNTRACEABLE && `nothing may be mounted, and ${UNTRACEABLE}`;

const SUBSTITUTE = UNFILLABLE || "nothing may be mounted here: writes fail with ENOSPC instead";

/** How a disk gets full on this machine; stories say it in their names, so that every report does. */
export const FULL_BY = mayMount ? "a small tmpfs that is filled" : SUBSTITUTE;

/** Whether it is a disk: then programs can be started while it is full. */
export const IS_REAL_DISK = mayMount;

/** A disk in `directory`, with so much room. */
export async function newDisk(directory, megabytes) {
  if (!mayMount) return new FailingWrites(directory);
  const at = path.join(directory, "disk");
  fs.mkdirSync(at);
  const holder = new Process("a disk", "unshare", [...APART, "sh", "-c", `${MOUNT} && echo mounted && exec cat`, "sh", at, String(megabytes)]);
  await holder.prints(/mounted/);
  return new Disk(at, holder);
}

class Disk {
  #holder;
  #ballast;

  constructor(at, holder) {
    this.path = at;
    this.#holder = holder;
    const user = IS_ROOT ? [] : ["--user", "--preserve-credentials"];
    /** What a program is started by so that it sees the disk. */
    this.through = ["nsenter", `--target=${holder.pid}`, "--mount", ...user, "--"];
    // Good for system calls, not for SQLite, which resolves links by itself and would go astray.
    this.outside = `/proc/${holder.pid}/root${at}`;
    this.#ballast = path.join(this.outside, "ballast");
  }

  /** Takes all the room that there is, to the last page. */
  fill() {
    const ballast = fs.openSync(this.#ballast, "a");
    try {
      for (const size of [MEGABYTE, PAGE]) while (wrote(ballast, Buffer.alloc(size)));
    } finally {
      fs.closeSync(ballast);
    }
  }

  /** Gives it back. */
  clear() {
    fs.rmSync(this.#ballast);
  }

  unmount() {
    return this.#holder.kill();
  }
}

function wrote(file, bytes) {
  try {
    return fs.writeSync(file, bytes) > 0;
  } catch (error) {
    if (error.code === "ENOSPC") return false;
    throw error;
  }
}

/** What stands in for a disk where there can't be one. */
class FailingWrites {
  #interference;
  through = [];

  constructor(directory) {
    this.path = this.outside = directory;
  }

  async fill(server) {
    this.#interference ??= await interfere(server.pid, ["pwrite64", "ftruncate"], "error=ENOSPC");
  }

  async clear() {
    await this.#interference?.end();
    this.#interference = undefined;
  }

  unmount() {
    return this.clear();
  }
}
