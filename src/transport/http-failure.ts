/** Owns the errors of requests over HTTP: one for each way in which a request can fail, saying what to do. */
import { BankaiError, RemoteError } from '../errors.js';
import { withoutSecrets } from './url.js';

const unchanged = 'Nothing was changed.';

/** An address without who we are. */
export const shown = (url: URL): string => withoutSecrets(url.href);

export const silent = (url: URL, timeoutMs: number): RemoteError =>
  new RemoteError('REMOTE_UNREACHABLE', `${url.host} has sent nothing for ${timeoutMs / 1000} seconds`, {
    hint: `${unchanged} Try again, or wait longer with --timeout.`,
  });

export const slow = (url: URL, bytesPerSecond: number, seconds: number): RemoteError =>
  new RemoteError(
    'REMOTE_UNREACHABLE',
    `${url.host} has sent less than ${bytesPerSecond} bytes a second for ${seconds} seconds`,
    { hint: `${unchanged} Try again later, or change http.lowSpeedLimit and http.lowSpeedTime.` },
  );

export const endless = (url: URL, byteLimit: number): RemoteError =>
  new RemoteError('REMOTE_FAILED', `${url.host} sends more than the ${byteLimit} bytes that an answer may have`, {
    hint: `${unchanged} Check the address, and tell whoever looks after the remote.`,
  });

export const notFollowed = (from: URL, to: URL | undefined): RemoteError =>
  new RemoteError('REMOTE_FAILED', `${shown(from)} leads to ${to ? shown(to) : 'nowhere'}, which is not followed`, {
    hint: 'Use the address that it has now, if you trust it.',
  });

const reasons: Readonly<Record<string, string | undefined>> = {
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'the connection timed out',
  ENETUNREACH: 'there is no way to it',
  EHOSTUNREACH: 'there is no way to it',
  EPROTO: 'it does not speak TLS there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there',
};

/** What is wrong with the certificate of a host that does not prove who it is. */
const doubts: Readonly<Record<string, string | undefined>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody but itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that is not trusted here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  HOSTNAME_MISMATCH: 'its certificate is for another host',
};

/** What became of a connection, in our words; `through` is the proxy that was asked for it. */
export function unreachable(url: URL, error: Error, signal: AbortSignal | undefined, through?: URL): Error {
  if (signal?.aborted === true) return Object.assign(new Error('Interrupted'), { name: 'AbortError' });
  if (error instanceof BankaiError) return error;
  const { code = '' } = error as NodeJS.ErrnoException;
  const data = { host: url.host, ...(code !== '' && { errno: code }) };
  const doubt = doubts[code];
  if (doubt !== undefined) {
    return new RemoteError('REMOTE_UNTRUSTED', `${url.host} does not prove who it is: ${doubt}`, {
      hint: `${unchanged} If you know who vouches for it, name their certificate with http.sslCAInfo.`,
      data,
      cause: error,
    });
  }
  const way = through ? ` through the proxy ${through.host}` : '';
  return new RemoteError('REMOTE_UNREACHABLE', `Cannot reach ${url.host}${way}: ${reasons[code] ?? error.message}`, {
    hint: `${unchanged} Check the network and the ${through ? 'proxy' : 'address'}, and try again.`,
    data,
    cause: error,
  });
}

export function denied(url: URL, status: number, tried: boolean): RemoteError {
  const fact = tried ? 'did not accept who you say you are' : 'wants to know who you are';
  return new RemoteError('REMOTE_DENIED', `${shown(url)} ${fact} (${status})`, {
    hint: "Put a token with the rights for it into BANKAI_TOKEN, or let git's credential helper know a password.",
    data: { status },
  });
}

/** The error for an answer that is none. */
export function refused(url: URL, status: number, authorized: boolean): RemoteError {
  if (status === 403) return denied(url, status, authorized);
  if (status === 404 || status === 410) {
    return new RemoteError('REMOTE_NOT_FOUND', `There is no repository at ${shown(url)} (${status})`, {
      hint: 'Check the address. Many hosts also say so of a repository that you may not see: set BANKAI_TOKEN.',
      data: { status },
    });
  }
  return new RemoteError('REMOTE_FAILED', `${shown(url)} answered with status ${status}`, {
    hint: `${unchanged} Try again later.`,
    data: { status },
  });
}
