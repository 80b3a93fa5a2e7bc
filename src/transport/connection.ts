/** Owns what a connection to a remote is, whichever way it goes. */
import type { ObjectId } from '../repo/ids.js';
import type { Quarantine } from '../repo/quarantine.js';
import type { Repository } from '../repo/repository.js';
import type { TransportConfiguration } from './configured.js';
import type { Credentials } from './credentials.js';
import type { GitProgram } from './git-program.js';

/** What a connection is told by its user. */
export interface ConnectionOptions {
  readonly git: GitProgram;
  readonly credentials: Credentials;
  /** By default what the repository's own configuration says. */
  readonly configuration?: TransportConfiguration;
  readonly signal?: AbortSignal;
  /** Milliseconds without a byte after which the remote counts as dead. */
  readonly timeoutMs: number;
  /** The most that the remote may send at a time; by default 2 GiB. */
  readonly byteLimit?: number;
  /** Of this program, for the server's log. */
  readonly version: string;
  /** Bytes received or sent so far. */
  readonly onBytes?: (bytes: number) => void;
}

/** A ref of a remote. */
export interface RemoteRef {
  readonly oid: ObjectId;
  /** What an annotated tag names in the end. */
  readonly peeled?: ObjectId;
}

/** What a remote has, by full name. */
export interface Advertisement {
  readonly refs: ReadonlyMap<string, RemoteRef>;
  /** The branch its HEAD is on. */
  readonly head?: string;
}

/** A ref to be changed over there, if it still says `from`. */
export interface RefUpdate {
  readonly ref: string;
  /** Undefined: it is not there. */
  readonly from: ObjectId | undefined;
  /** Undefined: it is to go. */
  readonly to: ObjectId | undefined;
}

/** What became of an update: undefined, or why the remote refused. */
export type UpdateResults = ReadonlyMap<string, string | undefined>;

/** What came of a push, and what the remote had to say about it: somebody else's text. */
export interface PushReport {
  readonly results: UpdateResults;
  readonly said: readonly string[];
}

/** A remote that answers. */
export interface Connection {
  /** Asks what there is to fetch. */
  advertised(): Promise<Advertisement>;
  /** Brings refs of the advertisement with all they reach, as an indexed pack, into the quarantine. → bytes received */
  fetch(repository: Repository, refs: ReadonlyMap<string, RemoteRef>, quarantine: Quarantine): Promise<number>;
  /** Asks what there is to push onto. */
  pushable(): Promise<Advertisement>;
  /** Sends objects and changes refs; `quarantine` is room for what is made on the way. */
  push(
    repository: Repository,
    updates: readonly RefUpdate[],
    there: Advertisement,
    quarantine: Quarantine,
  ): Promise<PushReport>;
}
