/** Owns who we say we are to a server: asked for only when the server wants to know, and told again how that went. */
import type { GitProgram } from './git-program.js';
import { decoded, isLoopback } from './url.js';

/** A user name and a password, or a token in place of one. */
export interface Credential {
  readonly username: string;
  readonly password: string;
  /** As the system's git gave it, to be given back with the verdict. */
  readonly record?: string;
}

/** Where credentials come from. */
export interface Credentials {
  /** Gives what is known for a place, or undefined. `asked` is where a person wanted to go, if it led elsewhere. */
  find(url: URL, asked: URL): Promise<Credential | undefined>;
  /** Tells whether the server took it. */
  judge(credential: Credential, accepted: boolean): Promise<void>;
}

/** A token that was given to this program, and the host it is for: unless one is named, that of the address in use. */
export interface Token {
  readonly value: string;
  readonly host?: string;
}

/**
 * Credentials from, in this order, the token, and git's own credential helpers, askpass programs and prompts, where git is
 * installed, as the configuration of `directory` has them. A token is sent over TLS only, or to this machine, and never to
 * a host that the one it is for redirects to.
 */
export function createCredentials(git: GitProgram, token: Token | undefined, directory?: string): Credentials {
  const at = directory === undefined ? {} : { cwd: directory };
  return {
    async find(url, asked) {
      const fits = token !== undefined && (token.host ?? asked.host) === url.host && isPrivate(url);
      // Any name will do beside a token.
      if (fits) return { username: decoded(url.username) || 'token', password: token.value };
      const question = [
        `protocol=${url.protocol.slice(0, -1)}`,
        `host=${url.host}`,
        `path=${url.pathname.slice(1)}`,
        ...(url.username === '' ? [] : [`username=${decoded(url.username)}`]),
      ];
      const answer = await git
        .run(['credential', 'fill'], { ...at, input: `${question.join('\n')}\n\n` })
        .catch(() => undefined);
      if (answer?.code !== 0) return undefined;
      const field = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(answer.stdout)?.[1];
      const [username, password] = [field('username'), field('password')];
      return username === undefined || password === undefined
        ? undefined
        : { username, password, record: answer.stdout };
    },
    async judge({ record }, accepted) {
      if (record === undefined) return;
      await git
        .run(['credential', accepted ? 'approve' : 'reject'], { ...at, input: `${record}\n` })
        .catch(() => undefined);
    },
  };
}

/** Whether nobody on the way can read what is sent. */
const isPrivate = ({ protocol, hostname }: URL): boolean => protocol === 'https:' || isLoopback(hostname);
